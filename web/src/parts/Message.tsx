/** One message, or one that is not sent yet, as a line of the conversation. */
import { CornerUpRight, Forward, KeyRound, Pin, RotateCcw, Timer, Undo2 } from "lucide-react";
import { memo, type PointerEvent, type ReactNode, useRef, useState } from "react";
import { Button as AriaButton, DialogTrigger } from "react-aria-components";
import { useGive, useTask } from "../state/engine";
import { useNow } from "../state/page";
import { Avatar } from "../ui/Arch";
import { Button } from "../ui/Button";
import { Bubble } from "../ui/Dialog";
import { hasLink, Markdown, plainText } from "../ui/Markdown";
import { SealMark } from "../ui/Seal";
import { Tick } from "../ui/Tick";
import { conversations, failedSend, pins, relative, talk, timeOfDay, unreadable, wholeTime } from "../words";
import type { MessageView, OutboxView, ReplyView, Undecryptable } from "../wire";
import { MessageBar, useMessageKeys } from "./MessageBar";
import { PollCard } from "./PollCard";
import { Reactions } from "./Reactions";
import { Rewrite } from "./Rewrite";
import { useChosen, useEditing, useTalking } from "./talking";
import { ThreadChip } from "./ThreadChip";
import "./message.css";
import "./pin.css";

/** Focus moves through the lines with the arrow keys; only one is in the order of Tab. */
export interface Line {
  id: string;
  inOrder: boolean;
}

interface FrameProps {
  line: Line;
  first: boolean;
  author: string;
  authorName: string;
  at: number;
  state?: "sending" | "failed" | "hushed" | "calls";
  above?: ReactNode;
  after?: ReactNode;
  onKey?: (key: string) => boolean;
  /** A swipe on a touch screen. */
  onSwipe?: (() => void) | undefined;
  children: ReactNode;
}

function Frame({ line, first, author, authorName, at, state, above, after, onKey, onSwipe, children }: FrameProps) {
  const name = `author-${line.id}`;
  const body = `body-${line.id}`;
  const swipe = useSwipe(onSwipe);
  return (
    // Focus moves through the articles with the arrow keys, as in any list of them.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions
    <article className={`line${first ? " line-first" : ""}${state ? ` line-${state}` : ""}`} data-line={line.id} tabIndex={line.inOrder ? 0 : -1} aria-labelledby={`${name} ${body}`}
      {...swipe}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
        if (onKey?.(event.key) === true) event.preventDefault();
      }}
    >
      {above}
      {first ? (
        <>
          <span className="line-side">
            <Avatar id={author} name={authorName} />
          </span>
          <header className="line-head">
            <span className="line-author" id={name} dir="auto">
              {authorName}
            </span>
            <time className="line-time" dateTime={new Date(at).toISOString()} title={wholeTime(at)}>
              {timeOfDay(at)}
            </time>
          </header>
        </>
      ) : (
        <>
          <time className="line-side line-time line-time-hidden" dateTime={new Date(at).toISOString()} title={wholeTime(at)}>
            {timeOfDay(at)}
          </time>
          <span className="unseen" id={name}>
            {authorName}
          </span>
        </>
      )}
      <div className="line-body" id={body}>
        {children}
      </div>
      {after}
    </article>
  );
}

/** On a touch screen a swipe towards the start of the line answers; the other way leads back to the list. */
function useSwipe(onSwipe: (() => void) | undefined) {
  const from = useRef<{ x: number; y: number } | null>(null);
  if (onSwipe === undefined) return {};
  return {
    onPointerDown: (event: PointerEvent) => {
      from.current = event.pointerType === "touch" ? { x: event.clientX, y: event.clientY } : null;
    },
    onPointerUp: (event: PointerEvent) => {
      const start = from.current;
      from.current = null;
      if (start === null) return;
      const way = getComputedStyle(event.currentTarget).direction === "rtl" ? -1 : 1;
      if ((start.x - event.clientX) * way > 70 && Math.abs(event.clientY - start.y) < 40) onSwipe();
    },
  };
}

