/**
 * The engine as the worker drives it: JSON for what people say and see, bytes for what goes over the
 * network. crates/client-wasm implements it; nothing but a clock reading goes in beside the event.
 */

/** What the engine wants done, in this order: send, then tell. Its store is committed already. */
export interface Step {
  send: Outgoing[];
  tell: Told[];
  /** When the engine wants to be woken, in ms UTC. */
  wakeAt: number | undefined;
}

export type Outgoing =
  | { kind: "request"; call: number; method: string; path: string; headers: [string, string][]; body?: Uint8Array<ArrayBuffer> }
  | { kind: "connect"; path: string }
  | { kind: "frame"; bytes: Uint8Array<ArrayBuffer> }
  | { kind: "disconnect" };

export type Told =
  | { kind: "reply"; command: string; json: string }
  | { kind: "refusal"; command: string; json: string }
  | { kind: "topic"; json: string }
  /** This device is signed out: its store and its key have to go. */
  | { kind: "ended" };

export interface Core {
  query(json: string): string;
  command(id: string, json: string, now: number): Step;
  replied(call: number, status: number, body: Uint8Array, now: number): Step;
  failed(call: number, now: number): Step;
  opened(now: number): Step;
  received(bytes: Uint8Array, now: number): Step;
  closed(code: number, now: number): Step;
  woke(now: number): Step;
}
