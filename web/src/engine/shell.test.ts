import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Topic } from "../wire";
import type { Core, Outgoing, Step } from "./core";
import type { Answer } from "./messages";
import { type Audience, type Network, Shell } from "./shell";

const NOW = 1_000;
const NOTHING: Step = { send: [], tell: "[]", answers: [], wakeAt: undefined };

/** Remembers what it was given and answers with the steps it was told. */
class FakeCore implements Core {
  readonly given: unknown[][] = [];
  readonly steps: Step[] = [];
  fault: unknown = null;

  #take(...given: unknown[]): Step {
    this.given.push(given);
    if (this.fault !== null) throw this.fault;
    return this.steps.shift() ?? NOTHING;
  }

  query(query: string): string {
    this.#take("query", query);
    return '{"answer":"guilds","guilds":[]}';
  }
  start = (now: number) => this.#take("start", now);
  command = (id: number, command: string, now: number) => this.#take("command", id, command, now);
  replied = (request: number, status: number, body: Uint8Array, now: number) =>
    this.#take("replied", request, status, [...body], now);
  unanswered = (request: number, now: number) => this.#take("unanswered", request, now);
  socketOpened = (now: number) => this.#take("socketOpened", now);
  socketFrame = (frame: Uint8Array, now: number) => this.#take("socketFrame", [...frame], now);
  socketClosed = (code: number | undefined, now: number) => this.#take("socketClosed", code, now);
  tick = (now: number) => this.#take("tick", now);
}

class FakeSocket {
  readonly OPEN = 1;
  readyState = 0;
  binaryType = "blob";
  readonly sent: Uint8Array[] = [];
  isClosed = false;
  onopen = () => {};
  onmessage: (event: { data: ArrayBuffer }) => void = () => {};
  onclose: (event: { code: number }) => void = () => {};

  open(): void {
    this.readyState = this.OPEN;
    this.onopen();
  }
  send = (bytes: Uint8Array) => void this.sent.push(bytes);
  close = () => {
    this.isClosed = true;
  };
}

function shell(fetch: Network["fetch"] = () => Promise.reject(new TypeError("no network"))) {
  const core = new FakeCore();
  const sockets: FakeSocket[] = [];
  const heard = { order: [] as string[], answers: [] as [string, Answer][], topics: [] as Topic[], crashes: [] as unknown[] };
  const audience: Audience = {
    answer: (tab, answer) => {
      heard.order.push("answer");
      heard.answers.push([tab, answer]);
    },
    changed: (topics) => {
      heard.order.push("topics");
      heard.topics.push(...topics);
    },
    wipe: () => void heard.order.push("wipe"),
    crashed: (error) => void heard.crashes.push(error),
  };
  const openSocket = () => {
    sockets.push(new FakeSocket());
    return sockets.at(-1) as unknown as WebSocket;
  };
  return { core, sockets, heard, shell: new Shell(core, audience, { fetch, openSocket, now: () => NOW }) };
}

const sending = (...send: Outgoing[]): Step => ({ ...NOTHING, send });
const request: Outgoing = {
  kind: "request", id: 7, method: "POST", path: "/api/v1/x", headers: { accept: "application/cbor" }, body: new Uint8Array([1]),
};
const settled = () => vi.advanceTimersByTimeAsync(0);

