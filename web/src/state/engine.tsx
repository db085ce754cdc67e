/** The view of the engine: `useView` draws a query, `useCommand` gives a command. */
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { EngineBridge } from "../engine/contract";
import type { Command, CommandReply, Query, Refusal, Topic } from "../wire";
import { type Answer, ViewCache } from "./cache";
import { asRefusal } from "./refusal";

interface Engine {
  bridge: EngineBridge;
  cache: ViewCache;
}

const EngineContext = createContext<Engine | null>(null);

export function EngineProvider(props: { bridge: EngineBridge; children: ReactNode }) {
  const engine = useMemo(() => ({ bridge: props.bridge, cache: new ViewCache(props.bridge) }), [props.bridge]);
  return <EngineContext value={engine}>{props.children}</EngineContext>;
}

function useEngine(): Engine {
  const engine = use(EngineContext);
  if (engine === null) throw new Error("this part needs an EngineProvider above it");
  return engine;
}

/** The answer to a query, kept up to date. `undefined` until the first answer. */
export function useView<Q extends Query>(query: Q): Answer<Q> | undefined {
  const { cache } = useEngine();
  const key = JSON.stringify(query);
  const watch = useCallback((listener: () => void) => cache.watch(key, JSON.parse(key) as Query, listener), [cache, key]);
  const snapshot = useSyncExternalStore(watch, () => cache.read(key));
  return snapshot.reply as Answer<Q> | undefined;
}

/** The last answer that was there, while a larger question of the same kind is on its way. */
export function useSteadyView<Q extends Query>(query: Q, identity: string): Answer<Q> | undefined {
  const view = useView(query);
  const [last, setLast] = useState<{ identity: string; view: Answer<Q> } | undefined>(undefined);
  if (view !== undefined && view !== last?.view) setLast({ identity, view });
  return view ?? (last?.identity === identity ? last.view : undefined);
}

/** Asks once, without watching; rejects with `Refused`. */
export function useAsk(): <Q extends Query>(query: Q) => Promise<Answer<Q>> {
  const { bridge } = useEngine();
  return useCallback(<Q extends Query>(query: Q) => bridge.query(query) as Promise<Answer<Q>>, [bridge]);
}

/** Gives a command; rejects with `Refused`. */
export function useGive(): (command: Command) => Promise<CommandReply> {
  const { bridge } = useEngine();
  return useCallback((command: Command) => bridge.command(command), [bridge]);
}

/** Calls `listener` when something of this topic may have changed. */
export function useTopic(topic: Topic["topic"], listener: () => void): void {
  const { bridge } = useEngine();
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => bridge.subscribe((topics) => topics.some((one) => one.topic === topic) && latest.current()), [bridge, topic]);
}

export interface Task<A extends unknown[]> {
  run: (...args: A) => Promise<void>;
  busy: boolean;
  refusal: Refusal | null;
  clear: () => void;
}

/** Something a person started: runs once at a time and keeps why it was refused. */
export function useTask<A extends unknown[]>(work: (...args: A) => Promise<void>): Task<A> {
  const [state, setState] = useState<{ busy: boolean; refusal: Refusal | null }>({ busy: false, refusal: null });
  const latest = useRef(work);
  const running = useRef(false);
  const alive = useRef(true);
  useEffect(() => {
    latest.current = work;
  });
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);
  const run = useCallback(async (...args: A) => {
    if (running.current) return;
    running.current = true;
    setState({ busy: true, refusal: null });
    let refusal: Refusal | null = null;
    try {
      await latest.current(...args);
    } catch (error) {
      refusal = asRefusal(error);
    }
    running.current = false;
    if (alive.current) setState({ busy: false, refusal });
  }, []);
  const clear = useCallback(() => setState((now) => ({ ...now, refusal: null })), []);
  return { run, busy: state.busy, refusal: state.refusal, clear };
}

/** Whether there is an engine to talk to, and if not, why. */
export function useEngineStatus() {
  const { bridge } = useEngine();
  const status = useSyncExternalStore(
    useCallback((listener: () => void) => bridge.onStatus(listener), [bridge]),
    () => bridge.status(),
  );
  return { status, blockedBy: status === "blocked" ? bridge.blockedBy() : null };
}
