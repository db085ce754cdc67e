/** The threads of a channel, and one of them whole: beside the talk, and over it where there is little room. */
import { ArrowLeft, ArrowUpToLine, Bell, BellOff, LockKeyhole, LockKeyholeOpen, X } from "lucide-react";
import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Button as AriaButton } from "react-aria-components";
import { useLocation } from "wouter";
import { path } from "../paths";
import { useGive, useTask, useView } from "../state/engine";
import { narrow, useAttention, useMedia, useNow } from "../state/page";
import { PlaceProvider } from "../state/place";
import { rowsOf } from "../state/rows";
import { closeThreads, showThread, showThreads, type ThreadsShown } from "../state/threads";
import { Button, IconButton } from "../ui/Button";
import { plainText } from "../ui/Markdown";
import { Empty, RefusalNote, Skeleton } from "../ui/Note";
import { app, threads as words } from "../words";
import type { ChannelView, MessageView, ThreadLine, ThreadState, ThreadView, TimelineView } from "../wire";
import { Announcer } from "./Announcer";
import { Composer, type ComposerHandle } from "./Composer";
import { Message } from "./Message";
import { jumpEvent, TalkingProvider } from "./talking";
import { ThreadFigures } from "./ThreadChip";
import { lineOf, RowView } from "./Timeline";
import "./thread.css";

const firstWindow = 80;
const step = 200;
const atEndPx = 32;
const readDelay_ms = 400;
const foundFor_ms = 1_600;

interface Props {
  shown: ThreadsShown;
  guild: string | null;
  me: { user: string; name: string };
  online: boolean;
}

export function ThreadPanel({ shown, guild, me, online }: Props) {
  return shown.thread === null ? <ThreadList channel={shown.channel} /> : <OneThread key={shown.thread} thread={shown.thread} channel={shown.channel} wanted={shown.wanted} guild={guild} me={me} online={online} />;
}

/** Escape closes the panel from anywhere in it. */
function closing(event: KeyboardEvent): void {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  event.preventDefault();
  event.stopPropagation();
  closeThreads();
}

/** What a thread is about, in one line. */
function textOf(message: MessageView | null): string {
  if (message === null) return words.away;
  if (message.content.content === "poll") return message.content.question;
  if (message.content.content !== "text") return words.away;
  return plainText(message.mentions.reduce((text, one) => text.replaceAll(one.token, one.written), message.content.body));
}

function ThreadList({ channel }: { channel: string }) {
  const give = useGive();
  const [state, setState] = useState<ThreadState>("open");
  const [next, setNext] = useState<number | null>(null);
  const lines = useView({ ask: "threads", channel, state })?.threads;
  const load = useTask(
    useCallback(
      async (before: number | null) => {
        const reply = await give({ do: "load_threads", channel, state, before });
        setNext(reply.outcome === "threads" ? reply.next : null);
      },
      [give, channel, state],
    ),
  );
  const { run } = load;
  useEffect(() => void run(null), [run, state]);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <aside className="panel threads" aria-label={words.title} data-region onKeyDown={closing}>
      <header className="panel-head">
        <h2>{words.title}</h2>
        <IconButton icon={X} label={words.close} onPress={closeThreads} />
      </header>
      <div className="threads-tabs" role="group" aria-label={words.title}>
        {(["open", "archived"] as const).map((one) => (
          <Button key={one} small look={state === one ? "plain" : "quiet"} aria-pressed={state === one} onPress={() => setState(one)}>
            {one === "open" ? words.openTab : words.archivedTab}
          </Button>
        ))}
      </div>
      <div className="panel-scroll">
        <RefusalNote refusal={load.refusal} />
        {lines === undefined || (lines.length === 0 && load.busy) ? (
          <Skeleton lines={5} label={app.loading} />
        ) : lines.length === 0 ? (
          <Empty title={state === "open" ? words.emptyOpenTitle : words.emptyArchivedTitle} level="h2">
            {state === "open" ? words.emptyOpen : words.emptyArchived}
          </Empty>
        ) : (
          <ol className="threads-list">
            {lines.map((line) => (
              <li key={line.thread}>
                <Line line={line} />
              </li>
            ))}
          </ol>
        )}
        {next !== null && (
          <div className="threads-more">
            <Button small onPress={() => void run(next)} isPending={load.busy}>
              {words.more}
            </Button>
          </div>
        )}
      </div>
    </aside>
  );
}

function Line({ line }: { line: ThreadLine }) {
  return (
    <AriaButton className="threads-line" onPress={() => showThread(line.channel, line.thread)}>
      <span className="threads-author" dir="auto">
        {line.root?.author_name ?? words.startedBy(line.started_by_name)}
      </span>
      <span className={line.root === null ? "threads-text quiet" : "threads-text"} dir="auto">
        {textOf(line.root)}
      </span>
      <span className="threads-figures">
        <ThreadFigures mark={line.mark} />
      </span>
    </AriaButton>
  );
}

