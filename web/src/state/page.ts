/** What the browser's window is doing: its width, its focus, its clock. */
import { useEffect, useSyncExternalStore, useState } from "react";

export const narrow = "(max-width: 599.98px)";
export const wide = "(min-width: 1200px)";

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}

function onAttention(listener: () => void): () => void {
  addEventListener("focus", listener);
  addEventListener("blur", listener);
  document.addEventListener("visibilitychange", listener);
  return () => {
    removeEventListener("focus", listener);
    removeEventListener("blur", listener);
    document.removeEventListener("visibilitychange", listener);
  };
}

/** Whether a person looks at this window now. */
export function useAttention(): boolean {
  return useSyncExternalStore(onAttention, () => document.visibilityState === "visible" && document.hasFocus());
}

/** The time, again every `every_ms`; stands still when that is null. */
export function useNow(every_ms: number | null): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (every_ms === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), every_ms);
    return () => clearInterval(timer);
  }, [every_ms]);
  return now;
}

/** The title of the window while this is on screen. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title;
  }, [title]);
}

/** Whether something has been so for a while: short changes are not worth showing. */
export function useSettled(so: boolean, after_ms: number): boolean {
  const [settled, setSettled] = useState(false);
  useEffect(() => {
    if (!so) {
      setSettled(false);
      return;
    }
    const timer = setTimeout(() => setSettled(true), after_ms);
    return () => clearTimeout(timer);
  }, [so, after_ms]);
  return settled && so;
}

/** How this device is first called: "Firefox on Linux". */
export function deviceName(agent: string): string {
  const browser = /Edg\//.test(agent) ? "Edge" : /Firefox\//.test(agent) ? "Firefox" : /Chrom(e|ium)\//.test(agent) ? "Chromium" : /Safari\//.test(agent) ? "Safari" : "Browser";
  const system = /Android/.test(agent) ? "Android" : /iPhone|iPad/.test(agent) ? "iOS" : /Windows/.test(agent) ? "Windows" : /Mac OS X/.test(agent) ? "macOS" : /CrOS/.test(agent) ? "ChromeOS" : /Linux/.test(agent) ? "Linux" : "a computer";
  return `${browser} on ${system}`;
}