/** `within`: it stands above its own thread. */
export const Message = memo(function Message({ message, line, first, newest, within }: { message: MessageView; line: Line; first: boolean; newest: boolean; within?: true }) {
  const { content } = message;
  const onKey = useMessageKeys(message);
  const editing = useEditing() === message.id;
  const { reply, choose } = useTalking();
  const [shown, show] = useState(false);
  const chosen = useChosen();
  return (
    <Frame
      line={line}
      onKey={onKey}
      onSwipe={message.can_react ? () => reply(message) : undefined}
      first={first}
      author={message.author}
      authorName={message.author_name}
      at={message.at}
      {...(content.content !== "text" && content.content !== "poll" ? { state: "hushed" as const } : message.changing ? { state: "sending" as const } : message.calls_me ? { state: "calls" as const } : {})}
      above={message.reply && (!message.from_blocked || shown) && <Quote reply={message.reply} />}
      after={
        <>
          {newest && message.mine && <span className="line-sent">{talk.sent}</span>}
          <MessageBar message={message} inOrder={line.inOrder} />
        </>
      }
    >
      {message.pinned && (
        <span className="line-pinned">
          <Pin size={12} strokeWidth={1.75} aria-hidden /> {pins.mark}
        </span>
      )}
      {chosen !== null && message.can_delete && (
        <span className="line-tick">
          <Tick label={talk.choose} isSelected={chosen.has(message.id)} onChange={() => choose(message.id)} />
        </span>
      )}
      {message.from_blocked && !shown ? (
        <p className="line-hidden">
          {talk.fromBlocked}{" "}
          <AriaButton className="line-show" onPress={() => show(true)} {...(line.inOrder ? {} : { excludeFromTabOrder: true })}>
            {talk.showBlocked}
          </AriaButton>
        </p>
      ) : (
        <>
          {editing ? <Rewrite message={message} /> : <Body message={message} inOrder={line.inOrder} />}
          <Reactions message={message} inOrder={line.inOrder} />
          {message.thread !== null && within !== true && <ThreadChip message={message} mark={message.thread} inOrder={line.inOrder} />}
        </>
      )}
    </Frame>
  );
});

/** Text of somebody who is new here has no links to press until they aren't. */
function Prose({ message, body }: { message: MessageView; body: string }) {
  const until = message.links_held_until;
  const now = useNow(60_000);
  const held = until !== null && until > now;
  return (
    <>
      <Markdown body={body} mentions={message.mentions} held={held} />
      {held && hasLink(body) && <span className="line-edited">{talk.linksHeld(wholeTime(until))}</span>}
    </>
  );
}

function Body({ message, inOrder }: { message: MessageView; inOrder: boolean }) {
  const { content, edited_at: edited, forwarded_from: forwarded } = message;
  switch (content.content) {
    case "text":
      return (
        <>
          {forwarded !== null && (
            <p className="forward-from">
              <Forward size={14} strokeWidth={1.75} aria-hidden />
              {talk.forwarded(forwarded)}
            </p>
          )}
          <Prose message={message} body={content.body} />
          {message.handed_by !== null && <Handed by={message.handed_by} author={message.author_name} />}
          {message.expires_at !== null && <Vanishes at={message.expires_at} />}
          {edited !== null && (
            <span className="line-edited" title={wholeTime(edited)}>
              {talk.edited}
            </span>
          )}
        </>
      );
    case "poll":
      return <PollCard message={message} poll={content} inOrder={inOrder} />;
    case "named":
      return <p dir="auto">{conversations.named(message.author_name, content.name)}</p>;
    case "disappeared":
      return <p className="line-removed">{talk.disappeared}</p>;
    case "removed":
      return <p className="line-removed">{content.by_name === null ? talk.deleted : talk.removedBy(content.by_name)}</p>;
    case "waiting":
      return <p className="line-waiting">{talk.waiting}</p>;
    case "undecryptable":
      return <Unreadable cause={content.cause} />;
    case "before_you_joined":
      return <p>{talk.joined}</p>;
  }
}

