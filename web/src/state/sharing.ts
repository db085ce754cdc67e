/** Keeps the parts of the old value that the new one repeats, so that equal means identical. */
export function sharing<T>(before: unknown, after: T): T {
  if (Object.is(before, after)) return after;
  if (typeof before !== "object" || typeof after !== "object" || before === null || after === null) return after;
  if (Array.isArray(after)) return Array.isArray(before) ? (sharedList(before, after) as T) : after;
  if (Array.isArray(before)) return after;
  return sharedRecord(before as Record<string, unknown>, after as Record<string, unknown>) as T;
}

/** Lists of things with an id are matched by it, so that adding at either end keeps the rest. */
function sharedList(before: unknown[], after: unknown[]): unknown[] {
  const byId = new Map(before.map((item) => [idOf(item), item]));
  let same = before.length === after.length;
  const merged = after.map((item, index) => {
    const id = idOf(item);
    const kept = sharing(id === undefined ? before[index] : byId.get(id), item);
    if (kept !== before[index]) same = false;
    return kept;
  });
  return same ? before : merged;
}

function sharedRecord(before: Record<string, unknown>, after: Record<string, unknown>): Record<string, unknown> {
  const keys = Object.keys(after);
  let same = keys.length === Object.keys(before).length;
  const merged: Record<string, unknown> = {};
  for (const key of keys) {
    merged[key] = sharing(before[key], after[key]);
    if (!(key in before) || !Object.is(merged[key], before[key])) same = false;
  }
  return same ? before : merged;
}

function idOf(item: unknown): unknown {
  if (typeof item !== "object" || item === null) return undefined;
  const record = item as Record<string, unknown>;
  return record["id"] ?? record["entry"] ?? record["user"] ?? record["channel"] ?? record["code"];
}
