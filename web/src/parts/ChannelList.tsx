/** The second pane: the channels of a server, or the conversations. */
import { Bell, BellOff, CheckCheck, ChevronDown, EyeOff, Hash, Hourglass, LogOut, Megaphone, MessagesSquare, PenLine, Plus, ScrollText, Settings, SquarePen, Trash2, UserPlus } from "lucide-react";
import type { ReactNode } from "react";
import { Button as AriaButton } from "react-aria-components";
import { Link, useLocation } from "wouter";
import { path } from "../paths";
import { useGive, useView } from "../state/engine";
import { narrow, useMedia, useNow } from "../state/page";
import { governs, may } from "../state/permission";
import { GroupMark } from "../ui/Arch";
import { Button, IconButton } from "../ui/Button";
import { type Entry, Menu } from "../ui/Menu";
import { plainText } from "../ui/Markdown";
import { Skeleton } from "../ui/Note";
import { ago, app, channel as channelWords, conversations, govern, guild as words, mentions as mentionWords, nickname, notice, places, room as roomWords, rules, threads } from "../words";
import type { DmSummary, GuildView } from "../wire";
import { Banner } from "./GuildPicture";
import { useDialogs } from "./open";
import { PresentAvatar } from "./Presence";
import "./list.css";
import "./thread.css";

export function ChannelList({ guild, current }: { guild: string; current: string | null }) {
  const answer = useView({ ask: "guild", guild });
  const open = useDialogs();
  if (answer === undefined) return <Skeleton lines={5} label={app.loading} />;
  const view = answer.guild;
  if (view === null) return <p className="list-empty">{app.notFound}</p>;
  const canCreate = may(view.my_permissions, "manage_channels");
  return (
    <>
      {view.banner !== null && <Banner banner={view.banner} />}
      <GuildHead view={view} />
      <nav className="list-scroll" aria-label={places.channelsOf(view.name)}>
        <div className="list-label">
          <PaneLabel>{channelWords.heading}</PaneLabel>
          {canCreate && <IconButton icon={Plus} size={16} label={words.createChannel} onPress={() => open({ dialog: "create-channel", guild })} />}
        </div>
        {view.channels.length === 0 ? (
          <div className="list-empty">
            <p>{channelWords.empty}</p>
            {canCreate && (
              <Button small icon={Plus} onPress={() => open({ dialog: "create-channel", guild })}>
                {words.createChannel}
              </Button>
            )}
          </div>
        ) : (
          <ul className="list-items" data-steps>
            {view.channels.map((one, at) => (
              <li key={one.id}>
                {one.category !== null && one.category !== view.channels[at - 1]?.category && (
                  <span className="list-category" dir="auto">
                    {view.categories.find((category) => category.id === one.category)?.name}
                  </span>
                )}
                <Link
                  href={path.channel(guild, one.id)}
                  className={`list-item${one.id === current ? " list-current" : ""}${one.muted ? " list-muted" : one.unread > 0 || one.threads > 0 ? " list-unread" : ""}`}
                  aria-current={one.id === current ? "page" : undefined}
                  aria-label={one.waits ? roomWords.label(one.name) : one.mentions > 0 ? channelWords.called(one.name, one.unread, one.mentions) : one.muted ? notice.mutedName(one.name) : one.unread > 0 ? channelWords.unread(one.name, one.unread) : one.threads > 0 ? threads.channelNew(one.name, one.threads) : one.private ? channelWords.private(one.name) : one.name}
                >
                  {one.waits ? <Hourglass size={16} strokeWidth={1.75} aria-hidden /> : one.writers === "announcers" ? <Megaphone size={16} strokeWidth={1.75} aria-hidden /> : one.private ? <EyeOff size={16} strokeWidth={1.75} aria-hidden /> : <Hash size={16} strokeWidth={1.75} aria-hidden />}
                  <span className="list-name" dir="auto">
                    {one.name}
                  </span>
                  {one.mentions > 0 ? <Called count={one.mentions} /> : one.muted ? <BellOff size={14} strokeWidth={1.75} aria-hidden /> : one.unread > 0 ? <Unread count={one.unread} /> : one.threads > 0 && <Threads count={one.threads} />}
                </Link>
              </li>
            ))}
          </ul>
        )}
      </nav>
    </>
  );
}

