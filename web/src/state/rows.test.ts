import { describe, expect, test } from "vitest";
import type { MessageView, OutboxView, TimelineView } from "../wire";
import { newestSeq, rowsOf } from "./rows";
import { joined } from "./timeline";

const noon = new Date(2026, 4, 4, 12, 0, 0).getTime();
const minute = 60_000;

function message(seq: number, author = "ada", after_min = seq, content: MessageView["content"] = { content: "text", body: `m${seq}` }): MessageView {
  return { id: `id${seq}`, seq, at: noon + after_min * minute, author, author_name: author, device: "d", mine: author === "me", content, mentions: [], edited_at: null, reply: null, forwarded_from: null, handed_by: null, reactions: [], changing: false, can_edit: false, can_delete: false, can_react: true, pinned: false, can_pin: false, from_blocked: false, calls_me: false, expires_at: null, links_held_until: null, thread: null, in_thread: null, can_thread: false };
}

function view(messages: MessageView[], more: Partial<TimelineView> = {}): TimelineView {
  return { channel: "c", messages, pending: [], older_in_store: false, older_on_server: false, since_joined: false, read_seq: 0, last_seq: messages.at(-1)?.seq ?? 0, known_seq: messages.at(-1)?.seq ?? 0, pins: [], ...more };
}

const shape = (timeline: TimelineView, unreadAfter: number | null = null) =>
  rowsOf(timeline, "me", unreadAfter).map((row) => (row.row === "message" || row.row === "pending" ? `${row.key}${row.first ? " first" : ""}` : row.row));

describe("grouping", () => {
  test("messages of one author within seven minutes are one group", () => {
    expect(shape(view([message(1, "ada", 0), message(2, "ada", 6.9), message(3, "ada", 14)]))).toEqual(["start", "day", "id1 first", "id2", "id3 first"]);
  });

  test("another author opens a group", () => {
    expect(shape(view([message(1, "ada", 0), message(2, "bob", 1), message(3, "ada", 2)]))).toEqual(["start", "day", "id1 first", "id2 first", "id3 first"]);
  });

  test("an answer opens a group, so that its author stands below what it quotes", () => {
    const reply = { message: "id1", seq: 1, author: "bob", author_name: "bob", preview: "m1", gone: false };
    expect(shape(view([message(1, "ada", 0), { ...message(2, "ada", 1), reply }]))).toEqual(["start", "day", "id1 first", "id2 first"]);
  });

  test("a new day has its line and opens a group even within a minute", () => {
    const midnight = new Date(2026, 4, 5, 0, 0, 0).getTime();
    const late = { ...message(1), at: midnight - 20_000 };
    const early = { ...message(2), at: midnight + 20_000 };
    expect(shape(view([late, early]))).toEqual(["start", "day", "id1 first", "day", "id2 first"]);
  });
});

describe("the unread line", () => {
  test("stands once, before the first unread message, and breaks its group", () => {
    expect(shape(view([message(1, "ada", 0), message(2, "ada", 1), message(3, "ada", 2)]), 1)).toEqual(["start", "day", "id1 first", "unread", "id2 first", "id3"]);
  });

  test("is not drawn before one's own message", () => {
    expect(shape(view([message(1, "ada", 0), message(2, "me", 1)]), 1)).not.toContain("unread");
  });

  test("is not drawn when nothing was unread", () => {
    expect(shape(view([message(1)]), null)).not.toContain("unread");
  });
});

describe("what is not sent yet", () => {
  const entry = (id: string, at: number): OutboxView => ({ entry: id, channel: "c", kind: "message", target: null, reply: null, mentions: [], body: "x", at, delivery: { state: "sending" } });

  test("follows the messages and continues one's own group", () => {
    expect(shape(view([message(1, "me", 0)], { pending: [entry("e1", noon + minute)] }))).toEqual(["start", "day", "id1 first", "e1"]);
  });

  test("is not drawn twice while it becomes a message with the same id", () => {
    expect(shape(view([message(1, "me", 0)], { pending: [entry("id1", noon)] }))).toEqual(["start", "day", "id1 first"]);
  });
});

describe("the beginning", () => {
  test("says that there is more while there is more", () => {
    expect(rowsOf(view([message(1)], { older_on_server: true }), "me", null)[0]).toMatchObject({ reason: "more" });
  });

  test("says when the person joined later", () => {
    expect(rowsOf(view([message(5)], { since_joined: true }), "me", null)[0]).toMatchObject({ reason: "joined" });
  });

  test("messages from before one joined are one counted line", () => {
    const before = { content: "before_you_joined" } as const;
    const rows = rowsOf(view([message(1, "ada", 1, before), message(2, "bob", 2, before), message(3, "ada", 3)]), "me", null);
    expect(rows.map((row) => row.row)).toEqual(["start", "before", "day", "message"]);
    expect(rows[1]).toMatchObject({ count: 2 });
  });
});

describe("what was pinned", () => {
  const line = (after_min: number) => ({ message: `p${after_min}`, at: noon + after_min * minute, by_name: "Ada" });

  test("stands at its time, and begins a group anew", () => {
    const rows = rowsOf(view([message(1, "ada", 0), message(2, "ada", 2)], { pins: [line(1), line(3)] }), "me", null);
    expect(rows.map((row) => row.row)).toEqual(["start", "day", "message", "pin", "message", "pin"]);
    expect(rows[4]).toMatchObject({ first: true });
  });

  test("stands further up if it is older than what is on screen", () => {
    const rows = rowsOf(view([message(1, "ada", 5)], { pins: [line(1)] }), "me", null);
    expect(rows.some((row) => row.row === "pin")).toBe(false);
  });
});

describe("a window that slides", () => {
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
  const seqs = (timeline: TimelineView) => timeline.messages.map((one) => one.seq);

  test("keeps what it left behind", () => {
    expect(seqs(joined(range(1, 5), view(range(3, 7))))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("keeps it when the two only touch", () => {
    expect(seqs(joined(range(1, 3), view(range(4, 6))))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("drops it when something is missing in between", () => {
    expect(seqs(joined(range(1, 3), view(range(9, 10))))).toEqual([9, 10]);
  });

  test("has no newest message when it is empty", () => {
    expect(newestSeq(view([]))).toBe(0);
  });
});
