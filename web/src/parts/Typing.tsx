import { useView } from "../state/engine";
import { typing as words } from "../words";

/** Who is writing here now. */
export function Typing({ channel }: { channel: string }) {
  const names = useView({ ask: "typing", channel })?.names ?? [];
  if (names.length === 0) return null;
  return (
    <span className="composer-typing" dir="auto">
      {words.line(names)}
    </span>
  );
}
