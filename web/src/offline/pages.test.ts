import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { file, PATIENCE_MS, page, planFor } from "./pages";

const ORIGIN = "https://chat.example";
const files = new Set(["/assets/index-abc.js"]);
const plan = (path: string, request: { method?: string; mode?: string } = {}) =>
  planFor({ url: new URL(path, ORIGIN).href, method: "GET", mode: "cors", ...request }, ORIGIN, files).kind;

const kept = new Response("kept");
const shelf = { match: async (path: string) => (path === "/" || files.has(path) ? kept : undefined) };
const empty = { match: async () => undefined };

describe("the service worker", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("answers for pages and for files of its version, and for nothing else", () => {
    expect([plan("/g/1/c/2", { mode: "navigate" }), plan("/assets/index-abc.js")]).toEqual(["page", "file"]);
    const left = [
      plan("/assets/index-def.js"),
      plan("/api/v1/instance"),
      plan("/api/v1/instance", { mode: "navigate" }),
      plan("/", { method: "POST", mode: "navigate" }),
      plan("https://elsewhere.example/", { mode: "navigate" }),
    ];
    expect(new Set(left)).toEqual(new Set(["leave"]));
  });

  it("prefers the server's page, which may be a newer one", async () => {
    const fresh = new Response("fresh");
    expect(await page(shelf, async () => fresh)).toBe(fresh);
    const missing = new Response("", { status: 404 });
    expect(await page(shelf, async () => missing)).toBe(missing);
  });

  it("opens the kept page when the server is away, in trouble or silent", async () => {
    expect(await page(shelf, () => Promise.reject(new TypeError("no network")))).toBe(kept);
    expect(await page(shelf, async () => new Response("", { status: 502 }))).toBe(kept);
    const opened = page(shelf, () => new Promise(() => {}));
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    expect(await opened).toBe(kept);
  });

  it("waits for a slow server when nothing is kept", async () => {
    const late = new Response("late");
    const opened = page(empty, () => new Promise((resolve) => setTimeout(() => resolve(late), PATIENCE_MS * 2)));
    await vi.advanceTimersByTimeAsync(PATIENCE_MS * 2);
    expect(await opened).toBe(late);
    expect((await page(empty, () => Promise.reject(new TypeError("no network")))).type).toBe("error");
  });

  it("takes a kept file without asking the server", async () => {
    const fetchFile = vi.fn(async () => new Response("fetched"));
    expect(await file(shelf, "/assets/index-abc.js", fetchFile)).toBe(kept);
    expect(fetchFile).not.toHaveBeenCalled();
    expect(await (await file(empty, "/assets/index-abc.js", fetchFile)).text()).toBe("fetched");
  });
});
