/** Locks the page when nobody uses it, where the instance wants that; asks shortly before. */
import { useEffect, useState } from "react";
import { isLocked, lockNow, onLock, open, readLock, warnsAt, writeLock } from "../state/lock";
import { useGive } from "../state/engine";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { lock as words } from "../words";

const looksEveryMs = 5_000;
const notedEveryMs = 5_000;
const uses = ["pointerdown", "keydown", "wheel", "touchstart"] as const;

export function LockWatch() {
  const give = useGive();
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    give({ do: "preview", invite: null }).then(
      (reply) => {
        if (reply.outcome !== "instance") return;
        const now = readLock();
        if (now.after !== reply.lock_after_ms) writeLock({ after: reply.lock_after_ms, used: Date.now(), locked: false });
      },
      () => undefined,
    );
  }, [give]);
  useEffect(() => {
    const use = () => {
      const lock = readLock();
      if (lock.after !== null && Date.now() - lock.used >= notedEveryMs) writeLock({ ...lock, used: Date.now() });
      setAsking(false);
    };
    const look = () => {
      const lock = readLock();
      const at = warnsAt(lock);
      if (isLocked(lock, Date.now())) lockNow();
      else setAsking(at !== null && Date.now() >= at);
    };
    for (const one of uses) addEventListener(one, use, { capture: true, passive: true });
    const timer = setInterval(look, looksEveryMs);
    const deaf = onLock((lock) => lock.locked && location.reload());
    return () => {
      for (const one of uses) removeEventListener(one, use, { capture: true });
      clearInterval(timer);
      deaf();
      // Signed out: there is nothing behind a lock any more.
      writeLock(open);
    };
  }, []);
  return (
    <Dialog title={words.askTitle} open={asking} onClose={() => setAsking(false)}>
      <p>{words.ask}</p>
      <div className="form-actions">
        <Button look="primary" autoFocus onPress={() => setAsking(false)}>
          {words.here}
        </Button>
      </div>
    </Dialog>
  );
}
