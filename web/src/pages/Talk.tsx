/** A channel or a conversation: head, timeline, composer. */
import { ArrowLeft, Bell, Download, Ellipsis, EyeOff, Hash, Info, MessageCircle, MessagesSquare, PenLine, Pin, ScanFace, Search, Settings2, UserPlus, UsersRound } from "lucide-react";
import { type PointerEvent, type ReactNode, useCallback, useEffect, useMemo, useRef } from "react";
import { useLocation } from "wouter";
import { Chosen } from "../parts/Chosen";
import { Composer, type ComposerHandle } from "../parts/Composer";
import { ConnectionPill } from "../parts/ConnectionPill";
import { ForkBanner } from "../parts/ForkBanner";
import { useDialogs } from "../parts/open";
import { PresentAvatar } from "../parts/Presence";
import { Gone, Incoming, Outgoing } from "../parts/Request";
import { Continues, NoPlace, RoomNote } from "../parts/Room";
import { RulesWait } from "../parts/Rules";
import { RecoveryCard } from "../parts/RecoveryCard";
import { TalkingProvider } from "../parts/talking";
import { Timeline } from "../parts/Timeline";
import { TrustBanner } from "../parts/TrustBanner";
import { path } from "../paths";
import { OwnEmojiContext } from "../state/emoji";
import { useView } from "../state/engine";
import { useThese } from "../state/members";
import { PlaceProvider } from "../state/place";
import { narrow, useMedia, useTitle } from "../state/page";
import { may } from "../state/permission";
import { showPins, usePinsShown } from "../state/pins";
import { openSearch } from "../state/search";
import { closeThreads, showThread, showThreads, useThreadsShown } from "../state/threads";
import { changeSettings, settings, useSettings } from "../state/settings";
import { Button, IconButton } from "../ui/Button";
import { Markdown } from "../ui/Markdown";
import { Avatar, Cloister, GroupMark } from "../ui/Arch";
import { type Entry, Menu } from "../ui/Menu";
import { Empty, Note, Skeleton } from "../ui/Note";
import { Seal } from "../ui/Seal";
import "../parts/govern.css";
import "../parts/picker.css";
import { app, channel as words, conversations, exporting, guild as guildWords, notice, pins, safety, search as searchWords, seen as seenWords, talk, threads, trust } from "../words";
import type { ChannelView, GuildView, MeView, SessionView } from "../wire";

/** People whom nobody vouched for, named one by one. */
const namedMost = 20;

export interface PanelSwitch {
  open: boolean;
  toggle: () => void;
}

interface Props {
  channel: string;
  message: string | null;
  guild: string | null;
  session: SessionView;
  me: MeView;
  panel: PanelSwitch | null;
}

const noEmoji: GuildView["emoji"] = [];

