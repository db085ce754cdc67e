/**
 * The engine as the worker drives it: JSON for what people say and see, bytes for what goes over the
 * network. crates/client-wasm/src/engine.rs is the other side. Whatever a method throws is a refusal
 * if it has a `code`; anything else means that the engine is broken.
 */
export interface Core {
  query(query: string): string;
  start(nowMs: number): Step;
  command(id: number, command: string, nowMs: number): Step;
  replied(request: number, status: number, body: Uint8Array, nowMs: number): Step;
  unanswered(request: number, nowMs: number): Step;
  socketOpened(nowMs: number): Step;
  socketFrame(frame: Uint8Array, nowMs: number): Step;
  socketClosed(code: number | undefined, nowMs: number): Step;
  tick(nowMs: number): Step;
}

/** What the engine wants done, in this order. Its store is committed already. */
export interface Step {
  send: Outgoing[];
  /** JSON of the topics whose queries may have other answers now. */
  tell: string;
  answers: Answered[];
  /** When to give it a tick, ms UTC; replaces what an earlier step said. */
  wakeAt: number | undefined;
}

export type Outgoing =
  | HttpRequest
  | { kind: "openSocket" }
  | { kind: "frame"; bytes: Uint8Array<ArrayBuffer> }
  | { kind: "closeSocket" }
  /** The person signed out: destroy the store and its key, then begin anew. */
  | { kind: "wipe" };

export interface HttpRequest {
  kind: "request";
  id: number;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Uint8Array<ArrayBuffer> | undefined;
}

/** To a command: JSON of its reply or of the refusal. */
export interface Answered {
  id: number;
  isRefused: boolean;
  json: string;
}
