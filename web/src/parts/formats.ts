/** Keys that put signs of the dialect around the chosen text: bold, italic, underlined, code. */
import type { KeyboardEvent } from "react";

const signs: Record<string, string> = { b: "**", i: "*", u: "__", e: "`" };

/** True if the key was one of them. */
export function formats(event: KeyboardEvent, area: HTMLTextAreaElement | null, write: (text: string) => void): boolean {
  const sign = signs[event.key.toLowerCase()];
  if (sign === undefined || area === null || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return false;
  event.preventDefault();
  const { selectionStart: from, selectionEnd: to, value } = area;
  const chosen = value.slice(from, to);
  const on = value.slice(from - sign.length, from) === sign && value.slice(to, to + sign.length) === sign;
  write(on ? value.slice(0, from - sign.length) + chosen + value.slice(to + sign.length) : value.slice(0, from) + sign + chosen + sign + value.slice(to));
  const start = on ? from - sign.length : from + sign.length;
  requestAnimationFrame(() => area.setSelectionRange(start, start + chosen.length));
  return true;
}
