/** The page of somebody who is signed in: rail, list, talk, members. */
import { type ReactNode, useState } from "react";
import { Redirect, Route, Switch } from "wouter";
import { AccountFoot } from "../parts/AccountFoot";
import { BottomBar } from "../parts/BottomBar";
import { ChannelList, ConversationList } from "../parts/ChannelList";
import { ComparisonDialog } from "../parts/ComparisonDialog";
import { Alarm } from "../parts/ConnectionPill";
import { OpenDialog } from "../parts/Dialogs";
import { GroupPanel } from "../parts/GroupPanel";
import { MemberPanel } from "../parts/MemberPanel";
import { LockWatch } from "../parts/LockWatch";
import { Notices } from "../parts/Notices";
import { PinPanel } from "../parts/PinPanel";
import { DialogsProvider, useDialogs } from "../parts/open";
import { Rail } from "../parts/Rail";
import { Resizer } from "../parts/Resizer";
import { RestoreNotice } from "../parts/BackupCard";
import { RecoveryNotice } from "../parts/RecoveryChange";
import { DeletionNotice } from "../parts/Deletion";
import { SecurityNotice } from "../parts/SecurityNotice";
import { SearchPanel } from "../parts/SearchPanel";
import { Shortcuts } from "../parts/Shortcuts";
import { ThreadPanel } from "../parts/ThreadPanel";
import { path, pattern } from "../paths";
import { useView } from "../state/engine";
import { narrow, useMedia, useTitle, wide } from "../state/page";
import { showPins, usePinsShown } from "../state/pins";
import { changeSearch, useSearch } from "../state/search";
import { closeThreads, useThreadsShown } from "../state/threads";
import { changeSettings, listWidth, panelWidth, settings, useSettings } from "../state/settings";
import { Button } from "../ui/Button";
import { Empty, Skeleton } from "../ui/Note";
import { app, guild as guildWords, home, places } from "../words";
import type { MeView, SessionView } from "../wire";
import { Devices } from "./Devices";
import { GuildSettings } from "./GuildSettings";
import { Mentions } from "./Mentions";
import { Notifications } from "./Notifications";
import { Operate } from "./Operate";
import { Appearance, RecoveryPage, You } from "./Own";
import { Security } from "./Security";
import { Health } from "./Health";
import { People } from "./People";
import { Reports } from "./Reports";
import { NoChannel, NoConversation, Talk } from "./Talk";
import "../parts/layout.css";

interface Props {
  session: SessionView;
  me: MeView;
}

export function Inside({ session, me }: Props) {
  return (
    <DialogsProvider>
      <a className="skip" href="#talk">
        {app.skip}
      </a>
      <Switch>
        <Route path={pattern.home}>
          <Home session={session} me={me} />
        </Route>
        <Route path={pattern.channel}>
          {(at) => (
            <Existing guild={at.guild}>
              <Frame session={session} me={me} guild={at.guild} channel={at.channel} message={at.message} />
            </Existing>
          )}
        </Route>
        <Route path={pattern.guild}>{(at) => <Frame session={session} me={me} guild={at.guild} channel={null} />}</Route>
        <Route path={pattern.govern}>
          {(at) => (
            <Existing guild={at.guild}>
              <Frame session={session} me={me} guild={at.guild} channel={null} section={at.section ?? ""} />
            </Existing>
          )}
        </Route>
        <Route path={pattern.conversation}>{(at) => <Frame session={session} me={me} guild={null} channel={at.channel} message={at.message} />}</Route>
        <Route path={pattern.conversations}>
          <Frame session={session} me={me} guild={null} channel={null} />
        </Route>
        <Route path={pattern.operate}>{(at) => <Frame session={session} me={me} guild={null} channel={null} operate={at.section ?? ""} />}</Route>
        <Route path="/you/*?">
          <Frame session={session} me={me} guild={null} channel={null} own />
        </Route>
        <Route>
          <Redirect to={path.home()} replace />
        </Route>
      </Switch>
      <OpenDialog />
      <ComparisonDialog />
      <Shortcuts />
      <LockWatch />
      <Notices />
    </DialogsProvider>
  );
}

/** Where one was last; without a server, how to get one. */
function Home({ session, me }: Props) {
  const guilds = useView({ ask: "guilds" })?.guilds;
  const small = useMedia(narrow);
  if (guilds === undefined) return <Skeleton lines={6} label={app.loading} />;
  const last = settings().lastPlace;
  const first = guilds[0];
  if (first === undefined) return <Frame session={session} me={me} guild={null} channel={null} home />;
  const lastGuild = guilds.find((guild) => last?.startsWith(path.guild(guild.id)));
  if (small) return <Redirect to={path.guild((lastGuild ?? first).id)} replace />;
  return <Redirect to={last !== null && (lastGuild !== undefined || last.startsWith(path.conversations())) ? last : path.guild(first.id)} replace />;
}

/** A server that one has left, or that was deleted, leads home. */
function Existing({ guild, children }: { guild: string; children: ReactNode }) {
  const answer = useView({ ask: "guild", guild });
  return answer?.guild === null ? <Redirect to={path.home()} replace /> : children;
}

interface FrameProps extends Props {
  guild: string | null;
  channel: string | null;
  /** A message that the address names. */
  message?: string | undefined;
  own?: boolean;
  home?: boolean;
  /** Which part of the server's settings. */
  section?: string;
  /** Which page of whoever runs the instance. */
  operate?: string;
}

