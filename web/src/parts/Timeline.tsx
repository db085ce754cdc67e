/** A conversation: loads upwards, stays where it is, follows the newest while one is at the end. */
import { ArrowDown, ArrowUp, Pin } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { useGive, useTask } from "../state/engine";
import { useAttention, useNow } from "../state/page";
import { newestSeq, type Row, rowsOf } from "../state/rows";
import { useTimeline } from "../state/timeline";
import { Button } from "../ui/Button";
import { RefusalNote, Skeleton } from "../ui/Note";
import type { EarlierMessages } from "../wire";
import { app, dayName, notice, pins, relative, talk } from "../words";
import { Announcer } from "./Announcer";
import { Message, Pending } from "./Message";
import { jumpEvent, useTalking } from "./talking";
import "./timeline.css";

/** Closer to the end than this counts as being there. */
const atEndPx = 32;
const reachPx = 900;
/** How far below the top the unread line stands when a channel is opened. */
const unreadFromTopPx = 96;
const readDelay_ms = 400;
/** How long a message that was looked for stays marked. */
const foundFor_ms = 1_600;

/** Whether those who come later read what was said before, and this person's asking for it. */
export interface Earlier {
  rule: EarlierMessages;
  mayHave: boolean;
  askedAt: number | null;
}

interface Props {
  channel: string;
  place: string;
  me: { user: string; name: string };
  online: boolean;
  /** What becomes of earlier messages here; null in a direct conversation. */
  earlier: Earlier | null;
  /** Stands where the conversation begins. */
  beginning: ReactNode;
  onTakenBack: (text: string) => void;
  /** A message that the address names: shown first, brought if it is not here. */
  wanted: string | null;
  /** Its place, where this device has it; the newest message's place; the way back to that one. */
  at: number | null;
  newestSeq: number;
  onLeave: () => void;
  /** Kept up to date with the newest message that one may edit. */
  lastOwn: { current: string | null };
}

