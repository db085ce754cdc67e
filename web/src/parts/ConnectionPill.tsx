/** Says that there is no connection, when the next attempt is, and lets a person try now. */
import { useGive } from "../state/engine";
import { useNow, useSettled } from "../state/page";
import { Button } from "../ui/Button";
import { connection as words, secondsUntil } from "../words";
import type { SessionView } from "../wire";
import "./connection.css";

/** A short gap is no news. */
const quiet_ms = 1_500;

export function ConnectionPill({ session }: { session: SessionView }) {
  const give = useGive();
  const away = useSettled(session.connection !== "online", quiet_ms);
  const waits = away && session.retry_at !== null;
  const now = useNow(waits ? 1_000 : null);
  if (!away) return <div className="connection-place" role="status" />;
  const seconds = session.retry_at === null ? 0 : secondsUntil(session.retry_at, now);
  return (
    <div className="connection-place">
      <div className="connection">
        <span className={`connection-dot connection-${session.connection}`} aria-hidden />
        <span className="connection-text">
          <span role="status">{session.connection === "connecting" ? words.connecting : words.offline}</span>{" "}
          <span>{seconds > 0 ? words.retryIn(seconds) : words.kept}</span>
        </span>
        <Button small look="quiet" onPress={() => void give({ do: "reconnect" }).catch(() => undefined)}>
          {words.tryNow}
        </Button>
      </div>
    </div>
  );
}

export function Alarm({ sentence }: { sentence: string }) {
  return (
    <div className="alarm" role="alert">
      <strong>{words.alarm}</strong>
      <p dir="auto">{sentence}</p>
    </div>
  );
}
