/** Whether the pinned messages of the conversation are shown beside it. */
import { useSyncExternalStore } from "react";

let open = false;
const listeners = new Set<() => void>();

export function showPins(wanted: boolean): void {
  open = wanted;
  for (const listener of listeners) listener();
}

export function usePinsShown(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => open,
  );
}
