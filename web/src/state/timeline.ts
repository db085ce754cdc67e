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
  /** Asks for what came before; does nothing while that is under way or when there is nothing. */
  older: () => void;
}

export function useTimeline(channel: string): Reading {
  const [limit, setLimit] = useState(firstWindow);
  const [reach, setReach] = useState<Reach>("idle");
  const give = useGive();
  const window = useSteadyView({ ask: "timeline", channel, before: null, limit }, channel);
  const [shown, setShown] = useState<{ window: TimelineView | undefined; view: TimelineView | undefined }>({ window: undefined, view: undefined });
  if (shown.window !== window) setShown({ window, view: window && joined(shown.view?.messages ?? [], window) });
  const view = shown.view;
  // What the window has slid away from is asked for too: it may be edited or deleted.
  const held = view?.messages.length ?? 0;
  useEffect(() => {
    setLimit((now) => Math.max(now, Math.min(held, mostHeld)));
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
      setLimit((now) => now + step);
      return;
    }
    if (!window.older_on_server) return;
    waitsFor.current = window;
    setReach("loading");
    give({ do: "load_history", channel, before: window.messages[0]?.seq ?? null }).then(
      (reply) => {
        const loaded = reply.outcome === "history" ? reply.loaded : 0;
        if (loaded > 0) setLimit((now) => now + loaded);
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

  return { view, reach, older };
}