export function Talk({ channel, message, guild, session, me, panel }: Props) {
  const answer = useView({ ask: "channel", channel });
  const guildView = useGuild(guild);
  const composer = useRef<ComposerHandle>(null);
  const takeBack = useCallback((text: string) => composer.current?.takeBack(text), []);
  const [, go] = useLocation();
  const leave = useCallback(() => go(guild === null ? path.conversation(channel) : path.channel(guild, channel), { replace: true }), [go, guild, channel]);
  const swipe = useSwipeBack(guild === null ? path.conversations() : path.guild(guild));
  const recovery = useView({ ask: "recovery" });
  const located = useView(message === null ? { ask: "session" } : { ask: "locate", message });
  const found = located?.answer === "locate" ? located.place : undefined;
  const inThread = found?.channel === channel ? found.thread : null;
  const seq = found?.channel === channel && inThread === null ? found.seq : null;
  const view = answer?.channel;
  const place = view ? placeOf(view) : "";
  const here = view?.id === channel;
  const where = useMemo(() => ({ channel, guild }), [channel, guild]);
  const lastOwn = useRef<string | null>(null);
  useTitle(app.title(place || app.name, useForMe()));
  useEffect(() => {
    if (!here) return;
    const at = guild === null ? path.conversation(channel) : path.channel(guild, channel);
    changeSettings({ lastPlace: at, ...(guild === null ? {} : { lastChannel: { ...settings().lastChannel, [guild]: channel } }) });
  }, [here, channel, guild]);
  // Where there is a keyboard, one can write at once; somebody who searches goes on doing that.
  useEffect(() => {
    if (here && document.activeElement?.closest(".search") === null && matchMedia("(hover: hover)").matches) composer.current?.focus();
  }, [here, channel]);

  // A message of a thread is shown there.
  useEffect(() => {
    if (inThread !== null && message !== null) showThread(channel, inThread, message);
  }, [inThread, message, channel]);

  if (answer === undefined) return <Skeleton lines={8} label={app.loading} />;
  if (view === null || view === undefined) return <Empty title={words.goneTitle}>{words.gone}</Empty>;
  return (
    <PlaceProvider value={where}>
    <OwnEmojiContext value={guildView?.emoji ?? noEmoji}>
    <TalkingProvider key={channel}>
    <div className="talk-inner" {...swipe}>
      <Head view={view} guild={guildView} me={me} panel={panel} />
      <ConnectionPill session={session} />
      {message !== null && found === null && (
        <Note kind="amber">
          <p>{searchWords.notHere}</p>
        </Note>
      )}
      {view.room.waits ? <NoPlace view={view} /> : <Timeline
        channel={channel}
        place={place}
        me={{ user: me.user, name: me.display_name }}
        online={session.connection === "online"}
        earlier={view.history === null ? null : { rule: view.history, mayHave: view.may_have_history, askedAt: view.history_asked_at }}
        beginning={view.kind.kind === "dm" ? <DmBeginning view={view} peer={view.kind.peer} /> : view.kind.kind === "group" ? <GroupBeginning view={view} /> : <Beginning view={view} guild={guildView} />}
        onTakenBack={takeBack}
        wanted={inThread === null ? message : null}
        at={seq}
        newestSeq={view.last_seq}
        onLeave={leave}
        lastOwn={lastOwn}
      />}
      {recovery?.offer === true && recovery.key !== null && <RecoveryCard recoveryKey={recovery.key} me={me} offered />}
      <Trust view={view} guild={guildView} />
      {view.fork !== null && <ForkBanner channel={view.id} fork={view.fork} />}
      <div className="talk-compose" data-region>
        <Chosen />
        {!view.room.waits && (
          <>
            <RoomNote view={view} />
            <Ghosts view={view} me={me} />
          </>
        )}
        {view.request === "outgoing" && <Outgoing name={view.name} />}
        {view.room.waits ? null : guildView?.rules_wait === true && guildView.rules !== null ? (
          <RulesWait view={guildView} rules={guildView.rules} />
        ) : view.request === "incoming" && view.kind.kind === "dm" ? (
          <Incoming view={view} peer={view.kind.peer} />
        ) : view.request === "gone" ? (
          <Gone name={view.name} />
        ) : (
          <Composer ref={composer} view={view} place={place} lastOwn={() => lastOwn.current} />
        )}
      </div>
    </div>
    </TalkingProvider>
    </OwnEmojiContext>
    </PlaceProvider>
  );
}

/** Somebody here has keys that must be looked at first. */
function Trust({ view, guild }: { view: ChannelView; guild: GuildView | null }) {
  const changed = view.kind.kind === "dm" ? view.kind.peer : guild?.changed?.user;
  return changed === undefined ? null : <TrustBanner user={changed} />;
}

function useGuild(guild: string | null): GuildView | null {
  const answer = useView(guild === null ? { ask: "guilds" } : { ask: "guild", guild });
  return answer?.answer === "guild" ? answer.guild : null;
}

