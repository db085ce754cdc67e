/**
 * What was last drawn from each query, and who draws it.
 *
 * A topic from the engine makes the queries it names old; those that are on screen are asked
 * again, one request at a time each, the others are forgotten. An answer that says the same as
 * before keeps its identity, so nothing is drawn twice.
 */
import type { EngineBridge } from "../engine/contract";
import type { Query, QueryReply, Refusal, Topic } from "../wire";
import { asRefusal } from "./refusal";
import { sharing } from "./sharing";

export type Answer<Q extends Query> = Extract<QueryReply, { answer: Q["ask"] }>;

export interface Snapshot {
  readonly reply: QueryReply | undefined;
  readonly refusal: Refusal | undefined;
}

interface Entry {
  query: Query;
  snapshot: Snapshot;
  listeners: Set<() => void>;
  asking: boolean;
  old: boolean;
}

const nothing: Snapshot = { reply: undefined, refusal: undefined };

/** Whether an answer to this query may have changed with this topic. */
export function concerns(topic: Topic, query: Query): boolean {
  switch (topic.topic) {
    case "session":
      return query.ask === "session" || query.ask === "status" || query.ask === "presences";
    case "guild":
      return query.ask === "guild" && query.guild === topic.guild;
    case "invites":
      return query.ask === "invites" && query.guild === topic.guild;
    case "channel":
      return (query.ask === "channel" || query.ask === "seen") && query.channel === topic.channel;
    case "timeline":
      return (query.ask === "timeline" || query.ask === "edits" || query.ask === "pins") && query.channel === topic.channel;
    case "typing":
      return query.ask === "typing" && query.channel === topic.channel;
    case "guilds":
      return query.ask === "guilds" || query.ask === "mentions" || query.ask === "places";
    case "dms":
      return query.ask === "dms" || query.ask === "mentions";
    case "search":
      return query.ask === "search" || query.ask === "locate" || query.ask === "reportable";
    case "recovery":
      return query.ask === "recovery" || query.ask === "ways";
    case "notices":
      return query.ask === "notice" || query.ask === "keywords";
    case "outbox":
      return query.ask === "outbox" || query.ask === "sent";
    default:
      return query.ask === topic.topic;
  }
}

export class ViewCache {
  readonly #bridge: EngineBridge;
  readonly #entries = new Map<string, Entry>();

  constructor(bridge: EngineBridge) {
    this.#bridge = bridge;
    bridge.subscribe((topics) => this.#touch((query) => topics.some((topic) => concerns(topic, query))));
  }

  read(key: string): Snapshot {
    return this.#entries.get(key)?.snapshot ?? nothing;
  }

  watch(key: string, query: Query, listener: () => void): () => void {
    const entry = this.#entries.get(key) ?? this.#open(key, query);
    entry.listeners.add(listener);
    if (entry.old) void this.#ask(entry);
    return () => {
      entry.listeners.delete(listener);
    };
  }

  #open(key: string, query: Query): Entry {
    const entry: Entry = { query, snapshot: nothing, listeners: new Set(), asking: false, old: true };
    this.#entries.set(key, entry);
    return entry;
  }

  #touch(hit: (query: Query) => boolean): void {
    for (const [key, entry] of this.#entries) {
      if (!hit(entry.query)) continue;
      entry.old = true;
      if (entry.listeners.size > 0) void this.#ask(entry);
      else if (!entry.asking) this.#entries.delete(key);
    }
  }

  async #ask(entry: Entry): Promise<void> {
    if (entry.asking) return;
    entry.asking = true;
    while (entry.old) {
      entry.old = false;
      const before = entry.snapshot;
      try {
        // oxlint-disable-next-line no-await-in-loop -- one request at a time is the point
        const reply = await this.#bridge.query(entry.query);
        const shared = sharing(before.reply, reply);
        if (shared !== before.reply || before.refusal !== undefined) entry.snapshot = { reply: shared, refusal: undefined };
      } catch (error) {
        entry.snapshot = { reply: before.reply, refusal: asRefusal(error) };
      }
      if (entry.snapshot !== before) for (const listener of [...entry.listeners]) listener();
    }
    entry.asking = false;
  }
}