describe("a shell", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("answers the tab that asked, under the tab's own id", () => {
    const { core, heard, shell: under } = shell();
    under.ask("one", { id: "q", query: { ask: "guilds" } });
    core.steps.push({ ...NOTHING, answers: [{ id: 1, isRefused: false, json: '{"outcome":"done"}' }] });
    under.ask("two", { id: "c", command: { do: "sign_out", anyway: false } });
    expect(heard.answers).toEqual([
      ["one", { id: "q", reply: { answer: "guilds", guilds: [] } }],
      ["two", { id: "c", reply: { outcome: "done" } }],
    ]);
  });

  it("tells what changed before it answers the command that changed it", () => {
    const { core, heard, shell: under } = shell();
    const answers = [{ id: 1, isRefused: false, json: '{"outcome":"done"}' }];
    core.steps.push({ ...NOTHING, tell: '[{"topic":"guilds"}]', answers });
    under.ask("one", { id: "c", command: { do: "create_guild", name: "Garden" } });
    expect([heard.order, heard.topics]).toEqual([["topics", "answer"], [{ topic: "guilds" }]]);
  });

  it("passes refusals on, those of the engine and those of its edge", () => {
    const { core, heard, shell: under } = shell();
    const refusal = { code: "TOO_MANY", message: "many", retry_after_ms: null };
    core.steps.push({ ...NOTHING, answers: [{ id: 1, isRefused: true, json: JSON.stringify(refusal) }] });
    under.ask("one", { id: "a", command: { do: "sign_out", anyway: false } });
    core.fault = refusal;
    under.ask("one", { id: "b", command: { do: "sign_out", anyway: false } });
    under.ask("one", { id: "c", query: { ask: "dms" } });
    expect(heard.answers.map(([, answer]) => answer)).toEqual(["a", "b", "c"].map((id) => ({ id, refusal })));
    expect(heard.crashes).toEqual([]);
  });

  it("brings back the server's reply, or that none came", async () => {
    const fetch = vi.fn<Network["fetch"]>();
    fetch.mockResolvedValueOnce(new Response(new Uint8Array([5, 6]), { status: 201 }));
    fetch.mockRejectedValueOnce(new TypeError("no network"));
    const { core, shell: under } = shell(fetch);
    core.steps.push(sending(request, { ...request, id: 8 }));
    under.start();
    await settled();
    expect(core.given.slice(1)).toEqual([["unanswered", 8, NOW], ["replied", 7, 201, [5, 6], NOW]]);
    expect(fetch.mock.calls[0]![0]).toBe("/api/v1/x");
    expect(fetch.mock.calls[0]![1]).toMatchObject({ method: "POST", headers: request.headers, redirect: "error", cache: "no-store" });
  });

  it("sends frames on an open socket only and reports what the socket says", () => {
    const { core, sockets, shell: under } = shell();
    const frame: Outgoing = { kind: "frame", bytes: new Uint8Array([9]) };
    core.steps.push(sending({ kind: "openSocket" }, frame), sending(frame));
    under.start();
    const socket = sockets[0]!;
    expect([socket.binaryType, socket.sent.length]).toEqual(["arraybuffer", 0]);
    socket.open();
    expect(socket.sent).toEqual([frame.bytes]);
    socket.onmessage({ data: new Uint8Array([4]).buffer });
    socket.onclose({ code: 4001 });
    expect(core.given.slice(1)).toEqual([["socketOpened", NOW], ["socketFrame", [4], NOW], ["socketClosed", 4001, NOW]]);
  });

  it("calls a socket closed as soon as the engine closes it, and only once", async () => {
    const { core, sockets, shell: under } = shell();
    core.steps.push(sending({ kind: "openSocket" }), sending({ kind: "closeSocket" }, { kind: "closeSocket" }));
    under.start();
    under.ask("one", { id: "c", command: { do: "reconnect" } });
    await settled();
    sockets[0]!.onclose({ code: 1006 });
    expect(sockets[0]!.isClosed).toBe(true);
    expect(core.given.filter(([kind]) => kind === "socketClosed")).toEqual([["socketClosed", undefined, NOW]]);
  });

  it("ignores a socket that it replaced", () => {
    const { core, sockets, shell: under } = shell();
    core.steps.push(sending({ kind: "openSocket" }), sending({ kind: "openSocket" }));
    under.start();
    under.ask("one", { id: "c", command: { do: "reconnect" } });
    sockets[0]!.onclose({ code: 1006 });
    expect(sockets.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    expect(core.given.filter(([kind]) => kind === "socketClosed")).toEqual([]);
  });

  it("ticks when the last step wanted it, however far that is", async () => {
    const { core, shell: under } = shell();
    core.steps.push({ ...NOTHING, wakeAt: NOW + 50 }, { ...NOTHING, wakeAt: NOW + 2 ** 40 }, NOTHING);
    under.start();
    await vi.advanceTimersByTimeAsync(49);
    expect(core.given).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(core.given.at(-1)).toEqual(["tick", NOW]);
    await vi.advanceTimersByTimeAsync(2 ** 31 - 2);
    expect(core.given).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(core.given).toHaveLength(3);
  });

  it("looks at the clock and connects when somebody looks again", () => {
    const { core, shell: under } = shell();
    under.wake();
    expect(core.given).toEqual([["tick", NOW], ["command", 1, '{"do":"reconnect"}', NOW]]);
  });

  it("wipes after everything else of the same step was done", () => {
    const { core, heard, shell: under } = shell();
    const answers = [{ id: 1, isRefused: false, json: '{"outcome":"done"}' }];
    core.steps.push({ ...sending({ kind: "wipe" }, { kind: "closeSocket" }), answers });
    under.ask("one", { id: "c", command: { do: "sign_out", anyway: false } });
    expect(heard.order).toEqual(["answer", "wipe"]);
  });

  it("stops for good when the engine breaks", async () => {
    const { core, sockets, heard, shell: under } = shell();
    core.steps.push({ ...sending({ kind: "openSocket" }), wakeAt: NOW + 10 });
    under.start();
    core.fault = new Error("unreachable");
    under.ask("one", { id: "c", command: { do: "sign_out", anyway: false } });
    under.ask("one", { id: "d", query: { ask: "dms" } });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(heard.crashes).toEqual([core.fault]);
    expect([core.given.length, heard.answers.length, sockets[0]!.isClosed]).toEqual([2, 0, true]);
  });
});
