/** The search that is open: it stays while one goes from result to result. */
import { useSyncExternalStore } from "react";
import type { SearchOrder } from "../wire";

export interface OpenSearch {
  open: boolean;
  text: string;
  /** The channel or conversation that is searched; null searches everywhere. */
  channel: string | null;
  order: SearchOrder;
}

let now: OpenSearch = { open: false, text: "", channel: null, order: "newest" };
const listeners = new Set<() => void>();

export function changeSearch(change: Partial<OpenSearch>): void {
  now = { ...now, ...change };
  for (const listener of listeners) listener();
}

export function useSearch(): OpenSearch {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => now,
  );
}

/** Opens the search of a channel, or of everything, and puts the cursor into it. */
export function openSearch(channel: string | null): void {
  changeSearch({ open: true, channel });
  requestAnimationFrame(() => {
    const field = document.querySelector<HTMLInputElement>("[data-search-field]");
    field?.focus();
    field?.select();
  });
}

/** A text with one filter more, or the same text if it stands there already. */
export function withFilter(text: string, filter: string): string {
  const trimmed = text.trimEnd();
  if (trimmed.endsWith(filter)) return `${trimmed}`;
  return trimmed === "" ? filter : `${trimmed} ${filter}`;
}
