import { describe, expect, it } from "vitest";
import type { Command, Refusal, Topic } from "../wire";
import { Bridge } from "./bridge";
import type { Ask, TabMessage, WorkerMessage } from "./messages";
import type { Tab } from "./tab";

/** Tabs of one browser: a message reaches everybody but its sender, at once and in order. */
class Browser {
  readonly said: TabMessage[] = [];
  readonly #ears = new Map<unknown, (message: TabMessage) => void>();

  say(from: unknown, message: TabMessage): void {
    this.said.push(message);
    for (const [ear, hear] of [...this.#ears]) if (ear !== from) hear(message);
  }

  listen(ear: unknown, hear: (message: TabMessage) => void): void {
    this.#ears.set(ear, hear);
  }

  close(ear: unknown): void {
    this.#ears.delete(ear);
  }

  asks(): Ask[] {
    return this.said.flatMap((message) => (message.kind === "ask" ? [message.ask] : []));
  }
}

class FakeTab implements Tab {
  elected = () => {};
  woke = () => {};
  hearWorker: (message: WorkerMessage) => void = () => {};
  workers = 0;
  terminated = 0;
  kept = 0;
  clock = 0;
  readonly delayed: Array<() => void> = [];

  constructor(
    readonly id: string,
    readonly browser: Browser,
    readonly unfit: Refusal | null = null,
  ) {}

  say = (message: TabMessage) => this.browser.say(this, message);
  listen = (hear: (message: TabMessage) => void) => this.browser.listen(this, hear);
  lead = (elected: () => void) => {
    this.elected = elected;
  };
  startWorker = (hear: (message: WorkerMessage) => void) => {
    this.workers += 1;
    this.hearWorker = hear;
    return { terminate: () => void (this.terminated += 1) };
  };
  onWake = (woke: () => void) => {
    this.woke = woke;
  };
  keepStorage = () => void (this.kept += 1);
  after = (_delayMs: number, act: () => void) => void this.delayed.push(act);
  now = () => this.clock;
}

function tab(id: string, browser = new Browser()) {
  const fake = new FakeTab(id, browser);
  return { fake, browser, bridge: new Bridge(fake) };
}

const DONE = { outcome: "done" } as const;
const refusal: Refusal = { code: "STORE_BUSY", message: "held", retry_after_ms: null };
const send: Command = { do: "send", channel: "c1", body: "hi" };
const createGuild: Command = { do: "create_guild", name: "Garden" };

function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => (error as Refusal).code);
}

