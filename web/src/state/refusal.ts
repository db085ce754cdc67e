import { Refused } from "../engine/contract";
import type { Refusal } from "../wire";

/** Whatever was thrown, as a refusal that has a sentence. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refused) return { code: error.code, message: error.message, retry_after_ms: error.retry_after_ms };
  return { code: "INTERNAL", message: "", retry_after_ms: null };
}
