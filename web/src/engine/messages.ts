/**
 * What tabs and the leader's worker say to each other over one BroadcastChannel. The leader's own
 * page talks to its worker the same way, so there is one path to test.
 */
import type { Command, CommandReply, Query, QueryReply, Refusal, Topic } from "../wire";

export const CHANNEL = "cloister-engine";
export const LOCK = "cloister-engine";

export type TabMessage =
  /** A tab: is there a leader? */
  | { kind: "who" }
  /** The leader: I answer. A new `term` is another engine, which knows nothing of what was asked before. */
  | { kind: "leading"; term: string }
  /** The leader: I can't answer, and this is why. */
  | { kind: "blocked"; refusal: Refusal }
  | { kind: "ask"; tab: string; ask: Ask }
  /** The leader: it is with the engine now, so asking again could do it twice. */
  | { kind: "taken"; tab: string; id: string }
  | { kind: "answer"; tab: string; answer: Answer }
  /** The leader: what these name may have changed. */
  | { kind: "changed"; topics: Topic[] }
  /** A tab: a person looks again, or the machine woke up; look at the clock and the connection. */
  | { kind: "woke" };

export type Ask = { id: string; query: Query } | { id: string; command: Command };

export type Answer =
  | { id: string; reply: QueryReply | CommandReply }
  | { id: string; refusal: Refusal };

/** What the worker says to the page that started it, and to no one else. */
export type WorkerMessage =
  /** The engine is lost; the store is not. Start another worker. */
  | { kind: "crashed"; refusal: Refusal };
