import { describe, expect, test } from "vitest";
import { may } from "./permission";
import { deviceName } from "./page";
import { parseSettings } from "./settings";

describe("settings", () => {
  test("nothing stored is the usual", () => {
    expect(parseSettings(null)).toMatchObject({ theme: "system", text: 15, members: true, list: null });
  });

  test("what makes no sense is replaced, the rest is kept", () => {
    expect(parseSettings('{"theme":"neon","text":99,"list":"wide","members":false}')).toMatchObject({ theme: "system", text: 22, list: null, members: false });
  });

  test("a text that is no JSON is the usual", () => {
    expect(parseSettings("{").text).toBe(15);
  });

  test("only places that are text are remembered", () => {
    expect(parseSettings('{"lastChannel":{"a":"b","c":3}}').lastChannel).toEqual({ a: "b" });
  });
});

describe("rights", () => {
  test("are bits of a decimal number of 64 bits", () => {
    expect(may((1n << 48n).toString(), "manage_channels")).toBe(true);
    expect(may((1n << 48n).toString(), "manage_guild")).toBe(false);
    expect(may((2n ** 64n - 1n).toString(), "vouch_members")).toBe(true);
  });

  test("a text that is no number gives nothing", () => {
    expect(may("all", "create_invite")).toBe(false);
  });
});

test("a device is called by its browser and system", () => {
  expect(deviceName("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36")).toBe("Chromium on Linux");
  expect(deviceName("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148 Safari/604.1")).toBe("Safari on iOS");
});
