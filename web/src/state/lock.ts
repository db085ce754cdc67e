/**
 * The lock of the page: whoever leaves it unused for as long as the instance says finds it locked, in
 * every tab. A locked page runs no engine, so no keys are in memory; what is kept here is when it was
 * used last. It keeps out whoever sits down at an open browser, not whoever owns the machine.
 */

const key = "cloister.lock";

export interface Lock {
  /** Milliseconds without use; null where the page never locks itself. */
  after: number | null;
  used: number;
  locked: boolean;
}

export const open: Lock = { after: null, used: 0, locked: false };

/** How long before it locks somebody is asked whether they are there. */
const warnMs = 2 * 60_000;

export function parseLock(stored: string | null): Lock {
  try {
    const found = JSON.parse(stored ?? "null") as Partial<Lock> | null;
    const after = typeof found?.after === "number" && found.after > 0 ? found.after : null;
    return { after, used: typeof found?.used === "number" ? found.used : 0, locked: found?.locked === true };
  } catch {
    return open;
  }
}

export function readLock(): Lock {
  return parseLock(localStorage.getItem(key));
}

export function writeLock(lock: Lock): void {
  localStorage.setItem(key, JSON.stringify(lock));
}

/** A clock that was set back doesn't open what was locked, and doesn't keep it open either. */
export function isLocked({ after, used, locked }: Lock, now: number): boolean {
  return locked || (after !== null && (now - used >= after || used > now + after));
}

/** From when on the person is asked. */
export function warnsAt({ after, used }: Lock): number | null {
  return after === null ? null : used + after - Math.min(warnMs, after / 2);
}

/** Locks every tab of this browser: each is loaded anew, which ends its engine. */
export function lockNow(): void {
  writeLock({ ...readLock(), locked: true });
  location.reload();
}

/** Calls back when another tab locked or unlocked. */
export function onLock(listener: (lock: Lock) => void): () => void {
  const hear = (event: StorageEvent) => {
    if (event.key === key) listener(parseLock(event.newValue));
  };
  addEventListener("storage", hear);
  return () => removeEventListener("storage", hear);
}