interface OneProps extends Omit<Props, "shown"> {
  thread: string;
  channel: string;
  wanted: string | null;
}

function OneThread({ thread, channel, wanted, guild, me, online }: OneProps) {
  const give = useGive();
  const [limit, setLimit] = useState(firstWindow);
  const view = useView({ ask: "thread", channel, thread, before: null, limit })?.thread;
  const place = useView({ ask: "channel", channel })?.channel ?? null;
  const [further, setFurther] = useState(false);
  const load = useTask(
    useCallback(
      async (before: number | null) => {
        const reply = await give({ do: "load_thread", thread, before });
        setFurther(reply.outcome === "history" && !reply.reached_start);
      },
      [give, thread],
    ),
  );
  const { run } = load;
  useEffect(() => {
    if (online) void run(null);
  }, [run, online]);
  const where = useMemo(() => ({ channel, guild }), [channel, guild]);
  const older = () => {
    const first = view?.messages[0]?.seq ?? null;
    if (view?.older_in_store === true) setLimit((now) => Math.min(now + step, 1_000));
    else void run(first).then(() => setLimit((now) => Math.min(now + step, 1_000)));
  };
  return (
    <PlaceProvider value={where}>
      <TalkingProvider>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
        <aside className="panel thread" aria-label={view?.root ? words.label(view.root.author_name) : words.labelAway} data-region onKeyDown={closing}>
          <Head view={view ?? null} thread={thread} channel={channel} guild={guild} />
          <RefusalNote refusal={online ? load.refusal : null} />
          {view === undefined ? <Skeleton lines={6} label={words.loading} /> : view === null || place === null ? <p className="thread-note">{words.away}</p> : <Talk view={view} place={place} me={me} online={online} wanted={wanted} further={view.older_in_store || further} busy={load.busy} onOlder={older} />}
        </aside>
      </TalkingProvider>
    </PlaceProvider>
  );
}

function Head({ view, thread, channel, guild }: { view: ThreadView | null; thread: string; channel: string; guild: string | null }) {
  const give = useGive();
  const [, go] = useLocation();
  const small = useMedia(narrow);
  const change = useTask(async (state: ThreadState) => {
    await give({ do: "set_thread", thread, state });
  });
  const follow = useTask(async (wanted: boolean) => {
    await give({ do: "follow_thread", thread, follow: wanted });
  });
  const begun = view !== null && view.count > 0;
  const jump = () => {
    go(path.message(guild, channel, thread));
    // With one pane the message would stay covered.
    if (small) closeThreads();
  };
  return (
    <>
      <header className="panel-head">
        <IconButton icon={ArrowLeft} label={words.back} onPress={() => showThreads(channel)} />
        <h2 className="thread-title">{words.one}</h2>
        <IconButton icon={ArrowUpToLine} label={words.toRoot} onPress={jump} />
        {begun && <IconButton icon={view.following ? Bell : BellOff} label={view.following ? words.following : words.follow} pressed={view.following} onPress={() => void follow.run(!view.following)} isPending={follow.busy} />}
        {begun && view.can_close && (
          <IconButton icon={view.archived_at === null ? LockKeyhole : LockKeyholeOpen} label={view.archived_at === null ? words.archive : words.reopen} onPress={() => void change.run(view.archived_at === null ? "archived" : "open")} isPending={change.busy} />
        )}
        <IconButton icon={X} label={words.closeOne} onPress={closeThreads} />
      </header>
      <RefusalNote refusal={change.refusal ?? follow.refusal} />
    </>
  );
}

/** As the timeline draws it. */
function timelineOf(view: ThreadView): TimelineView {
  return { channel: view.channel, messages: view.messages, pending: view.pending, older_in_store: view.older_in_store, older_on_server: false, since_joined: false, read_seq: view.read_seq, last_seq: view.last_seq, known_seq: view.last_seq, pins: [] };
}

interface TalkProps {
  view: ThreadView;
  place: ChannelView;
  me: Props["me"];
  online: boolean;
  wanted: string | null;
  /** There are older messages, here or on the server. */
  further: boolean;
  busy: boolean;
  onOlder: () => void;
}