describe("a bridge", () => {
  it("keeps a question until an engine answers, and then asks it once", async () => {
    const { browser, bridge } = tab("one");
    const reply = bridge.command(send);
    expect(browser.asks()).toEqual([]);

    browser.say("worker", { kind: "leading", term: "a" });
    browser.say("worker", { kind: "leading", term: "a" });
    expect(browser.asks()).toHaveLength(1);

    browser.say("worker", { kind: "answer", tab: "one", answer: { id: browser.asks()[0]!.id, reply: DONE } });
    await expect(reply).resolves.toEqual(DONE);
  });

  it("rejects with the engine's refusal", async () => {
    const { browser, bridge } = tab("one");
    browser.say("worker", { kind: "leading", term: "a" });
    const reply = bridge.command(send);
    const answer = { id: browser.asks()[0]!.id, refusal: { ...refusal, code: "OFFLINE" as const } };
    browser.say("worker", { kind: "answer", tab: "one", answer });
    expect(await outcome(reply)).toBe("OFFLINE");
  });

  it("leaves answers for other tabs alone", async () => {
    const { browser, bridge } = tab("one");
    browser.say("worker", { kind: "leading", term: "a" });
    const reply = bridge.command(send);
    const { id } = browser.asks()[0]!;
    browser.say("worker", { kind: "answer", tab: "two", answer: { id, refusal } });
    browser.say("worker", { kind: "answer", tab: "one", answer: { id, reply: DONE } });
    expect(await outcome(reply)).toEqual(DONE);
  });

  it("is the leader when its own worker answers and a follower otherwise", () => {
    const browser = new Browser();
    const one = tab("one", browser);
    const two = tab("two", browser);
    const seen: string[] = [];
    one.bridge.onStatus((status) => seen.push(status));
    one.fake.elected();
    browser.say("worker", { kind: "leading", term: "a" });
    expect([one.bridge.status(), two.bridge.status()]).toEqual(["leader", "follower"]);
    expect(seen).toEqual(["leader"]);
    expect([one.fake.workers, two.fake.workers]).toEqual([1, 0]);
  });

  it("asks the next leader what the last one did not get to", async () => {
    const { browser, bridge } = tab("one");
    browser.say("worker", { kind: "leading", term: "a" });
    const reply = bridge.command(createGuild);
    browser.say("worker", { kind: "leading", term: "b" });
    expect(browser.asks()).toHaveLength(2);
    expect(browser.asks()[1]).toEqual(browser.asks()[0]);
    browser.say("worker", { kind: "answer", tab: "one", answer: { id: browser.asks()[1]!.id, reply: DONE } });
    expect(await outcome(reply)).toEqual(DONE);
  });

  it("never does twice what the last leader may have done", async () => {
    const { browser, bridge } = tab("one");
    browser.say("worker", { kind: "leading", term: "a" });
    const made = outcome(bridge.command(createGuild));
    const sent = outcome(bridge.command(send));
    const read = bridge.command({ do: "mark_read", channel: "c1", seq: 4 });
    for (const { id } of browser.asks()) browser.say("worker", { kind: "taken", tab: "one", id });
    browser.say("worker", { kind: "leading", term: "b" });
    expect([await made, await sent]).toEqual(["UNAVAILABLE", "UNAVAILABLE"]);
    expect(browser.asks().slice(3)).toEqual([browser.asks()[2]]);
    browser.say("worker", { kind: "answer", tab: "one", answer: { id: browser.asks()[2]!.id, reply: DONE } });
    expect(await outcome(read)).toEqual(DONE);
  });

  it("gives up a question that no engine survives", async () => {
    const { browser, bridge } = tab("one");
    browser.say("worker", { kind: "leading", term: "a" });
    const reply = outcome(bridge.query({ ask: "guilds" }));
    for (const term of ["b", "c"]) browser.say("worker", { kind: "leading", term });
    expect(await reply).toBe("UNAVAILABLE");
    expect(browser.asks()).toHaveLength(2);
  });

  it("passes topics on, and with a new leader names everything it has drawn", () => {
    const { browser, bridge } = tab("one");
    const heard: Topic[][] = [];
    const stop = bridge.subscribe((topics) => heard.push(topics));
    browser.say("worker", { kind: "leading", term: "a" });
    browser.say("worker", { kind: "changed", topics: [{ topic: "guilds" }] });
    void bridge.query({ ask: "timeline", channel: "c1", before: null, limit: 5 });
    void bridge.query({ ask: "timeline", channel: "c1", before: 9, limit: 5 });
    void bridge.query({ ask: "status" });
    browser.say("worker", { kind: "leading", term: "b" });
    stop();
    browser.say("worker", { kind: "changed", topics: [{ topic: "dms" }] });
    expect(heard).toEqual([[{ topic: "guilds" }], [{ topic: "timeline", channel: "c1" }, { topic: "session" }]]);
  });

  it("refuses everything while the engine is blocked, and goes on when it is not", async () => {
    const { browser, bridge } = tab("one");
    const early = outcome(bridge.query({ ask: "guilds" }));
    browser.say("worker", { kind: "blocked", refusal });
    expect([await early, await outcome(bridge.command(send))]).toEqual(["STORE_BUSY", "STORE_BUSY"]);
    expect([bridge.status(), bridge.blockedBy()]).toEqual(["blocked", refusal]);
    browser.say("worker", { kind: "leading", term: "a" });
    void bridge.command(send);
    expect([bridge.status(), bridge.blockedBy(), browser.asks().length]).toEqual(["follower", null, 1]);
  });

  it("says at once that a browser is unfit, and starts nothing in it", async () => {
    const fake = new FakeTab("one", new Browser(), refusal);
    const bridge = new Bridge(fake);
    fake.elected();
    expect([bridge.status(), fake.workers, await outcome(bridge.query({ ask: "dms" }))]).toEqual(["blocked", 0, "STORE_BUSY"]);
  });

  it("starts another worker when one falls over, but not for ever", () => {
    const { fake, browser, bridge } = tab("one");
    fake.elected();
    browser.say("worker", { kind: "leading", term: "a" });
    for (const expected of [2, 3]) {
      fake.hearWorker({ kind: "crashed", refusal });
      fake.delayed.shift()!();
      expect(fake.workers).toBe(expected);
    }
    fake.hearWorker({ kind: "crashed", refusal });
    expect([fake.delayed.length, fake.terminated, bridge.status()]).toEqual([0, 3, "blocked"]);
    expect(browser.said.at(-1)).toEqual({ kind: "blocked", refusal });
    expect(tab("late", browser).bridge.blockedBy()).toEqual(refusal);
  });

  it("forgets crashes that are a minute old", () => {
    const { fake } = tab("one");
    fake.elected();
    for (let crash = 0; crash < 6; crash += 1) {
      fake.clock += 60_000;
      fake.hearWorker({ kind: "crashed", refusal });
      fake.delayed.shift()!();
    }
    expect(fake.workers).toBe(7);
  });

  it("asks the browser to keep the store when somebody signs in", () => {
    const { fake, bridge } = tab("one");
    void bridge.command(send);
    expect(fake.kept).toBe(0);
    void bridge.command({ do: "sign_in", username: "bob", password: "p", code: null, device_name: "d", recovery_key: null });
    expect(fake.kept).toBe(1);
  });

  it("tells the engine that a person looks again", () => {
    const { fake, browser } = tab("one");
    fake.woke();
    expect(browser.said.at(-1)).toEqual({ kind: "woke" });
  });
});
