/** What may be meant by the word that is being written: people, channels, emoji, commands. */
import { Hash, Megaphone, SquareSlash } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useState } from "react";
import { useView } from "../state/engine";
import { useMembersNamed } from "../state/members";
import { type Emoji, findEmoji, loadEmoji } from "../state/emoji";
import { may } from "../state/permission";
import { slashes } from "../state/slash";
import { Avatar } from "../ui/Arch";
import { EmojiPicture } from "../ui/EmojiPicture";
import { suggest as words } from "../words";
import type { ChannelView, GuildView, MemberView } from "../wire";
import "./suggest.css";

const most = 8;

export interface Suggestion {
  key: string;
  /** What stands in the text instead of the word. */
  insert: string;
  name: string;
  detail: string;
  sign: ReactNode;
}

export interface Word {
  sign: "@" | "#" | ":" | "/";
  text: string;
  from: number;
  to: number;
}

/** The word at the caret that may be completed. */
export function wordAt(text: string, caret: number): Word | null {
  const before = text.slice(0, caret);
  const match = /(?:^|[\s(])([@#:])([^\s@#:`]{0,40})$/u.exec(before) ?? /^(\/)(\w{0,20})$/.exec(before);
  if (match === null) return null;
  const sign = match[1] as Word["sign"];
  const word = match[2] ?? "";
  if (sign === ":" && word.length < 2) return null;
  return { sign, text: word, from: caret - word.length - 1, to: caret };
}

export interface Suggesting {
  shown: Suggestion[];
  at: number;
  /** Answers to a key; true if it was for the list. */
  onKey: (event: KeyboardEvent) => boolean;
  pick: (one: Suggestion) => void;
  label: string;
}

export function useSuggestions(view: ChannelView, word: Word | null, take: (word: Word, insert: string) => void): Suggesting {
  const guild = useGuild(view.guild);
  const named = useMembersNamed(word?.sign === "@" ? view.guild : null, word?.text ?? "", most + 1);
  const emoji = useFound(word?.sign === ":" ? word.text : null);
  const [at, setAt] = useState(0);
  const [closed, close] = useState<string | null>(null);
  const id = word === null ? null : `${word.sign}${word.from}`;
  const shown = useMemo(() => (word === null || closed === id ? [] : suggestions(word, view, guild, named, emoji)), [word, closed, id, view, guild, named, emoji]);
  useEffect(() => setAt(0), [word?.text, word?.sign]);
  useEffect(() => {
    if (id === null) close(null);
  }, [id]);
  const pick = (one: Suggestion) => {
    if (word !== null) take(word, one.insert);
  };
  const onKey = (event: KeyboardEvent): boolean => {
    const one = shown[Math.min(at, shown.length - 1)];
    if (one === undefined || event.nativeEvent.isComposing) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") setAt((now) => (Math.min(now, shown.length - 1) + (event.key === "ArrowDown" ? 1 : shown.length - 1)) % shown.length);
    else if (event.key === "Escape") close(id);
    else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey)) pick(one);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  const label = word === null ? "" : { "@": words.people, "#": words.channels, ":": words.emoji, "/": words.commands }[word.sign];
  return { shown, at: Math.min(at, shown.length - 1), onKey, pick, label };
}

function useGuild(guild: string | null): GuildView | null {
  const answer = useView(guild === null ? { ask: "session" } : { ask: "guild", guild });
  return answer?.answer === "guild" ? answer.guild : null;
}

function useFound(query: string | null): Emoji[] {
  const [found, setFound] = useState<Emoji[]>([]);
  useEffect(() => {
    let here = true;
    if (query === null) setFound([]);
    else void loadEmoji().then((all) => here && setFound(findEmoji(all, query, most)));
    return () => {
      here = false;
    };
  }, [query]);
  return found;
}

function suggestions(word: Word, view: ChannelView, guild: GuildView | null, members: readonly MemberView[], emoji: readonly Emoji[]): Suggestion[] {
  const query = word.text.toLowerCase();
  switch (word.sign) {
    case "@":
      return people(query, view, guild, members);
    case "#":
      return (guild?.channels ?? [])
        .filter((one) => one.name.toLowerCase().includes(query))
        .slice(0, most)
        .map((one) => ({ key: one.id, insert: `#${one.name}`, name: one.name, detail: "", sign: <Hash size={16} strokeWidth={1.75} aria-hidden /> }));
    case ":":
      return [...ownFound(query, guild), ...emoji.map((one) => ({ key: one.emoji, insert: one.emoji, name: one.name, detail: "", sign: <span aria-hidden>{one.emoji}</span> }))].slice(0, most);
    case "/":
      return slashes.filter((one) => one.name.startsWith(query)).map((one) => ({ key: one.name, insert: `/${one.name}`, name: one.name, detail: one.about, sign: <SquareSlash size={16} strokeWidth={1.75} aria-hidden /> }));
  }
}

function ownFound(query: string, guild: GuildView | null): Suggestion[] {
  const found = (guild?.emoji ?? []).filter((one) => one.name.includes(query));
  return found.map((one) => ({ key: one.id, insert: `:${one.name}:`, name: `:${one.name}:`, detail: "", sign: <EmojiPicture picture={one.picture} name="" /> }));
}

function people(query: string, view: ChannelView, guild: GuildView | null, members: readonly MemberView[]): Suggestion[] {
  const named = members
    .filter((one) => !one.me)
    .slice(0, most)
    .map((one) => ({ key: one.user, insert: `@${one.username}`, name: one.display_name, detail: `@${one.username}`, sign: <Avatar id={one.user} name={one.display_name} size="small" /> }));
  if (guild === null || view.kind.kind === "dm" || !may(guild.my_permissions, "mention_everyone")) return named;
  const all = ["everyone", "here"].filter((one) => one.startsWith(query)).map((one) => ({ key: one, insert: `@${one}`, name: one, detail: words.everyone, sign: <Megaphone size={16} strokeWidth={1.75} aria-hidden /> }));
  return [...named, ...all].slice(0, most);
}

export function SuggestionList({ id, suggesting }: { id: string; suggesting: Suggesting }) {
  const { shown, at, label, pick } = suggesting;
  if (shown.length === 0) return null;
  return (
    <div className="suggest">
      <p className="unseen" role="status">
        {words.count(shown.length)}
      </p>
      <div className="suggest-list" role="listbox" id={id} aria-label={label}>
        {shown.map((one, index) => (
          // The keys are answered where one writes: the list never has the focus.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
          <div
            key={one.key}
            tabIndex={-1}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            className="suggest-one"
            onMouseDown={(event) => {
              event.preventDefault();
              pick(one);
            }}
          >
            <span className="suggest-sign">{one.sign}</span>
            <span className="suggest-name" dir="auto">
              {one.name}
            </span>
            <span className="suggest-detail">{one.detail}</span>
          </div>
        ))}
      </div>
    </div>
  );
}