/** What waits for this person by name: direct messages and mentions. */
function useForMe(): number {
  const dms = useView({ ask: "dms" })?.dms ?? [];
  const guilds = useView({ ask: "guilds" })?.guilds ?? [];
  return dms.reduce((sum, dm) => sum + (dm.muted ? 0 : dm.unread), 0) + guilds.reduce((sum, guild) => sum + guild.mentions, 0);
}

function isConversation(view: ChannelView): boolean {
  return view.kind.kind === "dm" || view.kind.kind === "group";
}

function HeadMark({ view }: { view: ChannelView }) {
  switch (view.kind.kind) {
    case "dm":
      return <PresentAvatar id={view.kind.peer} name={view.name} size="small" />;
    case "group":
      return <GroupMark size="small" />;
    case "private":
      return <EyeOff size={20} strokeWidth={1.75} aria-hidden />;
    case "text":
      return <Hash size={20} strokeWidth={1.75} aria-hidden />;
  }
}

/** "#general", or a person's name. */
function placeOf(view: ChannelView): string {
  return isConversation(view) ? view.name : `#${view.name}`;
}

function Head({ view, guild, me, panel }: { view: ChannelView; guild: GuildView | null; me: MeView; panel: PanelSwitch | null }) {
  const [, go] = useLocation();
  const open = useDialogs();
  const small = useMedia(narrow);
  const pinned = usePinsShown();
  const threading = useThreadsShown(view.id) !== null;
  const lists = useView({ ask: "threads", channel: view.id, state: "open" })?.threads ?? [];
  const newThreads = lists.filter((one) => one.mark.following && one.mark.unread > 0).length;
  const isDm = isConversation(view);
  const deeds: Array<Exclude<Entry, "rule">> = [
    ...(view.kind.kind === "dm" ? [] : [{ label: words.about, icon: Info, onAction: () => open({ dialog: "about-channel", channel: view.id }) }]),
    ...(guild !== null && may(guild.my_permissions, "create_invite") ? [{ label: words.invite, icon: UserPlus, onAction: () => open({ dialog: "invite", guild: guild.id }) }] : []),
    { label: exporting.open, icon: Download, onAction: () => open({ dialog: "export", channel: view.id, place: placeOf(view) }) },
    { label: notice.open, icon: Bell, onAction: () => open({ dialog: "notice", about: { place: "channel", channel: view.id }, name: placeOf(view) }) },
    { label: pinned ? pins.close : pins.open, icon: Pin, onAction: () => [closeThreads(), showPins(!pinned)] },
    { label: threading ? threads.close : newThreads > 0 ? threads.openNew(newThreads) : threads.open, icon: MessagesSquare, onAction: () => (threading ? closeThreads() : showThreads(view.id)) },
  ];
  return (
    <header className="talk-head">
      {small && <IconButton icon={ArrowLeft} label={words.backToList} onPress={() => go(isDm || view.guild === null ? path.conversations() : path.guild(view.guild))} />}
      <h1 className="talk-title">
        <HeadMark view={view} />
        <span dir="auto">{view.name}</span>
      </h1>
      <ChannelSeal view={view} guild={guild} me={me} />
      {view.kind.kind === "dm" && <VerifyButton user={view.kind.peer} name={view.name} />}
      {/* A device that has just come does not know them yet. */}
      {view.readers > 0 && <span className="talk-about">{[words.topReaders(view.readers, view.devices), view.kept_days === null ? null : words.keptShort(view.kept_days)].filter((one) => one !== null).join(" · ")}</span>}
      {small ? (
        <Menu label={words.more} placement="bottom end" entries={deeds}>
          <IconButton icon={Ellipsis} label={words.more} hint={false} />
        </Menu>
      ) : (
        deeds.map((deed) => <IconButton key={deed.label} icon={deed.icon} label={deed.label} onPress={deed.onAction} {...(deed.icon === Pin ? { pressed: pinned } : deed.icon === MessagesSquare ? { pressed: threading, dot: newThreads > 0 && !threading } : {})} />)
      )}
      <IconButton icon={Search} label={searchWords.title} onPress={() => openSearch(view.id)} />
      {panel !== null && <IconButton icon={UsersRound} label={panel.open ? words.hideMembers : words.showMembers} pressed={panel.open} onPress={panel.toggle} />}
    </header>
  );
}

