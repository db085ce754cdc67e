import { describe, expect, test } from "vitest";
import { isLocked, open, parseLock, warnsAt } from "./lock";

const minute = 60_000;
const now = 1_800_000_000_000;

describe("the lock of the page", () => {
  test("a page that nobody used for as long as it may locks itself", () => {
    const lock = { after: 30 * minute, used: now, locked: false };
    expect(isLocked(lock, now + 30 * minute - 1)).toBe(false);
    expect(isLocked(lock, now + 30 * minute)).toBe(true);
  });

  test("somebody is asked two minutes before, or half of a short time before", () => {
    expect(warnsAt({ after: 30 * minute, used: now, locked: false })).toBe(now + 28 * minute);
    expect(warnsAt({ after: 2 * minute, used: now, locked: false })).toBe(now + minute);
    expect(warnsAt(open)).toBeNull();
  });

  test("without a time it never locks, but for somebody who locked it", () => {
    expect(isLocked(open, now)).toBe(false);
    expect(isLocked({ ...open, locked: true }, now)).toBe(true);
  });

  test("a clock that was set back doesn't keep it open", () => {
    expect(isLocked({ after: 30 * minute, used: now, locked: false }, now - 31 * minute)).toBe(true);
  });

  test("what can't be read is open", () => {
    expect(parseLock(null)).toEqual(open);
    expect(parseLock("{")).toEqual(open);
    expect(parseLock('{"after":-1,"used":"x","locked":1}')).toEqual(open);
    expect(parseLock('{"after":60000,"used":5,"locked":true}')).toEqual({ after: 60_000, used: 5, locked: true });
  });
});
