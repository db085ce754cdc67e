/** Commands that begin with a slash: what they turn a line into, before it is sent. */
import { slash as words } from "../words";

export interface Slash {
  name: string;
  about: string;
  /** The text that is sent instead; null if nothing is. */
  become: (rest: string) => string | null;
  /** Something the page does instead. */
  does?: "help" | "leave" | "join" | "nick";
}

const ending = (rest: string, sign: string): string => (rest === "" ? sign : `${rest} ${sign}`);
const dice = /^(\d{1,2})?d(\d{1,4})$/;

function rolled(rest: string): string | null {
  const match = dice.exec(rest === "" ? "1d6" : rest.toLowerCase());
  const count = Number(match?.[1] ?? 1);
  const sides = Number(match?.[2] ?? 0);
  if (match === null || count < 1 || sides < 2) return null;
  const bytes = crypto.getRandomValues(new Uint32Array(count));
  const thrown = [...bytes].map((one) => 1 + (one % sides));
  return words.rolled(`${count}d${sides}`, thrown.join(" + "), thrown.reduce((sum, one) => sum + one, 0));
}

export const slashes: readonly Slash[] = [
  { name: "help", about: words.help, become: () => null, does: "help" },
  { name: "join", about: words.join, become: () => null, does: "join" },
  { name: "leave", about: words.leave, become: () => null, does: "leave" },
  { name: "me", about: words.me, become: (rest) => (rest === "" ? null : `_${rest}_`) },
  { name: "nick", about: words.nick, become: () => null, does: "nick" },
  { name: "roll", about: words.roll, become: rolled },
  { name: "shrug", about: words.shrug, become: (rest) => ending(rest, "¯\\\\\\_(ツ)\\_/¯") },
  { name: "spoiler", about: words.spoiler, become: (rest) => (rest === "" ? null : `||${rest}||`) },
  { name: "tableflip", about: words.tableflip, become: (rest) => ending(rest, "(╯°□°)╯︵ ┻━┻") },
];

/** The command a text begins with, and what follows it. */
export function slashOf(text: string): { slash: Slash; rest: string } | null {
  const match = /^\/(\w+)(?:\s+([\s\S]*))?$/.exec(text);
  const slash = slashes.find((one) => one.name === match?.[1]);
  return slash === undefined ? null : { slash, rest: (match?.[2] ?? "").trim() };
}
