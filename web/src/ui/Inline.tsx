/** Parts of a message's text that are more than text. */
import { type ReactNode, useState } from "react";
import { spoiler as words, moment, relative } from "../words";
import { useNow } from "../state/page";
import type { MentionView } from "../wire";
import { EmojiPicture } from "./EmojiPicture";

/** Hidden until somebody wants to see it. */
export function Spoiler({ children }: { children: ReactNode }) {
  const [shown, show] = useState(false);
  if (shown) return <span className="spoiler spoiler-shown">{children}</span>;
  return (
    <button type="button" className="spoiler" aria-label={words.show} onClick={() => show(true)}>
      <span aria-hidden inert>
        {children}
      </span>
    </button>
  );
}

export function Mention({ token, known }: { token: string; known: MentionView | undefined }) {
  if (token.startsWith("<:")) return <EmojiPicture picture={known?.picture ?? null} name={known?.written ?? token.slice(1, token.indexOf(":", 2) + 1)} />;
  const name = token.startsWith("@") ? token.slice(1) : known?.name;
  if (name === undefined) return <span className="mention">{token.startsWith("<#") ? words.lostChannel : words.lostPerson}</span>;
  return (
    <span className="mention" dir="auto" data-person={known?.person ?? undefined} data-channel={known?.channel ?? undefined}>
      {token.startsWith("<#") ? "#" : "@"}
      {name}
    </span>
  );
}

const ticking_ms = 30_000;

export function Moment({ at, style }: { at: number; style: string }) {
  const now = useNow(style === "R" ? ticking_ms : null);
  const far = !Number.isFinite(new Date(at).getTime());
  if (far) return <>{words.lostTime}</>;
  return (
    <time className="moment" dateTime={new Date(at).toISOString()} title={moment(at, "F")}>
      {style === "R" ? relative(at, now) : moment(at, style)}
    </time>
  );
}
