/** A search over the made-up talk: enough for screens, the real one is in the engine. */
import type { Fact, Query, SearchNote, SearchResult, SearchView, SeenLine, SnippetPart } from "../wire";
import type { World } from "./world";

const filter = /(from|in|has|before|after|mentions):("[^"]*"|\S*)/gi;

export function search(world: World, query: Extract<Query, { ask: "search" }>): SearchView {
  const filters = [...query.text.matchAll(filter)].map((found) => ({ key: found[1]?.toLowerCase() ?? "", value: (found[2] ?? "").replaceAll('"', "") }));
  const terms = query.text.replaceAll(filter, "").toLowerCase().split(/\s+/).filter(Boolean);
  const notes: SearchNote[] = [];
  const from = filters.filter((one) => one.key === "from").flatMap((one) => {
    const person = [...world.people].find(([, who]) => who.username === one.value);
    if (person === undefined) notes.push({ note: "nobody_called", name: one.value });
    return [person?.[0] ?? ""];
  });
  const all = [...world.messages].flatMap(([channel, list]) => list.map((message) => ({ channel, message })));
  const results: SearchResult[] = [];
  for (const { channel, message } of all.toSorted((a, b) => b.message.at - a.message.at)) {
    const view = world.channels.get(channel);
    if (message.content.content !== "text" || view === undefined) continue;
    const body = message.content.body;
    const fits = (query.channel === null || query.channel === channel) && (from.length === 0 || from.includes(message.author)) && terms.every((term) => body.toLowerCase().includes(term));
    if (!fits) continue;
    results.push({
      channel,
      channel_name: view.name,
      guild: view.guild,
      guild_name: world.guilds.find((guild) => guild.id === view.guild)?.name ?? null,
      message: message.id,
      seq: message.seq,
      at: message.at,
      author: message.author,
      author_name: message.author_name,
      snippet: parts(body.replaceAll(/\s+/g, " ").slice(0, 220), terms),
      cut_before: false,
      cut_after: body.length > 220,
    });
  }
  const empty = terms.length === 0 && filters.length === 0;
  return {
    results: empty ? [] : results.slice(0, query.limit),
    next: results.length > query.limit && !empty ? String(query.limit) : null,
    total: empty ? 0 : Math.min(results.length, 1000),
    more: false,
    notes,
    empty,
    index: world.indexing ? { done: 4_200, all: 12_000 } : { done: 0, all: 0 },
    older: { channels: [...world.remote.values()].filter((list) => list.length > 0).length, bringing: world.bringing, brought: world.bringing ? 1_300 : 0, failed: null },
  };
}

function parts(text: string, terms: string[]): SnippetPart[] {
  if (terms.length === 0) return [{ text, hit: false }];
  const found = new RegExp(`(${terms.map((term) => term.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join("|")})`, "i");
  return text.split(new RegExp(found, "gi")).filter((part) => part !== "").map((part) => ({ text: part, hit: found.test(part) && terms.includes(part.toLowerCase()) }));
}

const said: ReadonlyArray<[Fact, boolean, number | null, string[]]> = [
  ["sender", true, null, ["Send.txn"]],
  ["time", true, 14, ["Send.txn"]],
  ["size", true, null, ["SealedContent.direct.ct", "SealedContent.group.ct", "Send.content"]],
  ["kind", true, null, ["Send.class", "Send.target", "Send.thread"]],
  ["notified", true, null, ["Notify.everyone", "Notify.users", "Send.notify"]],
  ["readers", true, 7, ["Send.epoch", "Send.roster_hash", "Share.epoch", "Share.roster_hash"]],
  ["reading", true, null, ["MarkRead.seq"]],
  ["connection", true, null, []],
  ["reported", true, null, ["Report.messages"]],
  ["text", false, null, ["SealedContent.direct.ct", "SealedContent.group.ct", "Send.content"]],
  ["keys", false, null, ["Envelope.ct", "Send.wraps", "Share.envelopes", "Wrap.envelope"]],
  ["search", false, null, []],
  ["link_seeds", false, null, []],
];

export const seenLines: SeenLine[] = said.map(([fact, seen, count, fields]) => ({ fact, seen, count, fields }));
