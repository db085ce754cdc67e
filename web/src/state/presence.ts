/** Who is there, as the engine says. */
import { useEffect } from "react";
import type { PresenceState, PresenceView } from "../wire";
import { useGive, useView } from "./engine";

/** Without a touch for so long nobody uses this device. */
const idleAfter_ms = 5 * 60_000;
/** Another tab may have said that nobody does. */
const again_ms = 60_000;

export function usePresence(user: string): PresenceView | undefined {
  return useView({ ask: "presences" })?.people.find((one) => one.user === user);
}

/** Whether this person asked not to be disturbed. */
export function useQuiet(): boolean {
  return useView({ ask: "presences" })?.mine.availability === "do_not_disturb";
}

export const stateOf = (presence: PresenceView | undefined): PresenceState => presence?.state ?? "offline";

/** Tells the engine whether somebody uses this page. */
export function useActivity(): void {
  const give = useGive();
  useEffect(() => {
    let saidAt = 0;
    let active: boolean | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const say = (now: boolean) => {
      if (active === now && (!now || Date.now() - saidAt < again_ms)) return;
      active = now;
      saidAt = Date.now();
      void give({ do: "note_activity", active: now }).catch(() => undefined);
    };
    const touched = () => {
      clearTimeout(timer);
      timer = setTimeout(() => say(false), idleAfter_ms);
      if (document.visibilityState === "visible") say(true);
    };
    const events = ["pointerdown", "pointermove", "keydown", "wheel", "visibilitychange"] as const;
    for (const name of events) document.addEventListener(name, touched, { passive: true });
    touched();
    return () => {
      clearTimeout(timer);
      for (const name of events) document.removeEventListener(name, touched);
    };
  }, [give]);
}