export function Timeline({ channel, place, me, online, earlier, beginning, onTakenBack, wanted, at, newestSeq: lastSeq, onLeave, lastOwn }: Props) {
  const { view, reach, apart, older, newer, reset } = useTimeline(channel, at, lastSeq);
  const give = useGive();
  const attentive = useAttention();
  const list = useRef<VirtualizerHandle>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const hasView = view !== undefined;
  const [atEnd, setAtEnd] = useState(true);
  const [unreadAbove, setUnreadAbove] = useState(false);
  const follow = useRef(true);
  const last = useRef({ offset: 0, height: 0 });
  const [focused, setFocused] = useState<string | null>(null);
  const minute = useNow(60_000);

  const unreadAfter = useUnreadLine(view, attentive);
  const rows = useMemo(() => (view ? rowsOf(view, me.user, unreadAfter) : []), [view, me.user, unreadAfter]);
  const shift = usePrepended(rows);
  const newest = view ? newestSeq(view) : 0;

  const toEnd = useCallback(() => {
    if (apart) return;
    follow.current = true;
    const place = scroller.current;
    if (place !== null) place.scrollTop = place.scrollHeight;
  }, [apart]);

  // Somebody who comes back starts reading where they stopped.
  const placed = useRef(false);
  const unreadRow = rows.findIndex((row) => row.row === "unread");
  useLayoutEffect(() => {
    if (placed.current || unreadRow < 0) return;
    placed.current = true;
    follow.current = false;
    list.current?.scrollToIndex(unreadRow, { align: "start", offset: -unreadFromTopPx });
  }, [unreadRow]);

  // Stay at the end while something arrives, is measured, or the composer grows.
  useLayoutEffect(() => {
    if (follow.current) toEnd();
  }, [rows, toEnd]);
  useEffect(() => {
    const place = scroller.current;
    if (place === null) return;
    const observer = new ResizeObserver(() => {
      if (follow.current) place.scrollTop = place.scrollHeight;
    });
    observer.observe(place);
    for (const part of place.children) observer.observe(part);
    return () => observer.disconnect();
  }, [hasView]);

  const onScroll = useCallback(
    (offset: number) => {
      const handle = list.current;
      if (handle === null) return;
      const end = handle.scrollSize - handle.viewportSize - offset <= atEndPx;
      // Only somebody who scrolls up leaves the end; a growing page or composer doesn't.
      const { offset: before, height } = last.current;
      if (end && !apart) follow.current = true;
      else if (offset < before && handle.viewportSize === height) follow.current = false;
      last.current = { offset, height: handle.viewportSize };
      setAtEnd(follow.current);
      setUnreadAbove(unreadRow >= 0 && handle.getItemOffset(unreadRow) < offset);
      if (offset < reachPx) older();
      if (apart && handle.scrollSize - handle.viewportSize - offset < reachPx) newer();
    },
    [older, newer, apart, unreadRow],
  );

  const older_somewhere = view?.older_in_store === true || view?.older_on_server === true;
  // The first window may not fill the screen, and a lost connection may have come back.
  useEffect(() => {
    const handle = list.current;
    if (!hasView || !older_somewhere || handle === null) return;
    if ((handle.scrollOffset < reachPx || handle.scrollSize <= handle.viewportSize) && (online || view.older_in_store)) older();
  }, [hasView, older_somewhere, online, older, rows, view]);

  const readSeq = view?.read_seq ?? 0;
  useEffect(() => {
    if (!atEnd || !attentive || newest <= readSeq) return;
    const timer = setTimeout(() => void give({ do: "mark_read", channel, seq: newest }).catch(() => undefined), readDelay_ms);
    return () => clearTimeout(timer);
  }, [atEnd, attentive, newest, readSeq, give, channel]);

  const lines = useMemo(() => rows.filter((row) => row.row === "message" || row.row === "pending").map((row) => row.key), [rows]);
  const current = focused !== null && lines.includes(focused) ? focused : (lines.at(-1) ?? null);
  const focusLine = (key: string | undefined) => {
    if (key === undefined) return;
    setFocused(key);
    const index = rows.findIndex((row) => row.key === key);
    list.current?.scrollToIndex(index, { align: "nearest" });
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-line="${CSS.escape(key)}"]`)?.focus({ preventScroll: true }));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.target instanceof HTMLElement) || event.altKey || event.ctrlKey || event.metaKey) return;
    const key = event.target.closest<HTMLElement>("[data-line]")?.dataset["line"];
    if (key === undefined) return;
    const at = lines.indexOf(key);
    const to = { ArrowUp: lines[at - 1], ArrowDown: lines[at + 1], Home: lines[0], End: lines.at(-1) }[event.key];
    if (!["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
    event.preventDefault();
    focusLine(to);
  };

  useEffect(() => {
    lastOwn.current = view?.messages.findLast((message) => message.can_edit)?.id ?? null;
  }, [view, lastOwn]);
  useEffect(() => {
    const show = (event: Event) => {
      const key = (event as CustomEvent<string>).detail;
      const index = rows.findIndex((row) => row.key === key);
      if (index < 0) return;
      follow.current = false;
      setAtEnd(false);
      setFocused(key);
      list.current?.scrollToIndex(index, { align: "center" });
      requestAnimationFrame(() => {
        const line = scroller.current?.querySelector<HTMLElement>(`[data-line="${CSS.escape(key)}"]`);
        line?.focus({ preventScroll: true });
        line?.classList.add("line-found");
        setTimeout(() => line?.classList.remove("line-found"), foundFor_ms);
      });
    };
    addEventListener(jumpEvent, show);
    return () => removeEventListener(jumpEvent, show);
  }, [rows]);

  const found = useRef<string | null>(null);
  useEffect(() => {
    if (wanted === null) found.current = null;
    if (wanted === null || found.current === wanted || view === undefined) return;
    if (view.messages.some((message) => message.id === wanted)) {
      found.current = wanted;
      // After this drawing, when the rows are in their places.
      requestAnimationFrame(() => dispatchEvent(new CustomEvent(jumpEvent, { detail: wanted })));
    } else if (reach === "idle") older();
  }, [wanted, view, reach, older]);

  const toUnread = () => {
    follow.current = false;
    setUnreadAbove(false);
    list.current?.scrollToIndex(unreadRow, { align: "start", offset: -unreadFromTopPx });
  };
  const jump = () => {
    setFocused(null);
    follow.current = true;
    if (apart) reset();
    if (wanted === null) toEnd();
    else onLeave();
  };
  useEffect(() => {
    const read = () => {
      if (apart) {
        follow.current = true;
        reset();
        onLeave();
      }
      toEnd();
      if (newest > readSeq) void give({ do: "mark_read", channel, seq: newest }).catch(() => undefined);
    };
    addEventListener("cloister:read", read);
    return () => removeEventListener("cloister:read", read);
  }, [toEnd, newest, readSeq, give, channel, apart, reset, onLeave]);

  if (view === undefined) return <Skeleton lines={7} label={app.loading} />;
  const behind = view.messages.filter((message) => message.seq > readSeq && !message.mine).length;
  const keep = current === null ? -1 : rows.findIndex((row) => row.key === current);
  const pendingIds = new Set(view.pending.map((entry) => entry.entry));
  const newestMine = pendingIds.size === 0 ? view.messages.at(-1)?.id : undefined;

  return (
    <div className="timeline">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- arrow keys move between the articles inside */}
      <div className="timeline-scroll" ref={scroller} role="log" aria-live="off" aria-label={talk.label(place)} aria-busy={reach === "loading"} onKeyDown={onKeyDown}>
        <div className="timeline-fill" />
        <Virtualizer ref={list} scrollRef={scroller} shift={shift} onScroll={onScroll} keepMounted={keep < 0 ? [] : [keep]} itemSize={52}>
          {rows.map((row) => (
            <div key={row.key}>
              <RowView row={row} current={current} newestMine={newestMine} me={me} now={minute} reach={reach} online={online} channel={channel} earlier={earlier} beginning={beginning} onTakenBack={onTakenBack} />
            </div>
          ))}
        </Virtualizer>
      </div>
      {unreadAbove && unreadRow >= 0 && (
        <div className="timeline-to-unread">
          <Button small icon={ArrowUp} onPress={toUnread}>
            {notice.toUnread}
          </Button>
        </div>
      )}
      {!atEnd && (
        <div className="timeline-jump">
          <Button look={behind > 0 ? "primary" : "plain"} small icon={ArrowDown} onPress={jump} aria-label={behind > 0 ? `${talk.jump}, ${talk.jumpCount(behind)}` : talk.jump}>
            {behind > 0 ? talk.jumpCount(behind) : talk.jump}
          </Button>
        </div>
      )}
      <Announcer messages={view.messages} />
    </div>
  );
}

interface RowProps extends Pick<Props, "channel" | "earlier" | "me" | "online" | "beginning" | "onTakenBack"> {
  row: Row;
  current: string | null;
  newestMine: string | undefined;
  now: number;
  reach: "idle" | "loading" | "failed";
}

export function RowView({ row, current, newestMine, channel, earlier, me, now, reach, online, beginning, onTakenBack }: RowProps) {
  switch (row.row) {
    case "start":
      if (row.reason === "joined") return <p className="timeline-edge">{earlier?.rule === "shared" && !earlier.mayHave ? talk.joinedShared : talk.joined}</p>;
      if (row.reason === "beginning") return beginning;
      return (
        <p className="timeline-edge" role="status">
          {!online && reach === "failed" ? talk.olderOffline : talk.older}
        </p>
      );
    case "day":
      return (
        <div className="timeline-day">
          <h3>{dayName(row.at, now)}</h3>
        </div>
      );
    case "unread":
      return (
        <div className="timeline-unread" role="separator" aria-label={talk.unreadLabel}>
          <span>{talk.unread}</span>
        </div>
      );
    case "pin":
      return <Pinned name={row.pin.by_name} message={row.pin.message} />;
    case "before":
      return earlier?.rule === "shared" && earlier.mayHave ? <Awaited count={row.count} channel={channel} earlier={earlier} now={now} online={online} /> : <p className="timeline-edge">{talk.before(row.count)}</p>;
    case "message":
      return <Message message={row.message} line={lineOf(row.key, current)} first={row.first} newest={row.message.id === newestMine} />;
    case "pending":
      return <Pending entry={row.entry} line={lineOf(row.key, current)} first={row.first} me={me} onTakenBack={onTakenBack} />;
  }
}

/** Somebody pinned something at this time. */
function Pinned({ name, message }: { name: string; message: string }) {
  const { jump } = useTalking();
  return (
    <div className="timeline-pin">
      <Pin size={14} strokeWidth={1.75} aria-hidden />
      <span dir="auto">{pins.line(name)}</span>
      <Button small look="quiet" onPress={() => jump(message)}>
        {pins.see}
      </Button>
    </div>
  );
}

/** Earlier messages whose keys a member has yet to hand over. */
function Awaited({ count, channel, earlier, now, online }: { count: number; channel: string; earlier: Earlier; now: number; online: boolean }) {
  const give = useGive();
  const ask = useTask(async () => {
    await give({ do: "ask_history", channel });
  });
  return (
    <div className="timeline-edge timeline-awaited">
      <p>{talk.beforeShared(count)}</p>
      <p>
        {earlier.askedAt !== null && <span>{talk.askedHistory(relative(earlier.askedAt, now))} </span>}
        <Button small look="quiet" onPress={() => void ask.run()} isPending={ask.busy} isDisabled={!online}>
          {talk.askHistory}
        </Button>
      </p>
      <RefusalNote refusal={ask.refusal} />
    </div>
  );
}

const inOrder = new Map<string, { id: string; inOrder: boolean }>();
const outOfOrder = new Map<string, { id: string; inOrder: boolean }>();

/** The same object for the same line, so that a line is drawn again only when its place changes. */
export function lineOf(id: string, current: string | null) {
  const known = id === current ? inOrder : outOfOrder;
  const line = known.get(id) ?? { id, inOrder: id === current };
  if (known.size > 4000) known.clear();
  known.set(id, line);
  return line;
}

/** Whether this drawing added rows above those of the last one and nothing else. */
function usePrepended(rows: readonly Row[]): boolean {
  const [last, setLast] = useState<{ rows: readonly Row[]; prepended: boolean }>({ rows: [], prepended: false });
  if (last.rows !== rows) {
    const before = last.rows.find((row) => row.row === "message");
    const first = rows.find((row) => row.row === "message");
    const grown = rows.length > last.rows.length && rows.at(-1)?.key === last.rows.at(-1)?.key;
    setLast({ rows, prepended: grown && before !== undefined && first !== undefined && before.key !== first.key });
  }
  return last.prepended;
}

/** Where the unread line stands: as the channel was opened, or where somebody looked away. */
function useUnreadLine(view: { read_seq: number; last_seq: number } | undefined, attentive: boolean): number | null {
  const [after, setAfter] = useState<number | null>(null);
  const opened = useRef(false);
  const away = useRef<number | null>(null);
  useEffect(() => {
    if (view === undefined) return;
    if (!opened.current) {
      opened.current = true;
      if (view.last_seq > view.read_seq) setAfter(view.read_seq);
      return;
    }
    if (attentive) away.current = null;
    else if (away.current === null) away.current = view.last_seq;
    else if (view.last_seq > away.current && view.read_seq <= away.current) setAfter((now) => (now === null || now < view.read_seq ? away.current : now));
  }, [view, attentive]);
  useEffect(() => {
    const clear = () => setAfter(null);
    addEventListener("cloister:read", clear);
    return () => removeEventListener("cloister:read", clear);
  }, []);
  return after;
}
