/** Choosing an emoji: recent ones, all by group, and a search. */
import { Clock, Dumbbell, Flag, Hand, Heart, Leaf, Lightbulb, type LucideIcon, Search, Smile, Star, Train, Utensils } from "lucide-react";
import { use, useMemo, useState } from "react";
import { Input, ListBox, ListBoxItem, SearchField } from "react-aria-components";
import { type Emoji, findEmoji, OwnEmojiContext, recentEmoji, useEmoji, useUsedEmoji } from "../state/emoji";
import { EmojiPicture } from "../ui/EmojiPicture";
import { Skeleton } from "../ui/Note";
import { emoji as words } from "../words";
import "./emoji.css";

const mostFound = 120;
/** Numbers of the groups in the data; -1 are the recent ones, -2 those of the server. */
const ownGroup = -2;
const groups: ReadonlyArray<[number, LucideIcon]> = [
  [-1, Clock],
  [ownGroup, Star],
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
  const own = use(OwnEmojiContext);
  const [query, setQuery] = useState("");
  const [group, setGroup] = useState<number>(-1);
  const shown = useMemo((): Emoji[] => {
    if (all === null) return [];
    const mine = own.map((one): Emoji => ({ emoji: one.token, name: `:${one.name}:`, words: one.name.replaceAll("_", " "), group: ownGroup, picture: one.picture }));
    if (query.trim() !== "") return findEmoji([...mine, ...all], query, mostFound);
    if (group === ownGroup) return mine;
    if (group >= 0) return all.filter((one) => one.group === group);
    const byEmoji = new Map(all.map((one) => [one.emoji, one]));
    return recentEmoji().map((one) => byEmoji.get(one) ?? { emoji: one, name: one, words: "", group: -1 });
  }, [all, own, query, group]);
  const pick = (emoji: string) => {
    if (!emoji.startsWith("<")) used(emoji);
    onPick(emoji);
  };
  return (
    <div className="emoji">
      <SearchField className="emoji-search" aria-label={words.search} value={query} onChange={setQuery} autoFocus onSubmit={() => shown[0] && pick(shown[0].emoji)}>
        <Search size={16} strokeWidth={1.75} aria-hidden />
        <Input className="emoji-input" placeholder={words.search} />
      </SearchField>
      <div className="emoji-groups" role="tablist" aria-label={words.groups}>
        {groups.filter(([number]) => number !== ownGroup || own.length > 0).map(([number, Sign]) => ({ number, Sign, name: words.group[number] ?? "" })).map(({ number, Sign, name }) => (
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
              <span title={one.name}>{one.picture === undefined ? one.emoji : <EmojiPicture picture={one.picture} name={one.name} />}</span>
            </ListBoxItem>
          )}
        </ListBox>
      )}
    </div>
  );
}
