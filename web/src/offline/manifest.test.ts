import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { path } from "../paths";

interface Icon {
  src: string;
  sizes: string;
  purpose: string;
}

const at = (name: string): string => join(import.meta.dirname, "../../public", name);
const manifest = JSON.parse(readFileSync(at("/app.webmanifest"), "utf8")) as { start_url: string; scope: string; display: string; icons: Icon[]; shortcuts: Array<{ url: string }> };

/** Width and height as a PNG says them. */
function sizeOf(name: string): string {
  const bytes = readFileSync(at(name));
  return `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`;
}

describe("installed as an app", () => {
  test("it opens in a window of its own at the start", () => {
    expect(manifest).toMatchObject({ start_url: "/", scope: "/", display: "standalone" });
  });

  test("its icons are there, as large as they say, one of them to be cut to any shape", () => {
    for (const icon of manifest.icons) expect(sizeOf(icon.src)).toBe(icon.sizes);
    expect(manifest.icons.map((icon) => icon.purpose)).toContain("maskable");
  });

  test("its shortcuts lead to pages that exist", () => {
    expect(manifest.shortcuts.map((one) => one.url)).toEqual([path.conversations(), path.mentions()]);
  });

  test("the page names it", () => {
    const page = readFileSync(join(import.meta.dirname, "../../index.html"), "utf8");
    expect(page).toContain('rel="manifest" href="/app.webmanifest"');
  });
});
