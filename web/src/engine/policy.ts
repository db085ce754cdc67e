/**
 * The page's one Trusted Types policy: the scripts that it may start, by name. Everything else that
 * tries to become a script is refused by the browser.
 */
// oxlint-disable-next-line import/default -- the bundler makes this one
import workerUrl from "./worker.ts?worker&url";

const SERVICE_WORKER = "/service-worker.js";
const ALLOWED: ReadonlySet<string> = new Set([workerUrl, SERVICE_WORKER]);

declare const trustedTypes:
  | {
      createPolicy(
        name: string,
        rules: { createScriptURL(url: string): string },
      ): { createScriptURL(url: string): object };
    }
  | undefined;

const policy =
  typeof trustedTypes === "undefined"
    ? null
    : trustedTypes.createPolicy("cloister", {
        createScriptURL: (url) => {
          if (!ALLOWED.has(url)) throw new TypeError(`not a script of this page: ${url}`);
          return url;
        },
      });

/** The types know addresses as text only; the browser wants the policy's object. */
function trusted(url: string): string {
  return policy ? (policy.createScriptURL(url) as unknown as string) : url;
}

export function engineWorkerUrl(): string {
  return trusted(workerUrl);
}

export function serviceWorkerUrl(): string {
  return trusted(SERVICE_WORKER);
}
