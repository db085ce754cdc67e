/**
 * What a bridge needs of the browser tab it lives in: the channel to the other tabs, the lock that
 * one of them holds, and a worker. Tests put their own in its place.
 */
import { CHANNEL, LOCK, type TabMessage, type WorkerMessage } from "./messages";
// oxlint-disable-next-line import/default -- the bundler makes this one
import workerUrl from "./worker.ts?worker&url";

export interface EngineWorker {
  terminate(): void;
}

export interface Tab {
  readonly id: string;
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

export function browserTab(): Tab {
  const channel = new BroadcastChannel(CHANNEL);
  return {
    id: crypto.randomUUID(),
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
    keepStorage: () => void navigator.storage.persist(),
    after: (delayMs, act) => void setTimeout(act, delayMs),
    now: () => performance.now(),
  };
}

function startWorker(hear: (message: WorkerMessage) => void): EngineWorker {
  // The types know `Worker(string)` only; at run time the policy's object is what the page's rules ask for.
  const url = scriptUrls ? (scriptUrls.createScriptURL(workerUrl) as unknown as string) : workerUrl;
  const worker = new Worker(url, { type: "module", name: "cloister-engine" });
  worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => hear(data);
  worker.onerror = ({ message }) =>
    hear({
      kind: "crashed",
      refusal: { code: "INTERNAL", message: message || "The engine could not be loaded.", retry_after_ms: null },
    });
  return worker;
}

interface ScriptUrlPolicy {
  createScriptURL(url: string): object;
}

declare const trustedTypes:
  | { createPolicy(name: string, rules: { createScriptURL(url: string): string }): ScriptUrlPolicy }
  | undefined;

/** The one named policy: it lets through the engine's worker and nothing else. */
const scriptUrls =
  typeof trustedTypes === "undefined"
    ? null
    : trustedTypes.createPolicy("cloister", {
        createScriptURL: (url) => {
          if (url !== workerUrl) throw new TypeError(`not the engine's worker: ${url}`);
          return url;
        },
      });
