/** Who is here, and what this device can say of them. */
import { MessageCircle, ScanFace, UserCheck, X } from "lucide-react";
import { useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { Button as AriaButton, DialogTrigger, OverlayTriggerStateContext } from "react-aria-components";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { useLocation } from "wouter";
import { path } from "../paths";
import { useGive, useTask, useView } from "../state/engine";
import { useMemberPage } from "../state/members";
import { narrow, useMedia } from "../state/page";
import { may } from "../state/permission";
import { Button, IconButton } from "../ui/Button";
import { Bubble } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { RefusalNote, Skeleton } from "../ui/Note";
import { SealMark } from "../ui/Seal";
import { app, channel as channelWords, member as words, places, safety, trust, wholeDate } from "../words";
import type { GuildView, MembersView, MemberView } from "../wire";
import { Keeping } from "./Keeping";
import { MemberOrder } from "./MemberOrder";
import "./govern.css";
import { useDialogs } from "./open";
import { PresentAvatar, StatusLine } from "./Presence";
import "./member.css";

export function MemberPanel({ guild, onClose, children }: { guild: string; onClose: () => void; children: ReactNode }) {
  const answer = useView({ ask: "guild", guild });
  const view = answer?.guild;
  return (
    <aside className="panel" aria-label={places.members} data-region>
      <header className="panel-head">
        <h2>{places.members}</h2>
        <IconButton icon={X} label={channelWords.hideMembers} onPress={onClose} />
      </header>
      {children}
      {view === undefined || view === null ? <Skeleton lines={6} label={app.loading} /> : <Members view={view} />}
    </aside>
  );
}

/** So many members come at a time; the next page is asked for when its place comes near. */
const pageSize = 100;
const lineHeight_px = 40;
/** In larger servers nobody is told of everybody: those on screen are asked about. */
const toldOfAll = 300;
const lookAgain_ms = 60_000;

type Row = { row: "heading"; key: string; title: string } | { row: "member"; key: string; at: number };

function Members({ view }: { view: GuildView }) {
  const [search, setSearch] = useState("");
  const first = useMemberPage(view.id, search, 0, pageSize);
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const rows = useMemo(() => rowsOf(first?.groups ?? [], view), [first?.groups, view]);
  const [shown, setShown] = useState({ from: 0, to: pageSize });
  const look = useCallback(() => {
    const handle = list.current;
    if (handle === null) return;
    const reach = (offset: number) => rows[Math.max(0, Math.min(rows.length - 1, handle.findItemIndex(offset)))];
    const [top, end] = [reach(handle.scrollOffset), reach(handle.scrollOffset + handle.viewportSize)];
    const from = top?.row === "member" ? top.at : 0;
    const to = end?.row === "member" ? end.at + 1 : from + pageSize;
    setShown((now) => (now.from === from && now.to === to ? now : { from, to }));
  }, [rows]);
  const total = first?.total ?? 0;
  const pages = useMemo(() => {
    const [from, to] = [Math.floor(shown.from / pageSize), Math.floor(Math.max(shown.from, Math.min(shown.to, total) - 1) / pageSize)];
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  }, [shown, total]);
  const vouches = may(view.my_permissions, "vouch_members");
  return (
    <>
      <div className="panel-search">
        <Field label={words.search} placeholder={words.search} value={search} onChange={setSearch} autoComplete="off" />
        <p className="unseen" role="status">
          {words.found(total)}
        </p>
      </div>
      <div className="panel-scroll" ref={scroller}>
        {first === undefined ? (
          <Skeleton lines={6} label={app.loading} />
        ) : total === 0 ? (
          <p className="quiet">{words.nobody}</p>
        ) : (
          <Pages guild={view.id} search={search} pages={pages}>
            {(member) => (
              <div role="list" aria-label={places.members}>
                <Virtualizer ref={list} scrollRef={scroller} onScroll={look} itemSize={lineHeight_px}>
                  {rows.map((row) =>
                    row.row === "heading" ? (
                      <h3 key={row.key} className="panel-heading">
                        {row.title}
                      </h3>
                    ) : (
                      <Place key={row.key} at={row.at} total={total} member={member(row.at)} view={view} vouches={vouches} />
                    ),
                  )}
                </Virtualizer>
              </div>
            )}
          </Pages>
        )}
      </div>
      {view.member_count > toldOfAll && <Looking guild={view.id} search={search} from={shown.from} to={shown.to} />}
    </>
  );
}

function rowsOf(groups: MembersView["groups"], view: GuildView): Row[] {
  const rows: Row[] = [];
  let at = 0;
  for (const { heading, count } of groups) {
    const role = heading.heading === "role" ? view.roles.find((one) => one.id === heading.role) : undefined;
    const title = heading.heading === "owner" ? words.groupOwner : role !== undefined ? words.groupRole(role.name, count) : words.group(count);
    rows.push({ row: "heading", key: `heading ${role?.id ?? heading.heading}`, title });
    for (const end = at + count; at < end; at += 1) rows.push({ row: "member", key: `member ${at}`, at });
  }
  return rows;
}

/** Asks for the pages whose places are on screen. */
function Pages({ guild, search, pages, children }: { guild: string; search: string; pages: readonly number[]; children: (member: (at: number) => MemberView | undefined) => ReactNode }) {
  const [one, two, three] = [pages[0] ?? 0, pages[1] ?? pages[0] ?? 0, pages[2] ?? pages[0] ?? 0];
  const found = [useMemberPage(guild, search, one * pageSize, pageSize), useMemberPage(guild, search, two * pageSize, pageSize), useMemberPage(guild, search, three * pageSize, pageSize)];
  return children((at) => {
    const page = [one, two, three].indexOf(Math.floor(at / pageSize));
    return page < 0 ? undefined : found[page]?.members[at % pageSize];
  });
}

function Place({ at, total, member, view, vouches }: { at: number; total: number; member: MemberView | undefined; view: GuildView; vouches: boolean }) {
  return (
    <div role="listitem" aria-posinset={at + 1} aria-setsize={total} className="panel-member">
      {member === undefined ? <span className="member-wait" aria-hidden /> : <Person member={member} view={view} vouches={vouches} />}
    </div>
  );
}

/** Whether those on screen are there. */
function Looking({ guild, search, from, to }: { guild: string; search: string; from: number; to: number }) {
  const give = useGive();
  const online = useView({ ask: "session" })?.connection === "online";
  const page = useMemberPage(guild, search, from, Math.min(to - from, pageSize));
  const users = page?.members.map((one) => one.user).join(" ") ?? "";
  useEffect(() => {
    if (!online || users === "") return;
    const look = () => void give({ do: "look_at", guild, users: users.split(" ") }).catch(() => undefined);
    const soon = setTimeout(look, 300);
    const again = setInterval(look, lookAgain_ms);
    return () => {
      clearTimeout(soon);
      clearInterval(again);
    };
  }, [online, users, guild, give]);
  return null;
}

function labelOf(member: MemberView): string | null {
  if (member.safety === "violation") return words.violation;
  return member.vouched || member.owner ? null : words.unvouched;
}

function Person({ member, view, vouches }: { member: MemberView; view: GuildView; vouches: boolean }) {
  const label = labelOf(member);
  const narrowPane = useMedia(narrow);
  return (
    <DialogTrigger>
      <AriaButton className="member" aria-label={[member.display_name, member.owner ? words.owner : null, label].filter(Boolean).join(", ")}>
        <PresentAvatar id={member.user} name={member.display_name} size="small" />
        <span className="member-text">
          <span className="member-name" dir="auto">
            {member.display_name}
            {member.safety === "verified" && (
              <>
                {" "}
                <SealMark kind="verified" />
                <span className="unseen">{trust.verified}</span>
              </>
            )}
            {member.me && <span className="quiet"> ({words.you})</span>}
          </span>
          <StatusLine user={member.user} />
          {label !== null && (
            <span className="member-label">
              <SealMark kind="attention" />
              {label}
            </span>
          )}
        </span>
      </AriaButton>
      <Bubble label={words.aboutNamed(member.display_name)} placement={narrowPane ? "bottom" : "left top"}>
        <Card member={member} view={view} vouches={vouches} />
      </Bubble>
    </DialogTrigger>
  );
}

function Card({ member, view, vouches }: { member: MemberView; view: GuildView; vouches: boolean }) {
  const guild = view.id;
  const give = useGive();
  const open = useDialogs();
  const card = useContext(OverlayTriggerStateContext);
  const [, go] = useLocation();
  const message = useTask(async () => {
    const reply = await give({ do: "open_dm", user: member.user });
    if (reply.outcome === "channel") go(path.conversation(reply.channel));
  });
  const vouch = useTask(async () => {
    await give({ do: "vouch", guild, user: member.user });
  });
  const verify = () => {
    card?.close();
    open({ dialog: "person", user: member.user, name: member.display_name });
  };
  const unvouched = !member.vouched && !member.owner;
  return (
    <>
      <div className="card-head">
        <PresentAvatar id={member.user} name={member.display_name} size="large" />
        <div className="card-name">
          <strong dir="auto">{member.display_name}</strong>
          <span className="quiet">@{member.username}</span>
          <StatusLine user={member.user} always />
          {member.owner && <span className="card-role">{words.owner}</span>}
        </div>
      </div>
      <p className="card-line">{words.joined(wholeDate(member.joined_at))}</p>
      {!member.me && <SafetyLine member={member} />}
      {unvouched && (
        <p className="card-line card-attention" dir="auto">
          <SealMark kind="attention" />
          <span>{safety.unvouchedMember(member.display_name)}</span>
        </p>
      )}
      <MemberOrder view={view} member={member} />
      {!member.me && <Keeping user={member.user} name={member.display_name} />}
      <RefusalNote refusal={vouch.refusal ?? message.refusal} />
      {!member.me && (
        <div className="card-actions">
          <Button small look={unvouched && vouches ? "plain" : "primary"} icon={MessageCircle} onPress={() => void message.run()} isPending={message.busy} aria-label={words.messageNamed(member.display_name)}>
            {words.message}
          </Button>
          <Button small icon={ScanFace} onPress={verify} aria-label={trust.verifyNamed(member.display_name)}>
            {trust.verify}
          </Button>
          {unvouched && vouches && (
            <Button small look="primary" icon={UserCheck} onPress={() => void vouch.run()} isPending={vouch.busy} aria-label={words.vouchNamed(member.display_name)}>
              {words.vouch}
            </Button>
          )}
        </div>
      )}
      {unvouched && vouches && !member.me && <p className="card-small">{words.vouchLead}</p>}
    </>
  );
}

function SafetyLine({ member }: { member: MemberView }) {
  if (member.safety === "violation") {
    return (
      <p className="card-line card-attention" dir="auto">
        <SealMark kind="attention" />
        <span>
          {safety.violationWhat(member.display_name)} {safety.violationNext}
        </span>
      </p>
    );
  }
  return (
    <p className="card-line" dir="auto">
      {member.safety === "known" && <SealMark kind="encrypted" />}
      {member.safety === "verified" && <SealMark kind="verified" />}
      <span>{member.safety === "verified" ? trust.verifiedShort(member.display_name) : member.safety === "known" ? safety.knownWhat(member.display_name) : safety.unknownWhat(member.display_name)}</span>
    </p>
  );
}
