/** A quiet colour and a monogram for whatever has an id and a name. */

export function tintOf(id: string): number {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + char.charCodeAt(0)) >>> 0;
  return sum % 8;
}

const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The first letter of the first word, and of the last one when two are wanted. */
export function monogram(name: string, most: 1 | 2): string {
  const words = name.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const chosen = most === 2 && words.length > 1 ? [words[0], words.at(-1)] : [words[0] ?? name];
  return chosen.map((word) => firstLetter(word ?? "")).join("");
}

function firstLetter(word: string): string {
  const start = word.replace(/^[^\p{L}\p{N}]+/u, "") || word;
  for (const { segment } of letters.segment(start)) return segment.toLocaleUpperCase();
  return "?";
}
