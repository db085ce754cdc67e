/** Name of a server, the way in, and its owner. */
import { useState } from "react";
import { Label, Text, TextArea, TextField } from "react-aria-components";
import { useTask } from "../state/engine";
import { useMembers } from "../state/members";
import { useAct, useAsked } from "../state/govern";
import { may } from "../state/permission";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Field, PasswordField } from "../ui/Field";
import { RefusalNote, Skeleton } from "../ui/Note";
import { Select } from "../ui/Select";
import { app, govern, overview as words, structure } from "../words";
import type { GateView, GuildView } from "../wire";
import { submit } from "./GuildDialogs";
import { Joins } from "./Joins";
import { RetentionChoice } from "./Retention";
import { GuildPictures } from "./GuildPictures";

const waits = [
  { value: "0", label: words.newcomersNone },
  { value: "600", label: words.newcomersMinutes(10) },
  { value: "3600", label: words.newcomersMinutes(60) },
  { value: "86400", label: words.newcomersDay },
];
const longWaits = [
  { value: "0", label: words.newcomersNone },
  { value: "3600", label: words.newcomersMinutes(60) },
  { value: "86400", label: words.newcomersDay },
  { value: "604800", label: words.newcomersWeek },
];

export function GuildOverview({ view }: { view: GuildView }) {
  const { me } = view;
  return (
    <>
      {may(view.my_permissions, "manage_guild") && <Name view={view} />}
      {may(view.my_permissions, "manage_guild") && <GuildPictures view={view} />}
      {may(view.my_permissions, "manage_guild") && <RulesText view={view} />}
      {may(view.my_permissions, "manage_guild") && (
        <section className="own-section">
          <h2>{structure.keepTitle}</h2>
          <RetentionChoice guild={view.id} channel={null} days={view.retention_days} />
        </section>
      )}
      {may(view.my_permissions, "manage_guild") && <Gate guild={view.id} />}
      {may(view.my_permissions, "manage_invites") && <Joins view={view} />}
      {me?.owner === true && <Transfer view={view} />}
    </>
  );
}

function Name({ view }: { view: GuildView }) {
  const act = useAct(view.id);
  const [name, setName] = useState(view.name);
  const save = useTask(async () => {
    await act({ act: "rename", name: name.trim() });
  });
  return (
    <form className="govern-row" onSubmit={submit(() => void save.run())}>
      <Field label={words.name} value={name} onChange={setName} maxLength={80} autoComplete="off" />
      <Button type="submit" isDisabled={name.trim() === "" || name.trim() === view.name} isPending={save.busy}>
        {govern.save}
      </Button>
      <RefusalNote refusal={save.refusal} />
    </form>
  );
}

function RulesText({ view }: { view: GuildView }) {
  const act = useAct(view.id);
  const [text, setText] = useState(view.rules ?? "");
  const save = useTask(async () => {
    await act({ act: "set_rules", rules: text.trim() === "" ? null : text.trim() });
  });
  return (
    <section className="own-section">
      <h2>{words.rulesTitle}</h2>
      <form className="form" onSubmit={submit(() => void save.run())}>
        <TextField value={text} onChange={setText} maxLength={4_000} className="field">
          <Label className="field-label">{words.rules}</Label>
          <TextArea className="input rules-input" rows={6} dir="auto" />
          <Text slot="description" className="field-hint">
            {words.rulesHint}
          </Text>
        </TextField>
        <RefusalNote refusal={save.refusal} />
        <div className="form-actions">
          <Button type="submit" isDisabled={text.trim() === (view.rules ?? "")} isPending={save.busy}>
            {words.rulesSave}
          </Button>
        </div>
      </form>
    </section>
  );
}

function Gate({ guild }: { guild: string }) {
  const { told, refusal, again } = useAsked(guild, "gate", { about: "gate" });
  const act = useAct(guild);
  const change = useTask(async (next: GateView) => {
    await act({ act: "set_gate", joins: next.joins, invites: next.invites, newcomer_s: next.newcomer_s, links_s: next.links_s, mentions_s: next.mentions_s, reason: null });
    again();
  });
  if (told === undefined) return refusal === null ? <Skeleton lines={3} label={app.loading} /> : <RefusalNote refusal={refusal} />;
  const now: GateView = { joins: told.joins, invites: told.invites, newcomer_s: told.newcomer_s, links_s: told.links_s, mentions_s: told.mentions_s };
  return (
    <section className="own-section">
      <h2>{words.gateTitle}</h2>
      <Choice
        label={words.gate}
        value={now.joins}
        onChange={(gate) => void change.run({ ...now, joins: gate, invites: gate })}
        options={[
          { value: "open", label: words.gateOpen },
          { value: "closed", label: words.gateClosed },
        ]}
      />
      <p className="field-hint">{words.gateHint}</p>
      <Choice label={words.newcomers} value={String(now.newcomer_s)} onChange={(value) => void change.run({ ...now, newcomer_s: Number(value) })} options={waits} />
      <Choice label={words.links} value={String(now.links_s)} onChange={(value) => void change.run({ ...now, links_s: Number(value) })} options={longWaits} />
      <p className="field-hint">{words.linksHint}</p>
      <Choice label={words.mentionsWait} value={String(now.mentions_s)} onChange={(value) => void change.run({ ...now, mentions_s: Number(value) })} options={longWaits} />
      <RefusalNote refusal={change.refusal} />
    </section>
  );
}

function Transfer({ view }: { view: GuildView }) {
  const act = useAct(view.id);
  const others = (useMembers(view.id) ?? []).filter((member) => !member.me && member.vouched);
  const [to, setTo] = useState<string | null>(null);
  const [password, setPassword] = useState("");
  const transfer = useTask(async () => {
    if (to !== null) await act({ act: "hand_over", to, password });
  });
  if (others.length === 0) return null;
  return (
    <section className="own-section">
      <h2>{words.transferTitle}</h2>
      <p className="quiet">{words.transferLead}</p>
      <form className="form" onSubmit={submit(() => void transfer.run())}>
        <Select label={words.transferTo} value={to} onChange={setTo} options={others.map((member) => ({ value: member.user, label: member.display_name }))} />
        <PasswordField label={words.password} value={password} onChange={setPassword} autoComplete="current-password" />
        <RefusalNote refusal={transfer.refusal} />
        <div className="form-actions">
          <Button type="submit" look="danger" isDisabled={to === null || password === ""} isPending={transfer.busy}>
            {words.transfer}
          </Button>
        </div>
      </form>
    </section>
  );
}
