/**
 * Keeps the page's files, so that it opens without a network. It never sees the store: the browser
 * gives its files to dedicated workers only.
 */
import { file, page, planFor } from "./pages";

/** Written in by the build: every file of this version, and a hash over their names. */
declare const PAGE_FILES: readonly string[];
declare const PAGE_VERSION: string;

interface Waiting extends Event {
  waitUntil(done: Promise<unknown>): void;
}

interface Fetching extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const SHELVES = "page-";
const SHELF = `${SHELVES}${PAGE_VERSION}`;
const FILES: ReadonlySet<string> = new Set(PAGE_FILES);

async function fill(): Promise<void> {
  const shelf = await caches.open(SHELF);
  await shelf.add(new Request("/", { cache: "reload" }));
  await shelf.addAll([...FILES]);
}

async function clearOthers(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(SHELVES) && name !== SHELF);
  await Promise.all(old.map((name) => caches.delete(name)));
}

self.addEventListener("install", (event) => (event as Waiting).waitUntil(fill()));
self.addEventListener("activate", (event) => (event as Waiting).waitUntil(clearOthers()));
self.addEventListener("fetch", (event) => {
  const { request } = event as Fetching;
  const plan = planFor(request, self.location.origin, FILES);
  if (plan.kind === "leave") return;
  const shelf = { match: async (path: string) => (await caches.open(SHELF)).match(path) };
  const answer =
    plan.kind === "page" ? page(shelf, () => fetch(request)) : file(shelf, plan.path, () => fetch(request));
  (event as Fetching).respondWith(answer);
});
