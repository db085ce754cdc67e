/** The part of a conversation that is on screen, growing upwards as somebody reads back. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { MessageView, TimelineView } from "../wire";
import { useGive, useSteadyView } from "./engine";

const firstWindow = 80;
const step = 120;
/** As many as one answer brings at most. */
const mostHeld = 1_000;

/**
 * The newest window slides down as messages arrive. What it has left behind stays on screen as
 * long as nothing is missing in between, so that somebody who reads back loses no line.
 */
export function joined(before: readonly MessageView[], view: TimelineView): TimelineView {
  const first = view.messages[0];
  if (first === undefined) return view;
  const older = before.filter((message) => message.seq < first.seq);
  const last = older.at(-1);
  if (last === undefined || !before.some((message) => message.seq >= first.seq - 1)) return view;
  return { ...view, messages: [...older, ...view.messages] };
}

export type Reach = "idle" | "loading" | "failed";

export interface Reading {
  view: TimelineView | undefined;
  reach: Reach;
  /** Newer messages are in the store below what is shown. */
  apart: boolean;
  /** Asks for what came before; does nothing while that is under way or when there is nothing. */
  older: () => void;
  /** The same for what came after, where the window stands apart from the end. */
  newer: () => void;
  /** Back to the newest. */
  reset: () => void;
}

/** The engine answers with at most so many messages. */
const largest = 1000;
const around = 60;

interface Window {
  /** Messages before this; null: up to the newest. */
  before: number | null;
  limit: number;
}

/** The window that a message stands in the middle of. */
export function windowAround(seq: number, newest: number): Window {
  return newest - seq < firstWindow - 10 ? { before: null, limit: firstWindow } : { before: seq + around, limit: 2 * around };
}

/** A window that reaches further back; a full one slides. */
export function reachedBack({ before, limit }: Window, last: number): Window {
  if (limit + step <= largest) return { before, limit: limit + step };
  return { before: (before ?? last + 1) - step, limit: largest };
}

/** A window that reaches further on, up to the newest. */
export function reachedOn({ before, limit }: Window, last: number): Window {
  if (before === null) return { before, limit };
  const on = before + step;
  return { before: on > last ? null : on, limit: Math.min(limit + step, largest) };
}

/** `at` is the place of a message that is to be shown; null shows the newest. */
export function useTimeline(channel: string, at: number | null, newest: number): Reading {
  const [range, setRange] = useState<Window>(() => (at === null ? { before: null, limit: firstWindow } : windowAround(at, newest)));
  const [anchor, setAnchor] = useState(at);
  if (anchor !== at) {
    setAnchor(at);
    setRange(at === null ? { before: null, limit: firstWindow } : windowAround(at, newest));
  }
  const [reach, setReach] = useState<Reach>("idle");
  const give = useGive();
  const window = useSteadyView({ ask: "timeline", channel, before: range.before, limit: range.limit }, `${channel} ${at}`);
  const apart = range.before !== null;
  const [shown, setShown] = useState<{ window: TimelineView | undefined; view: TimelineView | undefined }>({ window: undefined, view: undefined });
  if (shown.window !== window) setShown({ window, view: window && (apart ? { ...window, pending: [] } : joined(shown.view?.messages ?? [], window)) });
  const view = shown.view;
  // What the window has slid away from is asked for too: it may be edited or deleted.
  const held = view?.messages.length ?? 0;
  useEffect(() => {
    setRange((now) => (now.before === null && now.limit < Math.min(held, mostHeld) ? { ...now, limit: Math.min(held, mostHeld) } : now));
  }, [held]);
  const waitsFor = useRef<TimelineView | null>(null);

  // A larger window was asked for: reading further has to wait until it is here.
  useEffect(() => {
    if (waitsFor.current !== null && waitsFor.current !== window) {
      waitsFor.current = null;
      setReach("idle");
    }
  }, [window]);

  const older = useCallback(() => {
    if (window === undefined || waitsFor.current !== null) return;
    if (window.older_in_store) {
      waitsFor.current = window;
      setReach("loading");
      setRange((now) => reachedBack(now, window.messages.at(-1)?.seq ?? 0));
      return;
    }
    if (!window.older_on_server) return;
    waitsFor.current = window;
    setReach("loading");
    give({ do: "load_history", channel, before: window.messages[0]?.seq ?? null }).then(
      (reply) => {
        const loaded = reply.outcome === "history" ? reply.loaded : 0;
        if (loaded > 0) setRange((now) => (now.limit + loaded <= largest ? { ...now, limit: now.limit + loaded } : reachedBack(now, window.messages.at(-1)?.seq ?? 0)));
        else {
          waitsFor.current = null;
          setReach("idle");
        }
      },
      () => {
        waitsFor.current = null;
        setReach("failed");
      },
    );
  }, [window, channel, give]);

  const newer = useCallback(() => {
    if (window === undefined || waitsFor.current !== null || range.before === null) return;
    waitsFor.current = window;
    setRange((now) => reachedOn(now, window.last_seq));
  }, [window, range.before]);

  const reset = useCallback(() => {
    waitsFor.current = null;
    setRange({ before: null, limit: firstWindow });
  }, []);

  return { view, reach, apart, older, newer, reset };
}
