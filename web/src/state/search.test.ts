import { describe, expect, test } from "vitest";
import { channelIn, path } from "../paths";
import { withFilter } from "./search";
import { reachedBack, reachedOn, windowAround } from "./timeline";

describe("a search", () => {
  test("takes a filter behind what is typed, once", () => {
    expect(withFilter("", "from:")).toBe("from:");
    expect(withFilter("boat ", "has:link")).toBe("boat has:link");
    expect(withFilter("boat has:link", "has:link")).toBe("boat has:link");
  });

  test("leads to an address that knows its channel", () => {
    expect(channelIn(path.message("g", "c", "m"))).toBe("c");
    expect(channelIn(path.conversation("c"))).toBe("c");
    expect(channelIn(path.guild("g"))).toBeNull();
    expect(channelIn(path.you())).toBeNull();
  });
});

describe("a window of a conversation", () => {
  test("is the newest one for a message near the end", () => {
    expect(windowAround(990, 1000).before).toBeNull();
  });

  test("stands around an older message, and has it inside", () => {
    const { before, limit } = windowAround(300, 5000);
    expect(before).toBeGreaterThan(300);
    expect((before ?? 0) - limit).toBeLessThan(300);
  });

  test("grows back to the largest, then slides", () => {
    let window = windowAround(3000, 5000);
    for (let count = 0; count < 30; count += 1) {
      const next = reachedBack(window, 5000);
      const oldest = (range: typeof window) => (range.before ?? 5001) - range.limit;
      expect(oldest(next)).toBeLessThan(oldest(window));
      expect(next.limit).toBeLessThanOrEqual(1000);
      window = next;
    }
  });

  test("slides back from the newest too, so that no message is out of reach", () => {
    const window = reachedBack({ before: null, limit: 1000 }, 5000);
    expect(window.before).toBeLessThan(5000);
  });

  test("goes on until it is at the end", () => {
    let window = windowAround(300, 1000);
    for (let count = 0; count < 20 && window.before !== null; count += 1) window = reachedOn(window, 1000);
    expect(window.before).toBeNull();
  });
});
