import { describe, expect, test } from "vitest";
import * as words from ".";
import { fill, plural } from "./plural";

describe("sentences", () => {
  test("one and many have their own forms", () => {
    expect(words.invite.members(1)).toBe("1 member");
    expect(words.invite.members(12)).toBe("12 members");
    expect(words.talk.jumpCount(1200)).toBe("1,200 new messages");
  });

  test("a place without a value stays visible instead of vanishing", () => {
    expect(fill("{a} and {b}", { a: "x" })).toBe("x and {b}");
  });

  test("a name that looks like a place is not filled again", () => {
    expect(fill("{name} invites {other}", { name: "{other}", other: "Bo" })).toBe("{other} invites Bo");
  });

  test("a count without its own form uses the other one", () => {
    expect(plural(1, { other: "# min" })).toBe("1 min");
  });
});

describe("refusals", () => {
  test("every cause of an unreadable message says what happened and what to do", () => {
    for (const { what, next } of Object.values(words.unreadable)) {
      expect(what).toMatch(/\.$/);
      expect(next).toMatch(/\.$/);
    }
  });

  test("a code this page does not know shows the server's own sentence", () => {
    const newer = { code: "FROM_THE_FUTURE" as never, message: "The moon is full." };
    expect(words.refusalSentence(newer)).toBe("The moon is full.");
  });

  test("a limit says how long to wait", () => {
    expect(words.refusalSentence({ code: "RATE_LIMITED", message: "", retry_after_ms: 1500 })).toContain("in 2 seconds");
  });

  test("offline says that the text is kept", () => {
    expect(words.failedSend({ code: "OFFLINE", message: "" })).toContain("stays here");
  });
});

describe("times", () => {
  const noon = new Date(2026, 5, 15, 12, 0, 0).getTime();

  test("the last minute is just now, the last hour is counted in minutes", () => {
    expect(words.ago(noon - 20_000, noon)).toBe("just now");
    expect(words.ago(noon - 4 * 60_000, noon)).toBe("4 min");
  });

  test("earlier today is the time of day and the day before is yesterday", () => {
    expect(words.ago(noon - 3 * 3_600_000, noon)).toBe(words.timeOfDay(noon - 3 * 3_600_000));
    expect(words.ago(noon - 14 * 3_600_000, noon)).toBe("yesterday");
  });

  test("a day line says today and yesterday by name", () => {
    expect(words.dayName(noon, noon)).toBe("Today");
    expect(words.dayName(noon - 86_400_000, noon)).toBe("Yesterday");
    expect(words.dayName(noon - 3 * 86_400_000, noon)).toMatch(/12/);
  });

  test("a countdown never goes below nothing", () => {
    expect(words.secondsUntil(1000, 5000)).toBe(0);
    expect(words.secondsUntil(5500, 5000)).toBe(1);
  });
});