function Talk({ view, place, me, online, wanted, further, busy, onOlder }: TalkProps) {
  const give = useGive();
  const attentive = useAttention();
  const now = useNow(60_000);
  const composer = useRef<ComposerHandle>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const follow = useRef(true);
  const [atEnd, setAtEnd] = useState(true);
  // Where one had read to when the thread was opened.
  const [unreadAfter] = useState(view.last_seq > view.read_seq && view.read_seq > 0 ? view.read_seq : null);
  const rows = useMemo(() => rowsOf(timelineOf(view), me.user, unreadAfter).filter((row) => row.row !== "start"), [view, me.user, unreadAfter]);
  const takeBack = useCallback((text: string) => composer.current?.takeBack(text), []);

  // What is added above leaves what one reads where it is; what is added below is followed.
  const last = useRef({ first: "", height: 0 });
  const first = rows[0]?.key ?? "";
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    if (follow.current) box.scrollTop = box.scrollHeight;
    else if (last.current.first !== first && last.current.first !== "") box.scrollTop += box.scrollHeight - last.current.height;
    last.current = { first, height: box.scrollHeight };
  }, [rows, first]);
  const onScroll = () => {
    const box = scroller.current;
    if (box === null) return;
    follow.current = box.scrollHeight - box.clientHeight - box.scrollTop <= atEndPx;
    setAtEnd(follow.current);
  };

  const newest = view.messages.at(-1)?.seq ?? 0;
  useEffect(() => {
    if (!atEnd || !attentive || newest <= view.read_seq) return;
    const timer = setTimeout(() => void give({ do: "mark_thread_read", thread: view.thread, seq: newest }).catch(() => undefined), readDelay_ms);
    return () => clearTimeout(timer);
  }, [atEnd, attentive, newest, view.read_seq, view.thread, give]);

  const lines = useMemo(() => [...(view.root === null ? [] : [view.root.id]), ...rows.filter((row) => row.row === "message" || row.row === "pending").map((row) => row.key)], [rows, view.root]);
  const [focused, setFocused] = useState<string | null>(null);
  const current = focused !== null && lines.includes(focused) ? focused : (lines.at(-1) ?? null);
  const focusLine = useCallback((key: string | undefined, found = false) => {
    if (key === undefined) return;
    setFocused(key);
    requestAnimationFrame(() => {
      const line = scroller.current?.querySelector<HTMLElement>(`[data-line="${CSS.escape(key)}"]`);
      line?.scrollIntoView({ block: found ? "center" : "nearest" });
      line?.focus({ preventScroll: true });
      if (!found || !line) return;
      line.classList.add("line-found");
      setTimeout(() => line.classList.remove("line-found"), foundFor_ms);
    });
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.target instanceof HTMLElement) || event.altKey || event.ctrlKey || event.metaKey) return;
    const key = event.target.closest<HTMLElement>("[data-line]")?.dataset["line"];
    if (key === undefined || !["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
    const at = lines.indexOf(key);
    event.preventDefault();
    focusLine({ ArrowUp: lines[at - 1], ArrowDown: lines[at + 1], Home: lines[0], End: lines.at(-1) }[event.key]);
  };

  // A message that the address names, or that is answered, is shown.
  const found = useRef(false);
  useEffect(() => {
    if (wanted === null || found.current || !lines.includes(wanted)) return;
    found.current = true;
    follow.current = false;
    focusLine(wanted, true);
  }, [wanted, lines, focusLine]);
  useEffect(() => {
    const show = (event: Event) => {
      const key = (event as CustomEvent<string>).detail;
      if (!lines.includes(key) || key === view.root?.id) return;
      follow.current = false;
      focusLine(key, true);
    };
    addEventListener(jumpEvent, show);
    return () => removeEventListener(jumpEvent, show);
  }, [lines, focusLine, view.root]);
  useEffect(() => {
    if (wanted === null && matchMedia("(hover: hover)").matches) composer.current?.focus();
  }, [wanted]);

  const ownLast = view.messages.findLast((message) => message.can_edit)?.id ?? null;
  const newestMine = view.pending.length === 0 ? view.messages.at(-1)?.id : undefined;
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- arrow keys move between the articles inside */}
      <div className="thread-scroll" ref={scroller} role="log" aria-live="off" aria-label={view.root === null ? words.labelAway : words.label(view.root.author_name)} aria-busy={busy} onScroll={onScroll} onKeyDown={onKeyDown}>
        {view.root === null ? <p className="thread-note">{words.away}</p> : <Message message={view.root} line={lineOf(view.root.id, current)} first newest={false} within />}
        {view.count > 0 ? <p className="thread-rule">{words.count(view.count)}</p> : view.pending.length === 0 && <p className="thread-note">{words.empty}</p>}
        {further && (
          <p className="thread-older">
            <Button small look="quiet" onPress={onOlder} isPending={busy}>
              {words.older}
            </Button>
          </p>
        )}
        {rows.map((row) => (
          <div key={row.key} className="thread-row">
            <RowView row={row} current={current} newestMine={newestMine} me={me} now={now} reach="idle" online={online} channel={view.channel} earlier={null} beginning={null} onTakenBack={takeBack} />
          </div>
        ))}
        <Announcer messages={view.messages} />
      </div>
      <div className="talk-compose" data-region>
        {view.archived_at !== null ? <p className="composer-closed">{words.closed}</p> : <Composer ref={composer} view={place} place={words.place} lastOwn={() => ownLast} within={{ thread: view.thread, draft: view.draft, canSend: view.can_send }} />}
      </div>
    </>
  );
}
