/** Whether the threads of the conversation are shown beside it, and which of them. */
import { useSyncExternalStore } from "react";
import { showPins } from "./pins";
import { changeSearch } from "./search";

export interface ThreadsShown {
  channel: string;
  /** None: the list of all. */
  thread: string | null;
  /** A message of the thread that is to be seen. */
  wanted: string | null;
}

let shown: ThreadsShown | null = null;
const listeners = new Set<() => void>();

function set(next: ThreadsShown | null): void {
  shown = next;
  for (const listener of listeners) listener();
}

/** One panel at a time: what else stood there makes room. */
export function showThreads(channel: string): void {
  makeRoom();
  set({ channel, thread: null, wanted: null });
}

export function showThread(channel: string, thread: string, wanted: string | null = null): void {
  makeRoom();
  set({ channel, thread, wanted });
}

export function closeThreads(): void {
  if (shown !== null) set(null);
}

function makeRoom(): void {
  showPins(false);
  changeSearch({ open: false });
}

/** What is shown beside this conversation. */
export function useThreadsShown(channel: string | null): ThreadsShown | null {
  const now = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => shown,
  );
  return now !== null && now.channel === channel ? now : null;
}
