/** How this browser shows Cloister: theme, size of text, width of panes. Kept in localStorage. */
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";
export type Width = "reading" | "full";

export interface Settings {
  theme: Theme;
  /** Size of message text, 12 to 22. */
  text: number;
  /** Whether the talk keeps to a readable measure or takes the whole width. */
  width: Width;
  density: "comfortable" | "compact";
  /** Widths of the side panes in pixels, or none for the usual ones. */
  list: number | null;
  panel: number | null;
  /** Whether the member list is open where there is space for it. */
  members: boolean;
  /** Whether others see when one writes. */
  typing: boolean;
  /** Which messages make the desktop tell, and what it tells of them. */
  desktop: "off" | "me" | "all";
  notice: "place" | "name" | "text";
  /** Seconds after which what one sends in a channel disappears. */
  vanish: Record<string, number>;
  /** The last channel looked at in each server, and the last place of all. */
  lastChannel: Record<string, string>;
  lastPlace: string | null;
  /** "channel user" of people whom nobody vouches for and who were noticed. */
  seenUnvouched: string[];
}

export const textSize = { min: 12, max: 22, usual: 15 } as const;
export const listWidth = { min: 180, max: 420 } as const;
export const panelWidth = { min: 200, max: 440 } as const;

const key = "cloister.settings";

const usual: Settings = {
  theme: "system",
  text: textSize.usual,
  width: "reading",
  density: "comfortable",
  list: null,
  panel: null,
  members: true,
  typing: true,
  desktop: "off",
  notice: "name",
  vanish: {},
  lastChannel: {},
  lastPlace: null,
  seenUnvouched: [],
};

/** What was stored, with everything that makes no sense replaced by the usual. */
export function parseSettings(stored: string | null): Settings {
  let found: Record<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(stored ?? "{}");
    found = typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    found = {};
  }
  return {
    theme: oneOf(found["theme"], ["system", "light", "dark"], usual.theme),
    text: between(found["text"], textSize) ?? usual.text,
    width: oneOf(found["width"], ["reading", "full"], usual.width),
    density: oneOf(found["density"], ["comfortable", "compact"], usual.density),
    list: between(found["list"], listWidth),
    panel: between(found["panel"], panelWidth),
    members: typeof found["members"] === "boolean" ? found["members"] : usual.members,
    typing: typeof found["typing"] === "boolean" ? found["typing"] : usual.typing,
    desktop: oneOf(found["desktop"], ["off", "me", "all"], usual.desktop),
    notice: oneOf(found["notice"], ["place", "name", "text"], usual.notice),
    vanish: times(found["vanish"]),
    lastChannel: places(found["lastChannel"]),
    lastPlace: typeof found["lastPlace"] === "string" ? found["lastPlace"] : null,
    seenUnvouched: Array.isArray(found["seenUnvouched"]) ? found["seenUnvouched"].filter((one) => typeof one === "string") : [],
  };
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], other: T): T {
  return allowed.find((one) => one === value) ?? other;
}

function between(value: unknown, limits: { min: number; max: number }): number | null {
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  return Math.min(limits.max, Math.max(limits.min, Math.round(value)));
}

function places(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === "string"));
}

function times(value: unknown): Record<string, number> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter((pair): pair is [string, number] => typeof pair[1] === "number" && pair[1] > 0));
}

/** A server that one left is not where one goes back to. */
export function forgetGuild(guild: string): void {
  const { lastPlace, lastChannel } = settings();
  const rest = Object.fromEntries(Object.entries(lastChannel).filter(([id]) => id !== guild));
  changeSettings({ lastChannel: rest, lastPlace: lastPlace?.includes(guild) ? null : lastPlace });
}

const listeners = new Set<() => void>();
let current: Settings | undefined;

export function settings(): Settings {
  current ??= parseSettings(stored());
  return current;
}

export function changeSettings(change: Partial<Settings>): void {
  current = { ...settings(), ...change };
  try {
    localStorage.setItem(key, JSON.stringify(current));
  } catch {
    // A browser that keeps nothing still shows what was chosen until the page is closed.
  }
  applySettings();
  for (const listener of listeners) listener();
}

export function useSettings(): Settings {
  return useSyncExternalStore(onSettings, settings);
}

function onSettings(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function stored(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Puts the settings on the page's root, where tokens.css and base.css read them. */
export function applySettings(): void {
  const { theme, text, width, density, list, panel } = settings();
  const root = document.documentElement;
  const dark = theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset["theme"] = dark ? "dark" : "light";
  root.dataset["width"] = width;
  root.dataset["density"] = density;
  root.style.setProperty("font-size", `${((text / textSize.usual) * 100).toFixed(2)}%`);
  setOrDrop(root, "--list", list);
  setOrDrop(root, "--panel", panel);
}

function setOrDrop(root: HTMLElement, name: string, px: number | null): void {
  if (px === null) root.style.removeProperty(name);
  else root.style.setProperty(name, `${px}px`);
}

/** Applies the settings now and again whenever the system's theme or another tab changes them. */
export function startSettings(): void {
  applySettings();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applySettings);
  addEventListener("storage", (event) => {
    if (event.key !== key) return;
    current = undefined;
    applySettings();
    for (const listener of listeners) listener();
  });
}
