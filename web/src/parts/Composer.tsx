/** Where a message is written. What stands here is kept as a draft until it is in the outbox. */
import { ArrowUp, CalendarClock, ChartBarBig, Smile, Timer, TimerOff, X } from "lucide-react";
import { type KeyboardEvent, type Ref, useCallback, useEffect, useId, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useGive, useView } from "../state/engine";
import { asRefusal } from "../state/refusal";
import { changeSettings, settings, useSettings } from "../state/settings";
import { slashOf } from "../state/slash";
import { DialogTrigger } from "react-aria-components";
import { IconButton } from "../ui/Button";
import { Bubble } from "../ui/Dialog";
import { Menu } from "../ui/Menu";
import { plainText } from "../ui/Markdown";
import { composer, failedSend, later, poll, refusalSentence, slash } from "../words";
import type { ChannelView, Refusal } from "../wire";
import { EmojiPicker } from "./EmojiPicker";
import { formats } from "./formats";
import { useDialogs } from "./open";
import { SuggestionList, useSuggestions, wordAt } from "./Suggestions";
import { useReplying, useTalking } from "./talking";
import { Typing } from "./Typing";
import "./composer.css";

const draftDelay_ms = 500;
export const longestMessage = 4_000;

const hour_s = 3_600;
const vanishing = [
  { label: composer.vanishOff, ttl_s: 0 },
  { label: composer.vanishHour, ttl_s: hour_s },
  { label: composer.vanishDay, ttl_s: 24 * hour_s },
  { label: composer.vanishWeek, ttl_s: 7 * 24 * hour_s },
];

export interface ComposerHandle {
  /** Puts a text back, before what is written already. */
  takeBack: (text: string) => void;
  focus: () => void;
}

/** In a thread: which, what is unfinished there, and whether one may write. */
export interface Within {
  thread: string;
  draft: string;
  canSend: boolean;
}

