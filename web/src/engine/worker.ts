/**
 * The dedicated worker of the tab that leads: it owns the store, the connection and the keys. It
 * hears every tab over the BroadcastChannel, its own page included.
 */
import type { ErrorCode, Refusal } from "../wire";
import { databaseKey, forgetDatabaseKey } from "./key";
import { CHANNEL, type TabMessage, type WorkerMessage } from "./messages";
import { type Audience, isRefusal, type Network, Shell } from "./shell";
import init, { Engine } from "./wasm/cloister_client_wasm";
import wasmUrl from "./wasm/cloister_client_wasm_bg.wasm?url";

/** How long to leave a store alone that could not be opened. */
const REOPEN_DELAY_MS = 2_000;

const GATEWAY = "/api/v1/gateway?v=1&encoding=cbor";
/** One account a store; the name leaves room for a shell that holds several. */
const STORE = "account.db";

const SEED_LENGTH = 32;

const channel = new BroadcastChannel(CHANNEL);
const say = (message: TabMessage) => channel.postMessage(message);

/** What the tabs are told when they ask who leads; null while the store is being opened. */
let standing: Extract<TabMessage, { kind: "leading" | "blocked" }> | null = null;
let shell: Shell | null = null;

channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
  if (data.kind === "who" && standing) say(standing);
  if (data.kind === "woke") shell?.wake();
  if (data.kind === "ask" && shell) {
    say({ kind: "taken", tab: data.tab, id: data.ask.id });
    shell.ask(data.tab, data.ask);
  }
};
self.addEventListener("online", () => shell?.wake());

const network: Network = {
  fetch: (path, init) => fetch(path, init),
  openSocket: () => {
    const address = new URL(GATEWAY, self.location.origin);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    return new WebSocket(address);
  },
  now: () => Date.now(),
};

function stand(as: NonNullable<typeof standing>): void {
  standing = as;
  say(as);
}

/** Opens the store and starts the engine; tries again for as long as the store cannot be opened. */
async function lead(): Promise<void> {
  try {
    const key = await databaseKey();
    const seed = crypto.getRandomValues(new Uint8Array(SEED_LENGTH));
    const engine = await Engine.open(STORE, key, seed, self.location.origin, Date.now());
    key.fill(0);
    shell = new Shell(engine, audience(engine), network);
  } catch (error) {
    stand({ kind: "blocked", refusal: asRefusal(error, "STORE_FAILED") });
    setTimeout(() => void lead(), REOPEN_DELAY_MS);
    return;
  }
  stand({ kind: "leading", term: crypto.randomUUID() });
  shell.start();
}

function audience(engine: Engine): Audience {
  return {
    answer: (tab, answer) => say({ kind: "answer", tab, answer }),
    changed: (topics) => say({ kind: "changed", topics }),
    wipe: () => void beginAnew(engine).catch(crashed),
    crashed,
  };
}

function crashed(error: unknown): void {
  postMessage({ kind: "crashed", refusal: asRefusal(error, "INTERNAL") } satisfies WorkerMessage);
}

/** Destroys the store with its key: without one the other is noise, and the next store takes its place. */
async function beginAnew(engine: Engine): Promise<void> {
  shell?.end();
  shell = null;
  standing = null;
  await forgetDatabaseKey();
  engine.free();
  await lead();
}

/** What Rust refuses to open comes as a refusal; anything else is the browser's, or a fault of ours. */
function asRefusal(error: unknown, code: ErrorCode): Refusal {
  if (isRefusal(error)) return error;
  return { code, message: error instanceof Error ? error.message : String(error), retry_after_ms: null };
}

init({ module_or_path: wasmUrl }).then(lead).catch(crashed);
