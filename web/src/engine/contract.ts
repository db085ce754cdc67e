/**
 * What the page may do with the engine. Whether the engine runs in this tab's worker or in
 * another tab's makes no difference to the caller.
 */
import type { Command, CommandReply, ErrorCode, Query, QueryReply, Refusal, Topic } from "../wire";

/** The answer that belongs to a query. */
export type ReplyTo<Q extends Query> = Extract<QueryReply, { answer: Q["ask"] }>;

export interface EngineBridge {
  /** Answered from the store, with or without a network. Waits while the engine is starting. */
  query<Q extends Query>(query: Q): Promise<ReplyTo<Q>>;
  /** Resolves when the command took effect; rejects with {@link Refused} when it did not. */
  command(command: Command): Promise<CommandReply>;
  /** Calls the listener when what these topics name may have changed: ask again. */
  subscribe(listener: (topics: Topic[]) => void): () => void;
  status(): EngineStatus;
  onStatus(listener: (status: EngineStatus) => void): () => void;
  /** Why the status is `blocked`. */
  blockedBy(): Refusal | null;
}

export type EngineStatus =
  /** No engine answers yet. */
  | "starting"
  /** The engine runs in this tab's worker. */
  | "leader"
  /** Another tab's worker answers. */
  | "follower"
  /** The engine cannot run in this browser now; `blockedBy` says why. */
  | "blocked";

/** The engine said no, and nothing was done. */
export class Refused extends Error implements Refusal {
  readonly code: ErrorCode;
  readonly retry_after_ms: number | null;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.name = "Refused";
    this.code = refusal.code;
    this.retry_after_ms = refusal.retry_after_ms;
  }
}