function VerifyButton({ user, name }: { user: string; name: string }) {
  const open = useDialogs();
  return <IconButton icon={ScanFace} label={trust.verifyNamed(name)} onPress={() => open({ dialog: "person", user, name })} />;
}

function ChannelSeal({ view, guild, me }: { view: ChannelView; guild: GuildView | null; me: MeView }) {
  const open = useDialogs();
  const more = { label: seenWords.open, open: () => open({ dialog: "seen", channel: view.id }) };
  const dm = useView({ ask: "dms" })?.dms.find((one) => one.channel === view.id);
  const strangers = useThese(view.guild, view.unvouched.slice(0, namedMost));
  if (dm?.safety === "violation") return <Seal kind="attention" word={safety.attention} what={safety.violationWhat(view.name)} next={safety.violationNext} more={more} />;
  if (dm?.safety === "verified") return <Seal kind="verified" word={trust.verified} what={safety.encryptedWhat(words.topReaders(view.readers, view.devices))} next={trust.verifiedShort(view.name)} more={more} />;
  const changed = guild?.changed ?? null;
  if (changed !== null) return <Seal kind="attention" word={safety.attention} what={safety.violationWhat(changed.display_name)} next={safety.violationNext} more={more} />;
  const unvouched = view.unvouched.filter((user) => user !== me.user);
  if (unvouched.length === 0) return <Seal kind="encrypted" word={safety.encrypted} what={safety.encryptedWhat(words.topReaders(view.readers, view.devices))} more={more} />;
  const names = new Map(strangers.map((member) => [member.user, member.display_name]));
  const known = unvouched.map((user) => names.get(user)).filter((name) => name !== undefined);
  const shown = known.slice(0, 3);
  const rest = unvouched.length - shown.length;
  const listed = rest > 0 ? [...shown, safety.others(rest)] : shown;
  const what = view.unvouched_kept_out ? safety.keptOutWhat(listed, unvouched.length) : safety.unvouchedWhat(listed, unvouched.length);
  return <Seal kind="attention" word={safety.attention} what={what} next={safety.unvouchedNext} more={more} />;
}

/** Somebody new reads here for whom nobody vouches: said once, before the next message. */
function Ghosts({ view, me }: { view: ChannelView; me: MeView }) {
  const seen = useSettings().seenUnvouched;
  const named = useThese(view.guild, view.unvouched.slice(0, namedMost));
  const strangers = view.unvouched.filter((user) => user !== me.user && !seen.includes(`${view.id} ${user}`));
  if (strangers.length === 0) return null;
  const names = new Map([...named, ...view.people].map((one) => [one.user, one.display_name]));
  const known = strangers.map((user) => names.get(user)).filter((name) => name !== undefined);
  const shown = known.slice(0, 3);
  const rest = strangers.length - shown.length;
  const listed = rest > 0 ? [...shown, safety.others(rest)] : shown;
  const note = () => changeSettings({ seenUnvouched: [...seen, ...strangers.map((user) => `${view.id} ${user}`)].slice(-500) });
  return (
    <div className="ghosts" role="group" aria-label={safety.ghost}>
      <p dir="auto">
        {view.unvouched_kept_out ? safety.keptOutWhat(listed, strangers.length) : safety.unvouchedWhat(listed, strangers.length)} {safety.unvouchedNext}
      </p>
      <Button small look="quiet" onPress={note}>
        {safety.seen}
      </Button>
    </div>
  );
}

