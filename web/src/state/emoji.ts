/** Emoji by group, name and recent use. The list is large and comes when it is first needed. */
import { createContext, useEffect, useState } from "react";
import type { OwnEmoji } from "../wire";

/** Those of the server where one is. */
export const OwnEmojiContext = createContext<readonly OwnEmoji[]>([]);

export interface Emoji {
  emoji: string;
  name: string;
  /** Words that find it. */
  words: string;
  group: number;
  /** Of a server's own: the name of its picture. */
  picture?: string | null;
}

let list: Promise<readonly Emoji[]> | null = null;

export function loadEmoji(): Promise<readonly Emoji[]> {
  list ??= import("emojibase-data/en/compact.json").then(({ default: all }) =>
    all.flatMap((one) => (one.group === undefined || one.group === 2 ? [] : [{ emoji: one.unicode, name: one.label, words: [one.label, ...(one.tags ?? [])].join(" ").toLowerCase(), group: one.group }])),
  );
  return list;
}

export function useEmoji(): readonly Emoji[] | null {
  const [all, setAll] = useState<readonly Emoji[] | null>(null);
  useEffect(() => {
    let here = true;
    void loadEmoji().then((loaded) => here && setAll(loaded));
    return () => {
      here = false;
    };
  }, []);
  return all;
}

/** Those that every word of the query begins a word of; whole names first. */
export function findEmoji(all: readonly Emoji[], query: string, most: number): Emoji[] {
  const parts = query.toLowerCase().replaceAll("_", " ").split(" ").filter(Boolean);
  if (parts.length === 0) return [];
  const hits = all.filter(({ words }) => parts.every((part) => words.split(/[ :-]/).some((word) => word.startsWith(part))));
  const rank = (one: Emoji) => (one.name.toLowerCase().startsWith(parts[0] ?? "") ? 0 : 1);
  return hits.toSorted((a, b) => rank(a) - rank(b)).slice(0, most);
}

const key = "cloister.emoji";
const mostRecent = 24;
const usual = ["👍", "❤️", "😂", "🎉", "😮", "😢", "🙏", "👀"];

/** What this person used last on this device, filled up with what people use most. */
export function recentEmoji(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    const own = Array.isArray(kept) ? kept.filter((one): one is string => typeof one === "string") : [];
    return [...new Set([...own, ...usual])].slice(0, mostRecent);
  } catch {
    return usual;
  }
}

export function useUsedEmoji(): (emoji: string) => void {
  return (emoji) => {
    try {
      localStorage.setItem(key, JSON.stringify([emoji, ...recentEmoji().filter((one) => one !== emoji)].slice(0, mostRecent)));
    } catch {
      // Nothing is lost but an order.
    }
  };
}
