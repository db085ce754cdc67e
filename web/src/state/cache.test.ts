import { describe, expect, test, vi } from "vitest";
import { type EngineBridge, Refused } from "../engine/contract";
import { FakeEngine } from "../testing/engine";
import { id } from "../testing/world";
import type { Query } from "../wire";
import { concerns, ViewCache } from "./cache";
import { sharing } from "./sharing";

const settled = () => new Promise((resolve) => setTimeout(resolve, 60));
const keyOf = (query: Query) => JSON.stringify(query);

describe("the cache of views", () => {
  test("asks when somebody looks, and again when a topic says so", async () => {
    const engine = new FakeEngine();
    const asked = vi.spyOn(engine, "query");
    const cache = new ViewCache(engine);
    const query: Query = { ask: "timeline", channel: id(201), before: null, limit: 10 };
    const drawn = vi.fn();
    cache.watch(keyOf(query), query, drawn);
    await settled();
    expect(asked).toHaveBeenCalledTimes(1);
    engine.arrives(id(201), id(2), "news");
    await settled();
    expect(asked).toHaveBeenCalledTimes(2);
    expect(drawn).toHaveBeenCalledTimes(2);
    expect(JSON.stringify(cache.read(keyOf(query)).reply)).toContain("news");
  });

  test("a topic about another channel asks nothing", async () => {
    const engine = new FakeEngine();
    const asked = vi.spyOn(engine, "query");
    const cache = new ViewCache(engine);
    const query: Query = { ask: "timeline", channel: id(201), before: null, limit: 10 };
    cache.watch(keyOf(query), query, () => undefined);
    await settled();
    engine.arrives(id(202), id(2), "elsewhere");
    await settled();
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test("a burst of topics is answered by one more question, not by one each", async () => {
    const engine = new FakeEngine();
    const asked = vi.spyOn(engine, "query");
    const cache = new ViewCache(engine);
    const query: Query = { ask: "guilds" };
    cache.watch(keyOf(query), query, () => undefined);
    for (let count = 0; count < 20; count += 1) engine.tell({ topic: "guilds" });
    await settled();
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test("an answer that says the same draws nothing", async () => {
    const engine = new FakeEngine();
    const cache = new ViewCache(engine);
    const query: Query = { ask: "devices" };
    const drawn = vi.fn();
    cache.watch(keyOf(query), query, drawn);
    await settled();
    engine.tell({ topic: "devices" });
    await settled();
    expect(drawn).toHaveBeenCalledTimes(1);
  });

  test("a refusal keeps what was drawn before", async () => {
    const engine = new FakeEngine();
    const cache = new ViewCache(engine);
    const query: Query = { ask: "devices" };
    cache.watch(keyOf(query), query, () => undefined);
    await settled();
    const before = cache.read(keyOf(query)).reply;
    vi.spyOn(engine as EngineBridge, "query").mockRejectedValue(new Refused({ code: "STORE_BUSY", message: "busy", retry_after_ms: null }));
    engine.tell({ topic: "devices" });
    await settled();
    expect(cache.read(keyOf(query))).toEqual({ reply: before, refusal: { code: "STORE_BUSY", message: "busy", retry_after_ms: null } });
  });
});

describe("topics", () => {
  test("the session's topic also makes the status old", () => {
    expect(concerns({ topic: "session" }, { ask: "status" })).toBe(true);
    expect(concerns({ topic: "session" }, { ask: "guilds" })).toBe(false);
  });

  test("a server's topic is about that server only", () => {
    expect(concerns({ topic: "guild", guild: "a" }, { ask: "guild", guild: "a" })).toBe(true);
    expect(concerns({ topic: "guild", guild: "a" }, { ask: "guild", guild: "b" })).toBe(false);
    expect(concerns({ topic: "guild", guild: "a" }, { ask: "invites", guild: "a" })).toBe(false);
  });
});

describe("sharing", () => {
  test("equal means identical", () => {
    const before = { list: [{ id: 1, tags: ["x"] }] };
    expect(sharing(before, structuredClone(before))).toBe(before);
  });

  test("a new message in front keeps the others as they were", () => {
    const before = [{ id: 2, text: "b" }, { id: 3, text: "c" }];
    const after = sharing(before, [{ id: 1, text: "a" }, { id: 2, text: "b" }, { id: 3, text: "changed" }]);
    expect(after[1]).toBe(before[0]);
    expect(after[2]).toEqual({ id: 3, text: "changed" });
  });

  test("something that is gone is gone", () => {
    expect(sharing({ a: 1, b: 2 } as Record<string, number>, { a: 1 })).toEqual({ a: 1 });
  });

  test("a value that became nothing is nothing", () => {
    expect(sharing({ a: { b: 1 } }, { a: null })).toEqual({ a: null });
  });
});
