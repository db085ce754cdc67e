/**
 * The page's end of the engine. Every tab has one bridge; one tab holds the Web Lock and with it the
 * worker that owns the store. Questions go over the BroadcastChannel to whichever worker that is, and
 * are asked again when another tab takes over.
 */
import type { Command, CommandReply, Query, Refusal, Topic } from "../wire";
import { type EngineBridge, type EngineStatus, Refused, type ReplyTo } from "./contract";
import type { Answer, Ask, TabMessage, WorkerMessage } from "./messages";
import { browserTab, type EngineWorker, type Tab } from "./tab";

export type { EngineBridge, EngineStatus } from "./contract";
export { Refused } from "./contract";

/** An engine that falls over this often without a minute between is not started again. */
const CRASHES_ALLOWED = 3;
const CRASH_MEMORY_MS = 60_000;
const RESTART_DELAY_MS = 1_000;
/** A question that killed the engine this often is not asked again. */
const ATTEMPTS_ALLOWED = 2;

/** Commands that end the same whether they are done once or twice. */
const REPEATABLE: ReadonlySet<Command["do"]> = new Set<Command["do"]>([
  "preview", "open_dm", "mark_read", "load_history", "save_draft", "end_invite", "vouch",
  "revoke_device", "rename_device", "recovery_kept", "recovery_later", "back_up", "add_passkey", "remove_way", "reconnect", "sign_out",
]);

const INTERRUPTED: Refusal = {
  code: "UNAVAILABLE",
  message: "The tab that was doing this closed first. Look whether it happened before you try again.",
  retry_after_ms: null,
};

interface Pending {
  ask: Ask;
  attempts: number;
  /** The engine has it: when that engine is gone, nobody knows whether it was done. */
  taken: boolean;
  settle(answer: Answer): void;
}

export function openEngine(): EngineBridge {
  return new Bridge(browserTab());
}

export class Bridge implements EngineBridge {
  readonly #tab: Tab;
  readonly #pending = new Map<string, Pending>();
  readonly #topicListeners = new Set<(topics: Topic[]) => void>();
  readonly #statusListeners = new Set<(status: EngineStatus) => void>();
  #status: EngineStatus = "starting";
  #blockedBy: Refusal | null = null;
  /** Which engine answers now; null until one has said so. */
  #term: string | null = null;
  #worker: EngineWorker | null = null;
  #crashes: number[] = [];
  #hasGivenUp = false;
  #asked = 0;
  /** The topics of everything this tab has asked for. */
  readonly #drawn = new Map<string, Topic>();

  constructor(tab: Tab) {
    this.#tab = tab;
    if (tab.unfit) {
      this.#block(tab.unfit);
      return;
    }
    tab.listen((message) => this.#hear(message));
    tab.onWake(() => tab.say({ kind: "woke" }));
    tab.say({ kind: "who" });
    tab.lead(() => this.#startWorker());
  }

  query<Q extends Query>(query: Q): Promise<ReplyTo<Q>> {
    const topic = topicOf(query);
    this.#drawn.set(JSON.stringify(topic), topic);
    return this.#ask({ id: this.#nextId(), query }) as Promise<ReplyTo<Q>>;
  }

  command(command: Command): Promise<CommandReply> {
    if (command.do === "register" || command.do === "sign_in") this.#tab.keepStorage();
    return this.#ask({ id: this.#nextId(), command }) as Promise<CommandReply>;
  }

  subscribe(listener: (topics: Topic[]) => void): () => void {
    this.#topicListeners.add(listener);
    return () => this.#topicListeners.delete(listener);
  }

  status(): EngineStatus {
    return this.#status;
  }

  onStatus(listener: (status: EngineStatus) => void): () => void {
    this.#statusListeners.add(listener);
    return () => this.#statusListeners.delete(listener);
  }

  blockedBy(): Refusal | null {
    return this.#blockedBy;
  }

  /** Unique in this tab, which is enough: answers name their tab. */
  #nextId(): string {
    this.#asked += 1;
    return String(this.#asked);
  }

  #ask(ask: Ask): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (answer: Answer) =>
        "refusal" in answer ? reject(new Refused(answer.refusal)) : resolve(answer.reply);
      const pending: Pending = { ask, attempts: 0, taken: false, settle };
      this.#pending.set(ask.id, pending);
      if (this.#blockedBy) this.#settle({ id: ask.id, refusal: this.#blockedBy });
      else if (this.#term !== null) this.#put(pending);
    });
  }

  /** Hands a question to the engine of this term. */
  #put(pending: Pending): void {
    pending.attempts += 1;
    pending.taken = false;
    this.#tab.say({ kind: "ask", tab: this.#tab.id, ask: pending.ask });
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    pending?.settle(answer);
  }