/** The written welcome of a channel in which nobody has spoken, and the start of every other one. */
function Beginning({ view, guild }: { view: ChannelView; guild: GuildView | null }) {
  const open = useDialogs();
  const place = placeOf(view);
  const empty = view.last_seq === 0;
  const invites = guild !== null && may(guild.my_permissions, "create_invite");
  if (!empty) {
    return (
      <div className="beginning">
        <h2 className="beginning-title serif" dir="auto">
          {place}
        </h2>
        <p className="beginning-lead">{talk.beginning(place)}</p>
        <Continues view={view} />
      </div>
    );
  }
  return (
    <div className="beginning">
      <Cloister />
      <h2 className="beginning-title serif" dir="auto">
        {talk.welcomeTitle(place)}
      </h2>
      <p className="beginning-lead">{talk.welcome}</p>
      <Continues view={view} />
      <ul className="beginning-steps">
        {invites && (
          <Step icon={<UserPlus size={18} strokeWidth={1.75} aria-hidden />}>
            {talk.welcomeInvite}{" "}
            <Button small look="primary" onPress={() => open({ dialog: "invite", guild: guild.id })}>
              {guildWords.invite}
            </Button>
          </Step>
        )}
        <Step icon={<PenLine size={18} strokeWidth={1.75} aria-hidden />}>
          <Markdown body={talk.welcomeWrite} />
        </Step>
        <Step icon={<Settings2 size={18} strokeWidth={1.75} aria-hidden />}>{talk.welcomeFind}</Step>
      </ul>
    </div>
  );
}

function Step({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <li className="beginning-step">
      <span>{icon}</span>
      <div>{children}</div>
    </li>
  );
}

function DmBeginning({ view, peer }: { view: ChannelView; peer: string }) {
  return (
    <div className="beginning">
      <Avatar id={peer} name={view.name} size="large" />
      <h2 className="beginning-title serif" dir="auto">
        {view.name}
      </h2>
      <p className="beginning-lead" dir="auto">
        {conversations.start(view.name)} {conversations.startNote}
      </p>
    </div>
  );
}

function GroupBeginning({ view }: { view: ChannelView }) {
  return (
    <div className="beginning">
      <GroupMark size="large" />
      <h2 className="beginning-title serif" dir="auto">
        {view.name}
      </h2>
      <p className="beginning-lead" dir="auto">
        {conversations.groupStart(view.name)} {conversations.groupNote}
      </p>
    </div>
  );
}

/** With one pane, a swipe from the talk towards its end leads back to the list. */
function useSwipeBack(list: string) {
  const [, go] = useLocation();
  const from = useRef<{ x: number; y: number } | null>(null);
  return {
    onPointerDown: (event: PointerEvent) => {
      from.current = event.pointerType === "touch" && matchMedia(narrow).matches ? { x: event.clientX, y: event.clientY } : null;
    },
    onPointerUp: (event: PointerEvent) => {
      const start = from.current;
      from.current = null;
      if (start === null) return;
      const way = getComputedStyle(document.documentElement).direction === "rtl" ? -1 : 1;
      if ((event.clientX - start.x) * way > 90 && Math.abs(event.clientY - start.y) < 50) go(list);
    },
  };
}

export function NoConversation() {
  useTitle(app.title(conversations.title, 0));
  return (
    <div className="talk-inner">
      <Empty title={conversations.pick}>{conversations.pickNote}</Empty>
    </div>
  );
}

export function NoChannel({ guild }: { guild: GuildView }) {
  const open = useDialogs();
  const create = may(guild.my_permissions, "manage_channels");
  useTitle(app.title(guild.name, 0));
  return (
    <div className="talk-inner">
      <Empty
        title={guild.name}
        action={
          create ? (
            <Button look="primary" icon={MessageCircle} onPress={() => open({ dialog: "create-channel", guild: guild.id })}>
              {words.createSubmit}
            </Button>
          ) : undefined
        }
      >
        {words.empty}
      </Empty>
    </div>
  );
}
