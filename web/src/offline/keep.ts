/** Asks the browser to keep the page's files for when there is no network. */
import { serviceWorkerUrl } from "../engine/policy";

/**
 * Resolves with whether the page will open without a network. A browser refuses when it was made to
 * accept the server's certificate by hand; everything else works all the same.
 */
export async function keepPage(): Promise<boolean> {
  if (!("serviceWorker" in navigator)) return false;
  try {
    await navigator.serviceWorker.register(serviceWorkerUrl());
    return true;
  } catch {
    return false;
  }
}
