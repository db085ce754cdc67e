/** What somebody with rights may do about a member, and why a member may do something. */
import { Ban, CircleHelp, Clock, LogOut, PenLine, Shield, ShieldAlert, Undo2, UserCheck } from "lucide-react";
import { useState } from "react";
import { useTask } from "../state/engine";
import { useAct, useAsked } from "../state/govern";
import { may, rankOf } from "../state/permission";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Dialog } from "../ui/Dialog";
import { RefusalNote } from "../ui/Note";
import { Select } from "../ui/Select";
import { Tick } from "../ui/Tick";
import { app, govern, nickname, order as words, rightGroups, unmet, why, wholeTime } from "../words";
import type { GuildView, MemberView, Step } from "../wire";
import { submit } from "./GuildDialogs";
import { useDialogs } from "./open";
import { ReasonForm } from "./ReasonForm";

type Open = "kick" | "ban" | "time-out" | "quarantine" | "roles" | "why" | null;

const lasts = [
  { value: "600", label: words.tenMinutes },
  { value: "3600", label: words.hour },
  { value: "86400", label: words.day },
  { value: "604800", label: words.week },
];

/** How far back a ban removes what somebody wrote. */
export const removals = [
  { value: "0", label: words.banRemovesNothing },
  { value: "3600", label: words.banRemovesHour },
  { value: "86400", label: words.banRemovesDay },
  { value: "604800", label: words.banRemovesWeek },
];

export function MemberOrder({ view, member }: { view: GuildView; member: MemberView }) {
  const [open, setOpen] = useState<Open>(null);
  const act = useAct(view.id);
  const { me } = view;
  const above = rankOf(view.roles, view.my_roles, me?.owner === true) > rankOf(view.roles, member.roles, member.owner);
  const can = (right: Parameters<typeof may>[1]) => above && !member.me && may(view.my_permissions, right);
  const manages = may(view.my_permissions, "manage_roles");
  const dialog = useDialogs();
  const names = member.me ? may(view.my_permissions, "change_nickname") || may(view.my_permissions, "manage_nicknames") : can("manage_nicknames");
  const release = useTask(async () => {
    await act({ act: "time_out", user: member.user, reason: null, for_s: 0 });
  });
  const settle = useTask(async () => {
    await act({ act: "settle", user: member.user, reason: null });
  });
  const free = useTask(async () => {
    await act({ act: "lift_quarantine", user: member.user, reason: null });
  });
  const close = () => setOpen(null);
  const held = view.roles.filter((role) => member.roles.includes(role.id));
  return (
    <>
      {held.length > 0 && (
        <ul className="card-roles">
          {held.map((role) => (
            <li key={role.id} className="card-held" dir="auto">
              <span className="role-dot" style={role.color === null ? undefined : { backgroundColor: role.color }} />
              {role.name}
            </li>
          ))}
        </ul>
      )}
      {member.timed_out_until !== null && <p className="card-line card-attention">{words.onHold(wholeTime(member.timed_out_until))}</p>}
      {member.quarantined_at !== null && <p className="card-line card-attention">{words.inQuarantine(wholeTime(member.quarantined_at))}</p>}
      {member.is_new && <p className="card-line">{words.isNew}</p>}
      {member.membership === "temporary" && <p className="card-line">{words.guest}</p>}
      <RefusalNote refusal={release.refusal ?? settle.refusal ?? free.refusal} />
      <div className="card-actions card-order">
        {manages && (above || member.me) && (
          <Button small icon={Shield} onPress={() => setOpen("roles")}>
            {words.changeRoles}
          </Button>
        )}
        {(manages || member.me) && (
          <Button small icon={CircleHelp} onPress={() => setOpen("why")}>
            {words.why}
          </Button>
        )}
        {names && (
          <Button small icon={PenLine} onPress={() => dialog({ dialog: "nickname", guild: view.id, user: member.user })} aria-label={nickname.changeNamed(member.display_name)}>
            {nickname.change}
          </Button>
        )}
        {can("timeout_members") &&
          (member.timed_out_until === null ? (
            <Button small icon={Clock} onPress={() => setOpen("time-out")}>
              {words.timeOut}
            </Button>
          ) : (
            <Button small icon={Undo2} onPress={() => void release.run()} isPending={release.busy}>
              {words.release}
            </Button>
          ))}
        {can("timeout_members") && member.is_new && (
          <Button small icon={UserCheck} onPress={() => void settle.run()} isPending={settle.busy} aria-label={words.settleNamed(member.display_name)}>
            {words.settle}
          </Button>
        )}
        {can("timeout_members") &&
          (member.quarantined_at === null ? (
            <Button small icon={ShieldAlert} onPress={() => setOpen("quarantine")}>
              {words.quarantine}
            </Button>
          ) : (
            <Button small icon={Undo2} onPress={() => void free.run()} isPending={free.busy}>
              {words.quarantineEnd}
            </Button>
          ))}
        {can("kick_members") && (
          <Button small look="danger-quiet" icon={LogOut} onPress={() => setOpen("kick")}>
            {words.kick}
          </Button>
        )}
        {can("ban_members") && (
          <Button small look="danger-quiet" icon={Ban} onPress={() => setOpen("ban")}>
            {words.ban}
          </Button>
        )}
      </div>
      {(open === "kick" || open === "ban" || open === "time-out" || open === "quarantine") && <Measure kind={open} view={view} member={member} onClose={close} />}
      {open === "roles" && <Roles view={view} member={member} onClose={close} />}
      {open === "why" && <Why view={view} member={member} onClose={close} />}
    </>
  );
}

