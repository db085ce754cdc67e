/**
 * What a bridge needs of the browser tab it lives in: the channel to the other tabs, the lock that
 * one of them holds, and a worker. Tests put their own in its place.
 */
import type { Refusal } from "../wire";
import { CHANNEL, LOCK, type TabMessage, type WorkerMessage } from "./messages";
import { engineWorkerUrl } from "./policy";

export interface EngineWorker {
  terminate(): void;
}

export interface Tab {
  readonly id: string;
  /** What this browser lacks for any engine to run in it, or null. */
  readonly unfit: Refusal | null;
  say(message: TabMessage): void;
  listen(hear: (message: TabMessage) => void): void;
  /** Calls `elected` once this tab holds the lock, which it then keeps until it closes. */
  lead(elected: () => void): void;
  startWorker(hear: (message: WorkerMessage) => void): EngineWorker;
  /** Calls back when a person looks at this tab again. */
  onWake(woke: () => void): void;
  /** Asks the browser not to throw the store away when space runs short. */
  keepStorage(): void;
  after(delayMs: number, act: () => void): void;
  now(): number;
}

const UNFIT: Refusal = {
  code: "STORE_FAILED",
  message: "This browser keeps no private store for this address. Open it by https in a current browser.",
  retry_after_ms: null,
};

export function browserTab(): Tab {
  const channel = new BroadcastChannel(CHANNEL);
  return {
    id: crypto.getRandomValues(new Uint32Array(4)).join("-"),
    unfit: isSecureContext && "locks" in navigator ? null : UNFIT,
    say: (message) => channel.postMessage(message),
    listen: (hear) => {
      channel.onmessage = ({ data }: MessageEvent<TabMessage>) => hear(data);
    },
    lead: (elected) => {
      void navigator.locks.request(LOCK, () => {
        elected();
        return new Promise<never>(() => {});
      });
    },
    startWorker,
    onWake: (woke) => {
      document.addEventListener("visibilitychange", () => {
        if (document.visibilityState === "visible") woke();
      });
    },
    keepStorage: () => void navigator.storage.persist().catch(() => false),
    after: (delayMs, act) => void setTimeout(act, delayMs),
    now: () => performance.now(),
  };
}

function startWorker(hear: (message: WorkerMessage) => void): EngineWorker {
  const worker = new Worker(engineWorkerUrl(), { type: "module", name: "cloister-engine" });
  worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => hear(data);
  worker.onerror = ({ message }) =>
    hear({
      kind: "crashed",
      refusal: { code: "INTERNAL", message: message || "The engine could not be loaded.", retry_after_ms: null },
    });
  return worker;
}
