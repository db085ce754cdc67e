/** One role: how it looks, what it gives, and what somebody with it sees. */
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { useTask } from "../state/engine";
import { useAct, useAsked } from "../state/govern";
import { bitsOf, may } from "../state/permission";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { Tick } from "../ui/Tick";
import { app, govern, rightGroups, roles as words } from "../words";
import type { GuildView, Role } from "../wire";
import { submit } from "./GuildDialogs";
import { RoleTerms } from "./RoleTerms";

export function RoleEditor({ view, role, onGone }: { view: GuildView; role: Role; onGone: () => void }) {
  const act = useAct(view.id);
  const [name, setName] = useState(role.name);
  const [color, setColor] = useState(role.color);
  const [hoisted, setHoisted] = useState(role.hoisted);
  const [mentionable, setMentionable] = useState(role.mentionable);
  const [bits, setBits] = useState(bitsOf(role.permissions));
  const [ending, setEnding] = useState(false);
  const save = useTask(async () => {
    await act({ act: "edit_role", role: role.id, name: name.trim(), color, hoisted, mentionable, permissions: bits.toString() });
  });
  const remove = useTask(async () => {
    await act({ act: "delete_role", role: role.id });
    onGone();
  });
  return (
    <>
      <form className="form" onSubmit={submit(() => void save.run())}>
        <Field label={words.name} value={name} onChange={setName} maxLength={80} autoComplete="off" />
        <div className="role-color">
          <label className="field">
            <span className="field-label">{words.color}</span>
            <input type="color" className="role-picker" value={color ?? "#4a7c59"} onChange={(event) => setColor(event.target.value)} />
          </label>
          <Button small look="quiet" isDisabled={color === null} onPress={() => setColor(null)}>
            {words.colorNone}
          </Button>
        </div>
        <Tick label={words.hoist} isSelected={hoisted} onChange={setHoisted} />
        <Tick label={words.mention} isSelected={mentionable} onChange={setMentionable} />
        <Rights view={view} bits={bits} onChange={setBits} />
        <RefusalNote refusal={save.refusal} />
        <div className="form-actions">
          <Button look="danger-quiet" icon={Trash2} onPress={() => setEnding(true)}>
            {govern.delete}
          </Button>
          <Button type="submit" look="primary" isDisabled={name.trim() === ""} isPending={save.busy}>
            {govern.save}
          </Button>
        </div>
      </form>
      <RoleTerms view={view} role={role} />
      <ViewAs key={role.permissions} view={view} role={role} />
      <Dialog title={words.removeTitle(role.name)} open={ending} onClose={() => setEnding(false)} firm>
        <p>{words.removeLead}</p>
        <RefusalNote refusal={remove.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={() => setEnding(false)} autoFocus>
            {app.cancel}
          </Button>
          <Button look="danger" onPress={() => void remove.run()} isPending={remove.busy}>
            {govern.delete}
          </Button>
        </div>
      </Dialog>
    </>
  );
}

export function EveryoneEditor({ view }: { view: GuildView }) {
  const act = useAct(view.id);
  const [bits, setBits] = useState(bitsOf(view.everyone));
  const save = useTask(async () => {
    await act({ act: "edit_everyone", permissions: bits.toString() });
  });
  return (
    <form className="form" onSubmit={submit(() => void save.run())}>
      <h2>{words.everyone}</h2>
      <p className="quiet">{words.everyoneLead}</p>
      <Rights view={view} bits={bits} onChange={setBits} harmless />
      <RefusalNote refusal={save.refusal} />
      <div className="form-actions">
        <Button type="submit" look="primary" isPending={save.busy}>
          {govern.save}
        </Button>
      </div>
    </form>
  );
}

function Rights({ view, bits, onChange, harmless }: { view: GuildView; bits: bigint; onChange: (bits: bigint) => void; harmless?: boolean }) {
  const mine = bitsOf(view.my_permissions);
  return (
    <>
      {rightGroups.map((group) => {
        const shown = group.rights.filter((right) => !(harmless && right.dangerous));
        return shown.length === 0 ? null : (
          <fieldset key={group.title} className="rights">
            <legend>{group.title}</legend>
            {shown.map((right) => {
              const bit = 1n << right.bit;
              const given = (bits & bit) !== 0n;
              return <Tick key={right.name} label={right.words} isSelected={given} isDisabled={!given && (mine & bit) === 0n} onChange={(now) => onChange(now ? bits | bit : bits & ~bit)} />;
            })}
          </fieldset>
        );
      })}
    </>
  );
}

/** What somebody with only this role sees of the channels, as it was saved last. */
function ViewAs({ view, role }: { view: GuildView; role: Role }) {
  const { told, refusal } = useAsked(view.id, "as_role", { about: "as_role", role: role.id });
  const rights = new Map(told?.channels.map((one) => [one.channel, one.permissions]));
  const seen = view.channels.filter((channel) => may(rights.get(channel.id) ?? "0", "view_channel"));
  return (
    <section className="own-section">
      <h2>{words.viewAs}</h2>
      <p className="quiet">{words.viewAsLead(role.name)}</p>
      <RefusalNote refusal={refusal} />
      {told !== undefined && seen.length === 0 && <p>{words.viewAsNone}</p>}
      <ul className="govern-list">
        {seen.map((channel) => (
          <li key={channel.id} className="govern-item">
            <span className="govern-text">
              <strong dir="auto"># {channel.name}</strong>
              <span className="quiet">{may(rights.get(channel.id) ?? "0", "send_messages") ? words.viewAsWrites : words.viewAsReads}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