export function Composer({ view, place, lastOwn, within, ref }: { view: ChannelView; place: string; lastOwn: () => string | null; within?: Within; ref: Ref<ComposerHandle> }) {
  const give = useGive();
  const { reply, edit } = useTalking();
  const replying = useReplying();
  const draft = within === undefined ? view.draft : within.draft;
  const [text, setText] = useState(draft);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [caret, setCaret] = useState(0);
  const [hint, setHint] = useState<string | null>(null);
  const vanishKey = within?.thread ?? view.id;
  const ttl_s = useSettings().vanish[vanishKey] ?? 0;
  const listId = useId();
  const openDialog = useDialogs();
  const guilds = useView({ ask: "guilds" })?.guilds;
  const me = useView({ ask: "session" })?.me ?? null;
  const area = useRef<HTMLTextAreaElement>(null);
  const keep = useDraft(view.id, within?.thread ?? null, draft);
  // Another device wrote on, or sent it: what was not touched here follows.
  const [known, setKnown] = useState(draft);
  if (draft !== known) {
    setKnown(draft);
    if (text === known) setText(draft);
  }

  const write = useCallback(
    (next: string) => {
      setText(next);
      keep(next);
    },
    [keep],
  );
  useImperativeHandle(ref, () => ({
    takeBack: (back) => {
      const now = area.current?.value ?? "";
      write(now === "" ? back : `${back}\n${now}`);
      area.current?.focus();
    },
    focus: () => area.current?.focus(),
  }));
  useGrowing(area, text);

  const tooMany = [...text.trim()].length - longestMessage;
  const ready = text.trim() !== "" && tooMany <= 0 && view.blocked === null;

  const send = async () => {
    if (!ready) return;
    let body = text.trim();
    if (text.startsWith("/")) {
      const found = slashOf(body);
      if (found === null) {
        const name = /^\/(\w+)/.exec(body)?.[1];
        if (name !== undefined) {
          setHint(slash.unknown(name));
          return;
        }
      } else if (found.slash.does !== undefined) {
        write("");
        const guild = guilds?.find((one) => one.id === view.guild);
        if (found.slash.does === "help") openDialog({ dialog: "help" });
        else if (found.slash.does === "join") openDialog({ dialog: "add-guild" });
        else if (found.slash.does === "nick") {
          if (guild !== undefined && me !== null) openDialog({ dialog: "nickname", guild: guild.id, user: me.user });
        } else if (guild !== undefined) openDialog({ dialog: "leave-guild", guild: guild.id, name: guild.name });
        return;
      } else {
        const become = found.slash.become(found.rest);
        if (become === null) {
          setHint(slash.wrong(found.slash.name));
          return;
        }
        body = become;
      }
    }
    write("");
    setRefusal(null);
    const answered = replying;
    reply(null);
    try {
      if (within !== undefined) await give({ do: "send_in_thread", thread: within.thread, body, reply: answered?.id ?? null, ttl_s: ttl_s > 0 ? ttl_s : null });
      else if (ttl_s > 0) await give({ do: "send_fleeting", channel: view.id, body, reply: answered?.id ?? null, ttl_s });
      else await give(answered === null ? { do: "send", channel: view.id, body } : { do: "reply", message: answered.id, body });
    } catch (error) {
      setRefusal(asRefusal(error));
      const since = area.current?.value ?? "";
      write(since === "" ? body : `${body}\n${since}`);
    }
  };
  const put = (from: number, to: number, piece: string) => {
    const box = area.current;
    write(text.slice(0, from) + piece + text.slice(to));
    requestAnimationFrame(() => {
      box?.focus();
      box?.setSelectionRange(from + piece.length, from + piece.length);
      setCaret(from + piece.length);
    });
  };
  const insert = (piece: string) => {
    const box = area.current;
    put(box?.selectionStart ?? text.length, box?.selectionEnd ?? text.length, piece);
  };
  const begun = useMemo(() => wordAt(text, caret), [text, caret]);
  const suggesting = useSuggestions(view, begun, ({ from, to }, piece) => put(from, to, `${piece} `));
  // Whoever answers wants to write at once.
  useEffect(() => {
    if (replying !== null) area.current?.focus();
  }, [replying]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (suggesting.onKey(event)) return;
    if (formats(event, area.current, write)) return;
    if (event.key === "Escape" && replying !== null) {
      event.preventDefault();
      event.stopPropagation();
      reply(null);
      return;
    }
    if (event.key === "ArrowUp" && text === "" && !event.shiftKey && !event.altKey) {
      const last = lastOwn();
      if (last === null) return;
      event.preventDefault();
      edit(last);
      return;
    }
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    // On a touch keyboard Enter is the only way to a new line.
    if (matchMedia("(pointer: coarse)").matches && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    void send();
  };

  if (!(within === undefined ? view.can_send : view.can_send && within.canSend) && view.blocked === null) return <p className="composer-closed">{within === undefined && view.writers === "announcers" ? composer.announcements : composer.cannot}</p>;
  // A fork has its own words above.
  const word = view.blocked === null || view.fork !== null ? null : refusalSentence(view.blocked);
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {word !== null && (
        <p className="composer-word composer-word-brick" role="alert">
          {word}
        </p>
      )}
      {refusal !== null && (
        <p className="composer-word composer-word-brick" role="alert">
          {failedSend(refusal)}
        </p>
      )}
      {replying !== null && (
        <p className="composer-reply">
          <span className="composer-reply-text" dir="auto">
            {composer.replying(replying.author_name)} <span className="quiet">{replying.content.content === "text" ? plainText(replying.content.body) : ""}</span>
          </span>
          <IconButton icon={X} size={16} label={composer.stopReply} onPress={() => reply(null)} />
        </p>
      )}
      <SuggestionList id={listId} suggesting={suggesting} />
      <div className="composer-box">
        <textarea
          ref={area}
          className="composer-text"
          aria-label={composer.label(place)}
          placeholder={composer.placeholder(place)}
          rows={1}
          dir="auto"
          value={text}
          onChange={(event) => {
            write(event.target.value);
            setCaret(event.target.selectionStart);
            setHint(null);
            if (event.target.value.trim() !== "" && settings().typing) void give({ do: "typing", channel: view.id }).catch(() => undefined);
          }}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          aria-autocomplete="list"
          aria-controls={suggesting.shown.length > 0 ? listId : undefined}
          aria-activedescendant={suggesting.shown.length > 0 ? `${listId}-${suggesting.at}` : undefined}
          onKeyDown={onKeyDown}
          enterKeyHint="send"
          autoComplete="off"
        />
        <Menu label={composer.vanish} placement="top start" entries={vanishing.map(({ label, ttl_s }) => ({ label, icon: ttl_s === 0 ? TimerOff : Timer, onAction: () => changeSettings({ vanish: { ...settings().vanish, [vanishKey]: ttl_s } }) }))}>
          <IconButton icon={Timer} label={ttl_s === 0 ? composer.vanish : composer.vanishes} pressed={ttl_s > 0} />
        </Menu>
        {within === undefined && (
          <>
            <IconButton icon={CalendarClock} label={later.open} onPress={() => openDialog({ dialog: "later", channel: view.id, place, text })} />
            <IconButton icon={ChartBarBig} label={poll.title} onPress={() => openDialog({ dialog: "poll", channel: view.id })} />
          </>
        )}
        <DialogTrigger>
          <IconButton icon={Smile} label={composer.emoji} />
          <Bubble label={composer.emoji} placement="top end">
            {({ close }) => (
              <EmojiPicker
                onPick={(emoji) => {
                  close();
                  insert(emoji.startsWith("<:") ? emoji.slice(1, emoji.indexOf(":", 2) + 1) : emoji);
                }}
              />
            )}
          </Bubble>
        </DialogTrigger>
        <IconButton icon={ArrowUp} label={composer.send} look="primary" isDisabled={!ready} type="submit" />
      </div>
      <p className="composer-foot" role="status">
        {hint !== null ? <span className="composer-look">{hint}</span> : tooMany > 0 ? <span className="composer-many">{composer.left(tooMany)}</span> : view.unvouched.length > 0 && text !== "" ? <span className="composer-look">{composer.unvouched(view.unvouched.length)}</span> : within === undefined && <Typing channel={view.id} />}
      </p>
    </form>
  );
}

