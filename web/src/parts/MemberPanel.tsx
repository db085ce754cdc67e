/** Who is here, and what this device can say of them. */
import { MessageCircle, ScanFace, UserCheck, X } from "lucide-react";
import { useContext, type ReactNode } from "react";
import { Button as AriaButton, DialogTrigger, OverlayTriggerStateContext } from "react-aria-components";
import { useLocation } from "wouter";
import { path } from "../paths";
import { useGive, useTask, useView } from "../state/engine";
import { narrow, useMedia } from "../state/page";
import { may } from "../state/permission";
import { Button, IconButton } from "../ui/Button";
import { Bubble } from "../ui/Dialog";
import { RefusalNote, Skeleton } from "../ui/Note";
import { SealMark } from "../ui/Seal";
import { app, channel as channelWords, member as words, places, safety, trust, wholeDate } from "../words";
import type { GuildView, MemberView } from "../wire";
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

function Members({ view }: { view: GuildView }) {
  const names = new Intl.Collator();
  const sorted = view.members.toSorted((a, b) => names.compare(a.display_name, b.display_name));
  const owners = sorted.filter((one) => one.owner);
  const shown = new Set(owners.map((one) => one.user));
  // Each member once: under the highest of their roles that has a heading.
  const hoisted = view.roles
    .filter((role) => role.hoisted)
    .map((role) => {
      const members = sorted.filter((one) => !shown.has(one.user) && one.roles.includes(role.id));
      for (const one of members) shown.add(one.user);
      return { role, members };
    })
    .filter((group) => group.members.length > 0);
  const others = sorted.filter((one) => !shown.has(one.user));
  const vouches = may(view.my_permissions, "vouch_members");
  return (
    <div className="panel-scroll">
      <Group title={words.groupOwner} members={owners} view={view} vouches={vouches} />
      {hoisted.map(({ role, members }) => (
        <Group key={role.id} title={words.groupRole(role.name, members.length)} members={members} view={view} vouches={vouches} />
      ))}
      {others.length > 0 && <Group title={words.group(others.length)} members={others} view={view} vouches={vouches} />}
    </div>
  );
}

function Group({ title, members, view, vouches }: { title: string; members: MemberView[]; view: GuildView; vouches: boolean }) {
  return (
    <section className="panel-group" aria-label={title}>
      <h3>{title}</h3>
      <ul className="panel-list">
        {members.map((one) => (
          <li key={one.user} className="panel-member">
            <Person member={one} view={view} vouches={vouches} />
          </li>
        ))}
      </ul>
    </section>
  );
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
