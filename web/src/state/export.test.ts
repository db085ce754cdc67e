import { expect, test } from "vitest";
import type { CommandReply, MessageView, Query } from "../wire";
import { asHtml, asJson, collect } from "./export";

const words = { title: (place: string) => place, gone: "gone", answer: (author: string) => `to ${author}` };

function message(seq: number, body: string): MessageView {
  return { id: `m${seq}`, seq, at: seq * 1000, author: "a", author_name: "<Ada>", device: "d", mine: false, content: { content: "text", body }, mentions: [], edited_at: null, reply: null, forwarded_from: null, handed_by: null, reactions: [], changing: false, can_edit: false, can_delete: false, can_react: false, pinned: false, can_pin: false, from_blocked: false, calls_me: false, expires_at: null, links_held_until: null, thread: null, in_thread: null, can_thread: false };
}

test("what people wrote can't break out of the page", () => {
  const page = asHtml("<b>", [message(1, '<script>alert("x")</script>')], words);
  expect(page).not.toContain("<script>");
  expect(page).toContain("&lt;script&gt;");
  expect(page).toContain("&lt;Ada&gt;");
});

test("the file holds every message once, oldest first, with what is on the server brought first", async () => {
  const remote = [message(1, "one"), message(2, "two")];
  const here = Array.from({ length: 1_203 }, (_, index) => message(index + 3, `n${index}`));
  const ask = async (query: Query) => {
    if (query.ask !== "timeline") throw new Error("another question");
    const older = here.filter((one) => query.before === null || one.seq < query.before);
    return { messages: older.slice(-query.limit), older_in_store: older.length > query.limit, older_on_server: remote.length > 0 };
  };
  const give = async (): Promise<CommandReply> => {
    const loaded = remote.length;
    here.unshift(...remote.splice(0));
    return { outcome: "history", loaded, reached_start: true };
  };
  const all = await collect("c", ask, give, () => undefined, () => false);
  expect(all.map((one) => one.seq)).toEqual(Array.from({ length: 1_205 }, (_, index) => index + 1));
  const parsed = JSON.parse(asJson("x", all)) as { messages: Array<{ body: string }> };
  expect(parsed.messages[0]?.body).toBe("one");
});
