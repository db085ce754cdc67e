/**
 * Carries out what the engine decides: requests, the socket, the timer, and what to tell the tabs.
 * The engine has committed before it hands out a step, so a step may be cut off anywhere.
 */
import type { Command, CommandReply, Query, QueryReply, Refusal, Topic } from "../wire";
import type { Answered, Core, HttpRequest, Outgoing, Step } from "./core";
import type { Answer, Ask } from "./messages";

const REQUEST_TIMEOUT_MS = 30_000;
/** Timers take 31 bits of milliseconds; what is further away is looked at again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Who hears what the engine has to say. */
export interface Audience {
  answer(tab: string, answer: Answer): void;
  changed(topics: Topic[]): void;
  /** The person signed out: store and key have to go. */
  wipe(): void;
  /** The engine is in no state to go on. */
  crashed(error: unknown): void;
}

/** The parts of the browser that a shell uses. Tests put their own in their place. */
export interface Network {
  fetch(path: string, init: RequestInit): Promise<Response>;
  openSocket(): WebSocket;
  now(): number;
}

export class Shell {
  readonly #core: Core;
  readonly #audience: Audience;
  readonly #network: Network;
  /** Which tab waits for which command, and what that tab calls it. */
  readonly #waiting = new Map<number, { tab: string; id: string }>();
  #commands = 0;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(core: Core, audience: Audience, network: Network) {
    this.#core = core;
    this.#audience = audience;
    this.#network = network;
  }

  start(): void {
    this.#step((now) => this.#core.start(now));
  }

  ask(tab: string, ask: Ask): void {
    if ("query" in ask) this.#query(tab, ask.id, ask.query);
    else this.#command(ask.command, { tab, id: ask.id });
  }

  /** The network is back, or a person looks again after the machine may have slept. */
  wake(): void {
    this.#step((now) => this.#core.tick(now));
    this.#command({ do: "reconnect" }, null);
  }

  /** Stops carrying out anything: the engine is about to go. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#closeSocket();
  }

  #query(tab: string, id: string, query: Query): void {
    if (this.#isOver) return;
    try {
      const reply = JSON.parse(this.#core.query(JSON.stringify(query))) as QueryReply;
      this.#audience.answer(tab, { id, reply });
    } catch (error) {
      if (isRefusal(error)) this.#audience.answer(tab, { id, refusal: error });
      else this.#crash(error);
    }
  }

  #command(command: Command, asker: { tab: string; id: string } | null): void {
    this.#commands += 1;
    const id = this.#commands;
    if (asker) this.#waiting.set(id, asker);
    this.#step(
      (now) => this.#core.command(id, JSON.stringify(command), now),
      (refusal) => this.#answer({ id, isRefused: true, json: JSON.stringify(refusal) }),
    );
  }

  #step(take: (nowMs: number) => Step, refused?: (refusal: Refusal) => void): void {
    if (this.#isOver) return;
    let step: Step;
    try {
      step = take(this.#network.now());
    } catch (error) {
      if (refused && isRefusal(error)) refused(error);
      else this.#crash(error);
      return;
    }
    this.#sleepUntil(step.wakeAt);
    for (const outgoing of step.send) this.#send(outgoing);
    const topics = JSON.parse(step.tell) as Topic[];
    if (topics.length > 0) this.#audience.changed(topics);
    for (const answered of step.answers) this.#answer(answered);
    if (step.send.some(({ kind }) => kind === "wipe")) this.#audience.wipe();
  }

  #crash(error: unknown): void {
    this.end();
    this.#audience.crashed(error);
  }

  #sleepUntil(wakeAt: number | undefined): void {
    clearTimeout(this.#timer);
    if (wakeAt === undefined) return;
    const delayMs = Math.min(Math.max(wakeAt - this.#network.now(), 0), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => this.#step((now) => this.#core.tick(now)), delayMs);
  }

  #send(outgoing: Outgoing): void {
    switch (outgoing.kind) {
      case "request":
        void this.#request(outgoing);
        break;
      case "openSocket":
        this.#openSocket();
        break;
      case "frame":
        if (this.#socket?.readyState === this.#socket?.OPEN) this.#socket?.send(outgoing.bytes);
        break;
      case "closeSocket":
        // On a dead network the browser takes minutes to say so; for the engine it is closed now.
        if (this.#closeSocket()) queueMicrotask(() => this.#reportClosed());
        break;
      case "wipe":
        break; // after everything else of its step
    }
  }

  async #request({ id, method, path, headers, body }: HttpRequest): Promise<void> {
    let status: number;
    let reply: Uint8Array;
    try {
      const response = await this.#network.fetch(path, {
        method,
        headers,
        body: body ?? null,
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      status = response.status;
      reply = new Uint8Array(await response.arrayBuffer());
    } catch {
      // Whether the request arrived is not known here; the engine finds out.
      this.#step((now) => this.#core.unanswered(id, now));
      return;
    }
    this.#step((now) => this.#core.replied(id, status, reply, now));
  }

  #openSocket(): void {
    this.#closeSocket();
    const socket = this.#network.openSocket();
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    // A socket that was replaced or closed from here has nothing more to say.
    const whileCurrent = (take: (nowMs: number) => Step) => {
      if (this.#socket === socket) this.#step(take);
    };
    socket.onopen = () => whileCurrent((now) => this.#core.socketOpened(now));
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) =>
      whileCurrent((now) => this.#core.socketFrame(new Uint8Array(data), now));
    socket.onclose = ({ code }) =>
      whileCurrent((now) => {
        this.#socket = null;
        return this.#core.socketClosed(code, now);
      });
  }

  #reportClosed(): void {
    if (this.#socket === null) this.#step((now) => this.#core.socketClosed(undefined, now));
  }

  /** Returns whether there was one. */
  #closeSocket(): boolean {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    return socket !== null;
  }

  #answer({ id, isRefused, json }: Answered): void {
    const asker = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (!asker) return;
    const answer: Answer = isRefused
      ? { id: asker.id, refusal: JSON.parse(json) as Refusal }
      : { id: asker.id, reply: JSON.parse(json) as CommandReply };
    this.#audience.answer(asker.tab, answer);
  }
}

export function isRefusal(error: unknown): error is Refusal {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string";
}