function Measure({ kind, view, member, onClose }: { kind: "kick" | "ban" | "time-out" | "quarantine"; view: GuildView; member: MemberView; onClose: () => void }) {
  const act = useAct(view.id);
  const [time, setTime] = useState(kind === "ban" ? "0" : "600");
  const [removes, setRemoves] = useState("0");
  const text = {
    kick: { title: words.kickTitle, lead: words.kickLead, verb: words.kick },
    ban: { title: words.banTitle, lead: words.banLead, verb: words.ban },
    quarantine: { title: words.quarantineTitle, lead: words.quarantineLead, verb: words.quarantine },
    "time-out": { title: words.timeOutTitle, lead: words.timeOutLead, verb: words.timeOut },
  }[kind];
  const go = async (reason: string | null) => {
    const user = member.user;
    if (kind === "kick") await act({ act: "kick", user, reason });
    else if (kind === "quarantine") await act({ act: "quarantine", user, reason });
    else if (kind === "ban") await act({ act: "ban", user, reason, for_s: Number(time), delete_s: Number(removes) });
    else await act({ act: "time_out", user, reason, for_s: Number(time) });
  };
  return (
    <ReasonForm title={text.title(member.display_name)} lead={text.lead} reason={{ label: govern.reason, hint: govern.reasonHint }} verb={text.verb} go={go} onClose={onClose}>
      {(kind === "ban" || kind === "time-out") && <Choice label={words.banFor} value={time} onChange={setTime} options={kind === "ban" ? [{ value: "0", label: words.forever }, ...lasts.slice(1)] : lasts} />}
      {kind === "ban" && <Choice label={words.banRemoves} value={removes} onChange={setRemoves} options={removals} />}
    </ReasonForm>
  );
}

function Roles({ view, member, onClose }: { view: GuildView; member: MemberView; onClose: () => void }) {
  const act = useAct(view.id);
  const { me } = view;
  const rank = rankOf(view.roles, view.my_roles, me?.owner === true);
  const [held, setHeld] = useState(member.roles);
  const save = useTask(async () => {
    await act({ act: "set_roles", user: member.user, roles: held, reason: null });
    onClose();
  });
  return (
    <Dialog title={words.rolesTitle(member.display_name)} open onClose={onClose}>
      <form className="form" onSubmit={submit(() => void save.run())}>
        <div className="rights">
          {view.roles.map((role) => (
            <Tick key={role.id} label={role.name} isSelected={held.includes(role.id)} isDisabled={role.position >= rank} onChange={(now) => setHeld(now ? [...held, role.id] : held.filter((one) => one !== role.id))} />
          ))}
        </div>
        <RefusalNote refusal={save.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={onClose}>
            {app.cancel}
          </Button>
          <Button type="submit" look="primary" isPending={save.busy}>
            {govern.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Why({ view, member, onClose }: { view: GuildView; member: MemberView; onClose: () => void }) {
  const [right, setRight] = useState("send_messages");
  const [channel, setChannel] = useState("");
  const { told, refusal } = useAsked(view.id, "right", { about: "right", user: member.user, channel: channel === "" ? null : channel, right });
  const rights = rightGroups.flatMap((group) => group.rights).map((one) => ({ value: one.name, label: one.words }));
  const places = [{ value: "", label: words.whyWhole }, ...view.channels.map((one) => ({ value: one.id, label: `#${one.name}` }))];
  return (
    <Dialog title={words.whyTitle(member.display_name)} open onClose={onClose}>
      <div className="form">
        <Select label={words.whyRight} value={right} onChange={setRight} options={rights} />
        <Select label={words.whyWhere} value={channel} onChange={setChannel} options={places} />
        <RefusalNote refusal={refusal} />
        {told !== undefined && (
          <div aria-live="polite">
            <p className="why-answer serif">{told.explanation.allowed ? words.whyYes : words.whyNo}</p>
            <p className="field-hint">{words.whySteps}</p>
            <ol className="why-steps">
              {told.explanation.steps.map((step, at) => (
                // oxlint-disable-next-line no-array-index-key -- the steps are a fixed sequence
                <li key={at} dir="auto">
                  {sentence(step, view)}
                </li>
              ))}
            </ol>
          </div>
        )}
      </div>
    </Dialog>
  );
}

function sentence(step: Step, view: GuildView): string {
  const role = (id: string) => view.roles.find((one) => one.id === id)?.name ?? id;
  switch (step.step) {
    case "owner":
      return why.owner;
    case "everyone":
      return step.decision === "allows" ? why.everyoneGives : why.everyoneNot;
    case "role":
      return why.role(role(step.role));
    case "administrator":
      return why.administrator(role(step.role));
    case "overwrite": {
      const place = step.at.place === "channel" ? why.channel : why.category;
      const who = step.of.subject === "everyone" ? why.everyone : step.of.subject === "role" ? why.aRole(role(step.of.role)) : why.them;
      return step.decision === "allows" ? why.given(place, who) : why.refused(place, who);
    }
    case "unseen":
      return why.unseen;
    case "timed_out":
      return why.onHold;
    case "quarantined":
      return why.quarantined;
    case "constrained":
      return unmet[step.constraint](role(step.role));
  }
}