function GuildHead({ view }: { view: GuildView }) {
  const open = useDialogs();
  const [, go] = useLocation();
  const me = view.me ?? undefined;
  const owner = me?.owner === true;
  const give = useGive();
  const entries: Entry[] = [];
  if (may(view.my_permissions, "create_invite")) entries.push({ label: words.invite, icon: UserPlus, onAction: () => open({ dialog: "invite", guild: view.id }) });
  if (may(view.my_permissions, "manage_channels")) entries.push({ label: words.createChannel, icon: Plus, onAction: () => open({ dialog: "create-channel", guild: view.id }) });
  if (me !== undefined && (may(view.my_permissions, "change_nickname") || may(view.my_permissions, "manage_nicknames")))
    entries.push({ label: nickname.own, icon: PenLine, onAction: () => open({ dialog: "nickname", guild: view.id, user: me.user }) });
  if (view.rules !== null) entries.push({ label: rules.show, icon: ScrollText, onAction: () => open({ dialog: "rules", guild: view.id }) });
  if (governs(view.my_permissions)) entries.push({ label: govern.settings, icon: Settings, onAction: () => go(path.govern(view.id, "")) });
  entries.push({ label: mentionWords.markAll, icon: CheckCheck, onAction: () => void give({ do: "mark_all_read", guild: view.id }).catch(() => undefined) }, { label: notice.ofServer, icon: Bell, onAction: () => open({ dialog: "notice", about: { place: "guild", guild: view.id }, name: view.name }) }, "rule");
  entries.push(
    owner
      ? { label: words.remove, icon: Trash2, danger: true, onAction: () => open({ dialog: "delete-guild", guild: view.id, name: view.name }) }
      : { label: words.leave, icon: LogOut, danger: true, onAction: () => open({ dialog: "leave-guild", guild: view.id, name: view.name }) },
  );
  return (
    <header className="list-head">
      <PaneHeading>
        <Menu label={view.name} entries={entries}>
          <AriaButton className="list-title" aria-label={words.menu(view.name)}>
            <span className="serif" dir="auto">
              {view.name}
            </span>
            <ChevronDown size={16} strokeWidth={1.75} aria-hidden />
          </AriaButton>
        </Menu>
      </PaneHeading>
    </header>
  );
}

/** The pane's own name; where it is the only pane, it names the page. */
function PaneHeading({ children }: { children: ReactNode }) {
  const only = useMedia(narrow);
  const Level = only ? "h1" : "h2";
  return <Level className="list-heading">{children}</Level>;
}

function PaneLabel({ children }: { children: ReactNode }) {
  const only = useMedia(narrow);
  const Level = only ? "h2" : "h3";
  return <Level>{children}</Level>;
}

function Called({ count }: { count: number }) {
  return (
    <span className="list-count list-called" aria-hidden>
      @{count > 99 ? "99+" : count}
    </span>
  );
}

/** Threads that one follows have something new. */
function Threads({ count }: { count: number }) {
  return (
    <span className="list-threads" aria-hidden>
      <MessagesSquare size={14} strokeWidth={1.75} /> {count > 99 ? "99+" : count}
    </span>
  );
}

function Unread({ count }: { count: number }) {
  return (
    <span className="list-count" aria-hidden>
      {count > 99 ? "99+" : count}
    </span>
  );
}

export function ConversationList({ current }: { current: string | null }) {
  const answer = useView({ ask: "dms" });
  const now = useNow(60_000);
  const open = useDialogs();
  const asked = answer?.dms.filter((dm) => dm.request === "incoming") ?? [];
  const taken = answer?.dms.filter((dm) => dm.request !== "incoming") ?? [];
  return (
    <>
      <header className="list-head">
        <PaneHeading>
          <span className="list-title serif">{conversations.title}</span>
        </PaneHeading>
        <IconButton icon={SquarePen} label={conversations.write} onPress={() => open({ dialog: "new-message" })} />
      </header>
      <nav className="list-scroll" aria-label={conversations.title}>
        {answer === undefined ? (
          <Skeleton lines={5} label={app.loading} />
        ) : answer.dms.length === 0 ? (
          <div className="list-empty">
            <p>{conversations.empty}</p>
            <p>{conversations.emptyNext}</p>
            <Button small icon={SquarePen} onPress={() => open({ dialog: "new-message" })}>
              {conversations.write}
            </Button>
          </div>
        ) : (
          <ul className="list-items" data-steps>
            {asked.length > 0 && (
              <li>
                <h3 className="list-category">{conversations.requests(asked.length)}</h3>
                <ul className="list-items">
                  {asked.map((dm) => (
                    <Conversation key={dm.channel} dm={dm} current={current} now={now} />
                  ))}
                </ul>
              </li>
            )}
            {taken.map((dm) => (
              <Conversation key={dm.channel} dm={dm} current={current} now={now} />
            ))}
          </ul>
        )}
      </nav>
    </>
  );
}

function Conversation({ dm, current, now }: { dm: DmSummary; current: string | null; now: number }) {
  return (
    <li>
      <Link
        href={path.conversation(dm.channel)}
        className={`list-item list-person${dm.channel === current ? " list-current" : ""}${dm.muted ? " list-muted" : dm.unread > 0 ? " list-unread" : ""}`}
        aria-current={dm.channel === current ? "page" : undefined}
        aria-label={dm.request === "incoming" ? conversations.requestLabel(dm.display_name) : dm.muted ? notice.mutedName(dm.display_name) : dm.unread > 0 ? channelWords.unread(dm.display_name, dm.unread) : dm.display_name}
      >
        {dm.peer === null ? <GroupMark /> : <PresentAvatar id={dm.peer} name={dm.display_name} />}
        <span className="list-two">
          <span className="list-row">
            <span className="list-name" dir="auto">
              {dm.display_name}
            </span>
            <span className="list-time">{dm.last_at > 0 ? ago(dm.last_at, now) : ""}</span>
          </span>
          <span className="list-row">
            <span className="list-preview" dir="auto">
              {dm.preview === null ? "" : plainText(dm.preview)}
            </span>
            {dm.muted ? <BellOff size={14} strokeWidth={1.75} aria-hidden /> : dm.unread > 0 && <Unread count={dm.unread} />}
          </span>
        </span>
      </Link>
    </li>
  );
}
