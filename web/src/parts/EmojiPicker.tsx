/** Choosing an emoji: recent ones, all by group, and a search. */
import { Clock, Dumbbell, Flag, Hand, Heart, Leaf, Lightbulb, type LucideIcon, Search, Smile, Train, Utensils } from "lucide-react";
import { useMemo, useState } from "react";
import { Input, ListBox, ListBoxItem, SearchField } from "react-aria-components";
import { type Emoji, findEmoji, recentEmoji, useEmoji, useUsedEmoji } from "../state/emoji";
import { Skeleton } from "../ui/Note";
import { emoji as words } from "../words";
import "./emoji.css";

const mostFound = 120;
/** Numbers of the groups in the data; -1 are the recent ones. */
const groups: ReadonlyArray<[number, LucideIcon]> = [
  [-1, Clock],
  [0, Smile],
  [1, Hand],
  [3, Leaf],
  [4, Utensils],
  [5, Train],
  [6, Dumbbell],
  [7, Lightbulb],
  [8, Heart],
  [9, Flag],
];

export function EmojiPicker({ onPick }: { onPick: (emoji: string) => void }) {
  const all = useEmoji();
  const used = useUsedEmoji();
  const [query, setQuery] = useState("");
  const [group, setGroup] = useState<number>(-1);
  const shown = useMemo((): Emoji[] => {
    if (all === null) return [];
    if (query.trim() !== "") return findEmoji(all, query, mostFound);
    if (group >= 0) return all.filter((one) => one.group === group);
    const byEmoji = new Map(all.map((one) => [one.emoji, one]));
    return recentEmoji().map((one) => byEmoji.get(one) ?? { emoji: one, name: one, words: "", group: -1 });
  }, [all, query, group]);
  const pick = (emoji: string) => {
    used(emoji);
    onPick(emoji);
  };
  return (
    <div className="emoji">
      <SearchField className="emoji-search" aria-label={words.search} value={query} onChange={setQuery} autoFocus onSubmit={() => shown[0] && pick(shown[0].emoji)}>
        <Search size={16} strokeWidth={1.75} aria-hidden />
        <Input className="emoji-input" placeholder={words.search} />
      </SearchField>
      <div className="emoji-groups" role="tablist" aria-label={words.groups}>
        {groups.map(([number, Sign]) => ({ number, Sign, name: words.group[number] ?? "" })).map(({ number, Sign, name }) => (
          <button key={number} type="button" role="tab" className="emoji-group" aria-selected={group === number && query === ""} aria-label={name} title={name} onClick={() => {
            setQuery("");
            setGroup(number);
          }}>
            <Sign size={16} strokeWidth={1.75} aria-hidden />
          </button>
        ))}
      </div>
      {all === null ? (
        <Skeleton lines={4} label={words.loading} />
      ) : shown.length === 0 ? (
        <p className="emoji-none">{words.none}</p>
      ) : (
        <ListBox className="emoji-list" aria-label={words.list} layout="grid" selectionMode="none" items={shown} onAction={(picked) => pick(String(picked))}>
          {(one) => (
            <ListBoxItem id={one.emoji} textValue={one.name} className="emoji-one" aria-label={one.name}>
              <span title={one.name}>{one.emoji}</span>
            </ListBoxItem>
          )}
        </ListBox>
      )}
    </div>
  );
}
