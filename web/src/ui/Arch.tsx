/** The one recurring shape: a round top on a square foot. */
import { UsersRound } from "lucide-react";
import { monogram, tintOf } from "./tint";
import "./arch.css";

/** The mark: an arch in an arch. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden focusable="false">
      <path d="M4 29V15a12 12 0 0 1 24 0v14z" fill="currentColor" />
      <path d="M10.5 29V16a5.5 5.5 0 0 1 11 0v13z" className="mark-light" />
    </svg>
  );
}

/** A server's picture; without one, its first letters in a window of quiet glass. */
export function GuildArch({ id, name, src, size }: { id: string; name: string; src?: string | null; size?: "small" | "large" }) {
  return (
    <span className={`guild-arch${size ? ` guild-arch-${size}` : ""}`} data-tint={tintOf(id)} aria-hidden>
      {src ? <img className="guild-arch-picture" src={src} alt="" draggable={false} /> : monogram(name, 2)}
    </span>
  );
}

export function Avatar({ id, name, size }: { id: string; name: string; size?: "small" | "large" }) {
  return (
    <span className={`avatar${size ? ` avatar-${size}` : ""}`} data-tint={tintOf(id)} aria-hidden>
      {monogram(name, 1)}
    </span>
  );
}

/** A conversation of several: two heads in the place of one letter. */
export function GroupMark({ size }: { size?: "small" | "large" }) {
  return (
    <span className={`avatar avatar-group${size ? ` avatar-${size}` : ""}`} aria-hidden>
      <UsersRound size={size === "small" ? 16 : size === "large" ? 32 : 20} strokeWidth={1.75} />
    </span>
  );
}

/** A row of arches with a garden behind the middle one. */
export function Cloister() {
  return (
    <svg className="drawing" viewBox="0 0 240 120" fill="none" stroke="currentColor" strokeWidth="1.25" strokeLinecap="round" strokeLinejoin="round" aria-hidden focusable="false">
      <path d="M6 112h228" />
      <path d="M14 112V62a28 28 0 0 1 56 0v50M21 112V62a21 21 0 0 1 42 0v50" />
      <path d="M170 112V62a28 28 0 0 1 56 0v50M177 112V62a21 21 0 0 1 42 0v50" />
      <path d="M86 112V52a34 34 0 0 1 68 0v60M94 112V52a26 26 0 0 1 52 0v60" />
      <path d="M70 62h16M154 62h16M8 26h224M8 20h224" opacity=".55" />
      <g className="drawing-garden">
        <path d="M120 112V70" />
        <path d="M120 92c-9-1-14-6-15-14 9 0 15 5 15 14zM120 84c0-9 5-14 14-15 0 9-5 15-14 15zM120 74c-5-5-5-12 0-18 5 6 5 13 0 18z" />
        <path d="M104 112c1-4 4-6 7-6M136 112c-1-4-4-6-7-6" />
      </g>
      <path d="M28 112c0-5 3-8 7-8s7 3 7 8M198 112c0-4 2-6 5-6s5 2 5 6" opacity=".55" />
    </svg>
  );
}

/** A long walk of arches, to stand behind a page's own arch. */
export function Arcade() {
  const bays = Array.from({ length: 14 }, (_, bay) => bay * 120);
  return (
    <svg className="arcade" viewBox="0 0 1680 260" preserveAspectRatio="xMidYMax slice" fill="none" stroke="currentColor" strokeWidth="1.25" aria-hidden focusable="false">
      <path d="M0 34h1680M0 26h1680" />
      {bays.map((x) => (
        <path key={x} d={`M${x + 8} 260V108a52 52 0 0 1 104 0v152M${x + 18} 260V108a42 42 0 0 1 84 0v152M${x - 8} 108h16M${x - 6} 116h12`} />
      ))}
    </svg>
  );
}