/** Saves a moment after the last stroke, and at once when the channel or the page is left. */
function useDraft(channel: string, thread: string | null, saved: string): (text: string) => void {
  const give = useGive();
  const state = useRef<{ text: string; saved: string; timer: ReturnType<typeof setTimeout> | undefined }>({ text: saved, saved, timer: undefined });
  useEffect(() => {
    const now = state.current;
    if (now.text === now.saved) now.text = saved;
    if (now.text === saved) now.saved = saved;
  }, [saved]);
  const flush = useCallback(() => {
    const now = state.current;
    clearTimeout(now.timer);
    if (now.text === now.saved) return;
    now.saved = now.text;
    void give(thread === null ? { do: "save_draft", channel, body: now.text } : { do: "save_thread_draft", thread, body: now.text }).catch(() => undefined);
  }, [give, channel, thread]);
  useEffect(() => {
    addEventListener("pagehide", flush);
    return () => {
      removeEventListener("pagehide", flush);
      flush();
    };
  }, [flush]);
  return useCallback(
    (text: string) => {
      const now = state.current;
      now.text = text;
      clearTimeout(now.timer);
      now.timer = setTimeout(flush, draftDelay_ms);
    },
    [flush],
  );
}

/** One line that grows with its text, in browsers whose style sheets can't say so. */
function useGrowing(area: { current: HTMLTextAreaElement | null }, text: string): void {
  useLayoutEffect(() => {
    const box = area.current;
    if (box === null || CSS.supports("field-sizing", "content")) return;
    box.style.blockSize = "auto";
    box.style.blockSize = `${box.scrollHeight}px`;
  }, [area, text]);
}