  #hear(message: TabMessage): void {
    switch (message.kind) {
      case "leading":
        this.#follow(message.term);
        break;
      case "blocked":
        this.#block(message.refusal);
        break;
      case "changed":
        this.#tell(message.topics);
        break;
      case "taken": {
        const pending = message.tab === this.#tab.id ? this.#pending.get(message.id) : undefined;
        if (pending) pending.taken = true;
        break;
      }
      case "answer":
        if (message.tab === this.#tab.id) this.#settle(message.answer);
        break;
      case "who":
        // A worker answers for itself; for one that is gone for good, its page does.
        if (this.#hasGivenUp && this.#blockedBy) this.#tab.say({ kind: "blocked", refusal: this.#blockedBy });
        break;
      case "ask":
      case "woke":
        break; // for the leader's worker
    }
  }

  #follow(term: string): void {
    if (term === this.#term) return;
    this.#term = term;
    this.#blockedBy = null;
    this.#setStatus(this.#worker ? "leader" : "follower");
    for (const pending of [...this.#pending.values()]) this.#askAgain(pending);
    // What the last engine wrote before it went may never have been announced here.
    if (this.#drawn.size > 0) this.#tell([...this.#drawn.values()]);
  }

  #askAgain(pending: Pending): void {
    const { ask } = pending;
    const isLost = pending.taken && "command" in ask && !REPEATABLE.has(ask.command.do);
    if (isLost || pending.attempts >= ATTEMPTS_ALLOWED) this.#settle({ id: ask.id, refusal: INTERRUPTED });
    else this.#put(pending);
  }

  #tell(topics: Topic[]): void {
    for (const listener of this.#topicListeners) listener(topics);
  }

  #block(refusal: Refusal): void {
    this.#term = null;
    this.#blockedBy = refusal;
    this.#setStatus("blocked");
    for (const id of [...this.#pending.keys()]) this.#settle({ id, refusal });
  }

  #setStatus(status: EngineStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    for (const listener of this.#statusListeners) listener(status);
  }

  #startWorker(): void {
    const worker = this.#tab.startWorker((message) => this.#hearWorker(worker, message));
    this.#worker = worker;
  }

  /** The worker fell over: the store is sound (it commits before it tells), so another one goes on. */
  #hearWorker(worker: EngineWorker, { refusal }: WorkerMessage): void {
    if (worker !== this.#worker) return;
    worker.terminate();
    const now = this.#tab.now();
    this.#crashes = [...this.#crashes.filter((at) => now - at < CRASH_MEMORY_MS), now];
    if (this.#crashes.length < CRASHES_ALLOWED) {
      this.#tab.after(RESTART_DELAY_MS, () => this.#startWorker());
    } else {
      this.#hasGivenUp = true;
      this.#tab.say({ kind: "blocked", refusal });
      this.#block(refusal);
    }
  }
}

/** The topic that says when the answer to a query is old. */
function topicOf(query: Query): Topic {
  switch (query.ask) {
    case "guild":
    case "invites":
      return { topic: query.ask, guild: query.guild };
    case "channel":
    case "timeline":
      return { topic: query.ask, channel: query.channel };
    case "edits":
    case "thread":
    case "threads":
    case "pins":
      return { topic: "timeline", channel: query.channel };
    case "members":
      return { topic: "members", guild: query.guild };
    case "typing":
      return { topic: "typing", channel: query.channel };
    case "mentions":
    case "picture":
    case "places":
      return { topic: "guilds" };
    case "seen":
      return { topic: "channel", channel: query.channel };
    case "locate":
    case "reportable":
      return { topic: "search" };
    case "person":
      return { topic: "person", user: query.user };
    case "status":
      return { topic: "session" };
    case "sent":
      return { topic: "outbox" };
    case "ways":
      return { topic: "recovery" };
    case "notice":
    case "keywords":
      return { topic: "notices" };
    case "people":
      return { topic: "guilds" };
    default:
      return { topic: query.ask };
  }
}
