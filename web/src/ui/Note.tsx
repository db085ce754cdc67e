/** Sentences that stand out: a refusal, something to look at, an empty place, a slow one. */
import { type ReactNode, useEffect, useState } from "react";
import { refusalSentence } from "../words";
import type { Refusal } from "../wire";
import { Cloister } from "./Arch";
import "./note.css";

export function RefusalNote({ refusal }: { refusal: Refusal | null }) {
  return (
    <div role="alert" className="note-place">
      {refusal && <p className="note note-brick">{refusalSentence(refusal)}</p>}
    </div>
  );
}

export function Note({ kind, children }: { kind: "amber" | "brick" | "plain" | "accent"; children: ReactNode }) {
  return <div className={`note note-${kind}`}>{children}</div>;
}

/** A place with nothing in it: the drawing, one sentence, one thing to do. */
export function Empty({ title, level: Level = "h1", children, action }: { title: string; level?: "h1" | "h2"; children: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <Cloister />
      <Level className="empty-title serif">{title}</Level>
      <p className="empty-text">{children}</p>
      {action}
    </div>
  );
}

/** Grey lines where text will be; nothing at all during the first 200 ms. */
export function Skeleton({ lines, label }: { lines: number; label: string }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 200);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="skeleton" role="status" aria-label={label}>
      {late && Array.from({ length: lines }, (_, line) => <span key={line} className={`skeleton-line skeleton-${line % 4}`} />)}
    </div>
  );
}