function Frame({ session, me, guild, channel, message, own, home: isHome, section, operate }: FrameProps) {
  const roomy = useMedia(wide);
  const small = useMedia(narrow);
  const now = useSettings();
  // Over the talk the panel is opened for a moment; beside it, it stays as it was left.
  const [over, setOver] = useState(false);
  const conversation = useView(guild === null && channel !== null ? { ask: "channel", channel } : { ask: "session" });
  const group = conversation?.answer === "channel" && conversation.channel?.kind.kind === "group" ? conversation.channel : null;
  const looking = useSearch().open;
  const threads = useThreadsShown(channel);
  const threading = threads !== null && !looking;
  const pinned = usePinsShown() && !looking && !threading && channel !== null;
  const beside = looking || pinned || threading;
  const open = !beside && channel !== null && (guild !== null || group !== null) && (roomy ? now.members : over);
  const toggle = () => {
    // One panel at a time: the members take the place of the search.
    if (looking) changeSearch({ open: false });
    if (pinned) showPins(false);
    closeThreads();
    if (roomy) changeSettings({ members: beside || !now.members });
    else setOver(beside || !over);
  };
  const pane = channel !== null ? "talk" : own || section !== undefined || operate !== undefined ? "you" : "list";
  return (
    <div className="layout" data-pane={pane} data-panel={threading ? "thread" : looking || pinned ? "search" : open ? "open" : "closed"} data-rail={guild !== null || isHome ? "yes" : "no"}>
      <Rail guild={guild} />
      <section className="list" aria-label={places.list} data-region role={small && pane === "list" ? "main" : undefined}>
        {guild === null ? <ConversationList current={channel} /> : <ChannelList guild={guild} current={channel} />}
        <AccountFoot me={me} />
        <Resizer name="list" label={places.resizeList} limits={listWidth} value={now.list} />
      </section>
      <main className="talk" id="talk" tabIndex={-1} aria-label={places.talk} data-region>
        {session.alarm !== null && <Alarm sentence={session.alarm} />}
        <DeletionNotice />
        <SecurityNotice />
        <RecoveryNotice />
        <RestoreNotice />
        {operate !== undefined ? <Operate key={operate} me={me} section={operate} /> : section !== undefined && guild !== null ? <GuildSettings guild={guild} section={section} /> : own ? <Own session={session} me={me} /> : isHome ? <Welcome me={me} /> : channel === null ? <Unchosen guild={guild} /> : <Talk key={channel} channel={channel} message={message ?? null} guild={guild} session={session} me={me} panel={guild === null && group === null ? null : { open, toggle }} />}
      </main>
      {looking && <Looking channel={channel} />}
      {threading && <ThreadPanel shown={threads} guild={guild} me={{ user: me.user, name: me.display_name }} online={session.connection === "online"} />}
      {pinned && <PinPanel key={channel} guild={guild} channel={channel} />}
      {open && group !== null && (
        <GroupPanel view={group} onClose={toggle}>
          <Resizer name="panel" label={places.resizePanel} limits={panelWidth} value={now.panel} />
        </GroupPanel>
      )}
      {open && guild !== null && (
        <MemberPanel guild={guild} onClose={toggle}>
          <Resizer name="panel" label={places.resizePanel} limits={panelWidth} value={now.panel} />
        </MemberPanel>
      )}
      <BottomBar />
    </div>
  );
}

function Looking({ channel }: { channel: string | null }) {
  const answer = useView(channel === null ? { ask: "guilds" } : { ask: "channel", channel });
  const view = answer?.answer === "channel" ? answer.channel : null;
  return <SearchPanel here={view?.id ?? null} hereName={view === null ? "" : view.kind.kind === "dm" ? view.name : `#${view.name}`} />;
}

function Own({ session, me }: Props) {
  return (
    <Switch>
      <Route path={pattern.devices}>
        <Devices />
      </Route>
      <Route path={pattern.security}>
        <Security />
      </Route>
      <Route path={pattern.mentions}>
        <Mentions />
      </Route>
      <Route path={pattern.notices}>
        <Notifications />
      </Route>
      <Route path={pattern.appearance}>
        <Appearance />
      </Route>
      <Route path={pattern.health}>
        <Health />
      </Route>
      <Route path={pattern.people}>
        <People />
      </Route>
      <Route path={pattern.reports}>
        <Reports me={me} reportsNew={session.reports_new} />
      </Route>
      <Route path={pattern.recovery}>
        <RecoveryPage me={me} />
      </Route>
      <Route>
        <You me={me} instance={session.instance_name} />
      </Route>
    </Switch>
  );
}

/** A server without a chosen channel leads to the last one, or the first. */
function Unchosen({ guild }: { guild: string | null }) {
  return guild === null ? <NoConversation /> : <FirstChannel guild={guild} />;
}

function FirstChannel({ guild }: { guild: string }) {
  const view = useView({ ask: "guild", guild })?.guild;
  const small = useMedia(narrow);
  if (view === undefined) return <Skeleton lines={6} label={app.loading} />;
  // Left or deleted a moment ago, or never seen from here.
  if (view === null) return <Redirect to={path.home()} replace />;
  const last = settings().lastChannel[guild];
  const channel = view.channels.find((one) => one.id === last) ?? view.channels[0];
  if (channel === undefined || small) return <NoChannel guild={view} />;
  return <Redirect to={path.channel(guild, channel.id)} replace />;
}

function Welcome({ me }: { me: MeView }) {
  const open = useDialogs();
  useTitle(app.name);
  return (
    <Empty
      title={home.welcome(me.display_name)}
      action={
        <Button look="primary" onPress={() => open({ dialog: "add-guild" })}>
          {guildWords.add}
        </Button>
      }
    >
      {home.noGuilds}
    </Empty>
  );
}
