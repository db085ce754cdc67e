/**
 * Which requests the service worker answers, and from where. The server is asked for the page first,
 * so that a new version arrives with the next load; without it the kept page opens, and the engine
 * shows what is in its store.
 */

/** How long a server may take before the kept page is shown instead. */
export const PATIENCE_MS = 4_000;

/** Files that were kept when this version was installed. */
export interface Shelf {
  match(path: string): Promise<Response | undefined>;
}

export interface PageRequest {
  method: string;
  url: string;
  mode: string;
}

export type Plan = { kind: "page" } | { kind: "file"; path: string } | { kind: "leave" };

/** What the engine says to the server is none of our business; it has its own store. */
export function planFor(request: PageRequest, origin: string, files: ReadonlySet<string>): Plan {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== origin || url.pathname.startsWith("/api/")) return { kind: "leave" };
  if (request.mode === "navigate") return { kind: "page" };
  return files.has(url.pathname) ? { kind: "file", path: url.pathname } : { kind: "leave" };
}

/** The page from the server, or the kept one when the server is away, too slow or in trouble. */
export async function page(shelf: Shelf, fetchPage: () => Promise<Response>): Promise<Response> {
  const fetched = fetchPage().then(
    (response) => (response.status < 500 ? response : undefined),
    () => undefined,
  );
  const patience = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS));
  const inTime = await Promise.race([fetched, patience]);
  return inTime ?? (await shelf.match("/")) ?? (await fetched) ?? Response.error();
}

/** Files carry a hash of their content in their names: the kept one is the right one. */
export async function file(shelf: Shelf, path: string, fetchFile: () => Promise<Response>): Promise<Response> {
  return (await shelf.match(path)) ?? fetchFile();
}