/** What a message answers, in one line; a press shows it. */
function Quote({ reply }: { reply: ReplyView }) {
  const { jump } = useTalking();
  const text = reply.preview === null ? (reply.gone ? talk.quoteGone : talk.quoteAway) : plainText(reply.preview);
  return (
    <AriaButton className="line-quote" onPress={() => jump(reply.message)} isDisabled={reply.seq === null} aria-label={talk.quote(reply.author_name ?? "", text)}>
      <CornerUpRight size={14} strokeWidth={1.75} aria-hidden className="line-quote-sign" />
      {reply.author_name !== null && (
        <span className="line-quote-author" dir="auto">
          {reply.author_name}
        </span>
      )}
      <span className="line-quote-text" dir="auto">
        {text}
      </span>
    </AriaButton>
  );
}

/** From before this person came: who gave them the key. */
function Handed({ by, author }: { by: string; author: string }) {
  return (
    <DialogTrigger>
      <AriaButton className="line-edited line-handed">
        <KeyRound size={12} strokeWidth={1.75} aria-hidden /> {talk.handedBy(by)}
      </AriaButton>
      <Bubble label={talk.handedByTitle}>
        <p>{talk.handedByWhat(by, author)}</p>
      </Bubble>
    </DialogTrigger>
  );
}

/** How long a message that disappears is still here. */
function Vanishes({ at }: { at: number }) {
  const now = useNow(30_000);
  return (
    <span className="line-edited line-vanishes" title={wholeTime(at)}>
      <Timer size={12} strokeWidth={1.75} aria-hidden /> {talk.vanishes(relative(at, now))}
    </span>
  );
}

function Unreadable({ cause }: { cause: Undecryptable }) {
  const sentence = unreadable[cause];
  return (
    <p className="line-unreadable">
      <SealMark kind="attention" />
      <span>{sentence.what}</span>{" "}
      <DialogTrigger>
        <Button look="quiet" small>
          {talk.why}
        </Button>
        <Bubble label={talk.unreadableShort}>
          <p className="seal-word">
            <SealMark kind="attention" />
            {talk.unreadableShort}
          </p>
          <p>{sentence.what}</p>
          <p>{sentence.next}</p>
        </Bubble>
      </DialogTrigger>
    </p>
  );
}

export const Pending = memo(function Pending({ entry, line, first, me, onTakenBack }: { entry: OutboxView; line: Line; first: boolean; me: { user: string; name: string }; onTakenBack: (text: string) => void }) {
  const give = useGive();
  const retry = useTask(async () => {
    await give({ do: "retry", entry: entry.entry });
  });
  const drop = useTask(async () => {
    const reply = await give({ do: "drop", entry: entry.entry });
    onTakenBack(reply.outcome === "dropped" ? reply.body : entry.body);
  });
  const failed = entry.delivery.state === "failed" ? entry.delivery : null;
  return (
    <Frame
      line={line}
      first={first}
      author={me.user}
      authorName={me.name}
      at={entry.at}
      state={failed ? "failed" : "sending"}
      above={entry.reply && <Quote reply={entry.reply} />}
      after={
        failed ? (
          <div className="line-failure" role="group" aria-label={talk.failed}>
            <p>{failedSend(failed)}</p>
            <Button small icon={RotateCcw} onPress={() => void retry.run()} isPending={retry.busy}>
              {talk.retry}
            </Button>
            <Button small look="quiet" icon={Undo2} onPress={() => void drop.run()} isPending={drop.busy} aria-label={`${talk.giveUp}. ${talk.giveUpHint}`}>
              {talk.giveUp}
            </Button>
          </div>
        ) : (
          <span className="line-sent" role="status">
            {talk.sending}
          </span>
        )
      }
    >
      {entry.kind === "message" ? <Markdown body={entry.body} mentions={entry.mentions} /> : <p className="line-removed">{talk.about(entry.kind, entry.body)}</p>}
    </Frame>
  );
});
