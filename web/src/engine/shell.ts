/**
 * Carries out what the engine decides: requests, the socket, the timer, and what to tell the tabs.
 * The engine has committed before it hands out a step, so a step may be cut off anywhere.
 */
import type { CommandReply, Query, QueryReply, Refusal, Topic } from "../wire";
import type { Core, Outgoing, Step, Told } from "./core";
import type { Answer, Ask } from "./messages";

const REQUEST_TIMEOUT_MS = 30_000;
/** Timers take 31 bits of milliseconds; what is further away is looked at again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Who hears what the engine has to say. */
export interface Audience {
  answer(tab: string, answer: Answer): void;
  changed(topics: Topic[]): void;
  /** The device is signed out: store and key have to go. */
  ended(): void;
  /** The engine is in no state to go on. */
  crashed(error: unknown): void;
}

/** The parts of the browser that a shell uses. Tests put their own in their place. */
export interface Network {
  fetch(path: string, init: RequestInit): Promise<Response>;
  connect(path: string): WebSocket;
  now(): number;
}

export class Shell {
  readonly #core: Core;
  readonly #audience: Audience;
  readonly #network: Network;
  /** Which tab waits for which command. */
  readonly #waiting = new Map<string, string>();
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(core: Core, audience: Audience, network: Network) {
    this.#core = core;
    this.#audience = audience;
    this.#network = network;
  }

  ask(tab: string, ask: Ask): void {
    if ("query" in ask) this.#query(tab, ask.id, ask.query);
    else {
      this.#waiting.set(ask.id, tab);
      this.#step(() => this.#core.command(ask.id, JSON.stringify(ask.command), this.#network.now()));
    }
  }

  /** Lets the engine look at the clock, after sleep or because its time has come. */
  wake(): void {
    this.#step(() => this.#core.woke(this.#network.now()));
  }

  /** Tries the connection now: the network is back, or a person looks again. */
  reconnect(): void {
    this.wake();
    this.#step(() => this.#core.command(crypto.randomUUID(), '{"do":"reconnect"}', this.#network.now()));
  }

  /** Stops carrying out anything: the engine is about to go. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#disconnect();
  }

  #query(tab: string, id: string, query: Query): void {
    if (this.#isOver) return;
    let reply: QueryReply;
    try {
      reply = JSON.parse(this.#core.query(JSON.stringify(query))) as QueryReply;
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#audience.answer(tab, { id, reply });
  }

  #step(take: () => Step): void {
    if (this.#isOver) return;
    let step: Step;
    try {
      step = take();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#sleepUntil(step.wakeAt);
    for (const outgoing of step.send) this.#send(outgoing);
    this.#tell(step.tell);
  }

  #fail(error: unknown): void {
    this.end();
    this.#audience.crashed(error);
  }

  #sleepUntil(wakeAt: number | undefined): void {
    clearTimeout(this.#timer);
    if (wakeAt === undefined) return;
    const delayMs = Math.min(Math.max(wakeAt - this.#network.now(), 0), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => this.wake(), delayMs);
  }

  #send(outgoing: Outgoing): void {
    switch (outgoing.kind) {
      case "request":
        void this.#request(outgoing);
        break;
      case "connect":
        this.#connect(outgoing.path);
        break;
      case "frame":
        if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(outgoing.bytes);
        break;
      case "disconnect":
        this.#disconnect();
        break;
    }
  }

  async #request({ call, method, path, headers, body }: Extract<Outgoing, { kind: "request" }>): Promise<void> {
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
      // No answer is an answer of its own; whether it arrived is the engine's to find out.
      this.#step(() => this.#core.failed(call, this.#network.now()));
      return;
    }
    this.#step(() => this.#core.replied(call, status, reply, this.#network.now()));
  }

  #connect(path: string): void {
    this.#disconnect();
    const socket = this.#network.connect(path);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    // A socket that was replaced has nothing more to say.
    const whileCurrent = (act: () => Step) => {
      if (this.#socket === socket) this.#step(act);
    };
    socket.onopen = () => whileCurrent(() => this.#core.opened(this.#network.now()));
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) =>
      whileCurrent(() => this.#core.received(new Uint8Array(data), this.#network.now()));
    socket.onclose = ({ code }) =>
      whileCurrent(() => {
        this.#socket = null;
        return this.#core.closed(code, this.#network.now());
      });
  }

  #disconnect(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #tell(told: Told[]): void {
    const topics: Topic[] = [];
    let isEnded = false;
    for (const item of told) {
      if (item.kind === "topic") topics.push(JSON.parse(item.json) as Topic);
      else if (item.kind === "ended") isEnded = true;
      else this.#answer(item);
    }
    if (topics.length > 0) this.#audience.changed(topics);
    if (isEnded) this.#audience.ended();
  }

  #answer({ kind, command, json }: Extract<Told, { command: string }>): void {
    const tab = this.#waiting.get(command);
    this.#waiting.delete(command);
    if (tab === undefined) return;
    const answer: Answer =
      kind === "reply"
        ? { id: command, reply: JSON.parse(json) as CommandReply }
        : { id: command, refusal: JSON.parse(json) as Refusal };
    this.#audience.answer(tab, answer);
  }
}
