/** One channel: name, topic, slow mode, and what it gives and refuses. */
import { useState } from "react";
import { TextArea, TextField, Label } from "react-aria-components";
import { useTask } from "../state/engine";
import { useMembers } from "../state/members";
import { useAct, useAsked } from "../state/govern";
import { bitsOf, may } from "../state/permission";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { Select } from "../ui/Select";
import { Tick } from "../ui/Tick";
import { govern, rightGroups, roles as roleWords, structure as words } from "../words";
import type { ChannelSummary, GuildView, PlacedOverwrite, Subject } from "../wire";
import { submit } from "./GuildDialogs";
import { RetentionChoice } from "./Retention";

const pauses = [
  { value: "0", label: words.slowOff },
  { value: "5", label: words.seconds(5) },
  { value: "30", label: words.seconds(30) },
  { value: "300", label: words.minutes(5) },
  { value: "3600", label: words.minutes(60) },
];

export function ChannelEditor({ view, channel, onClose }: { view: GuildView; channel: ChannelSummary; onClose: () => void }) {
  const act = useAct(view.id);
  const [name, setName] = useState(channel.name);
  const [topic, setTopic] = useState(channel.topic);
  const [slow, setSlow] = useState(String(channel.slow_mode_s));
  const [announces, setAnnounces] = useState(channel.writers === "announcers");
  const [ending, setEnding] = useState(false);
  const save = useTask(async () => {
    await act({ act: "edit_channel", channel: channel.id, name: name.trim(), topic, slow_mode_s: Number(slow), writers: announces ? "announcers" : "all" });
    onClose();
  });
  const place = useTask(async (category: string) => {
    await act({ act: "move_channel", channel: channel.id, category: category === "" ? null : category, position: 0 });
  });
  const remove = useTask(async () => {
    await act({ act: "delete_channel", channel: channel.id });
    onClose();
  });
  const slowOptions = pauses.some((one) => one.value === slow) ? pauses : [...pauses, { value: slow, label: words.seconds(Number(slow)) }];
  return (
    <Dialog title={words.editTitle(channel.name)} open onClose={onClose}>
      {may(channel.my_permissions, "manage_channels") && (
        <form className="form" onSubmit={submit(() => void save.run())}>
          <Field label={words.name} value={name} onChange={setName} maxLength={80} autoComplete="off" />
          <TextField className="field" value={topic} onChange={setTopic} maxLength={1024}>
            <Label className="field-label">{words.topic}</Label>
            <TextArea className="input govern-topic" dir="auto" rows={2} />
          </TextField>
          <Select label={words.slow} value={slow} onChange={setSlow} options={slowOptions} />
          <RetentionChoice guild={view.id} channel={channel.id} days={channel.retention_days} />
          <Tick label={words.announcements} isSelected={announces} onChange={setAnnounces} />
          {view.categories.length > 0 && (
            <Select label={words.into} value={channel.category ?? ""} onChange={(category) => void place.run(category)} options={[{ value: "", label: words.loose }, ...view.categories.map((one) => ({ value: one.id, label: one.name }))]} />
          )}
          <RefusalNote refusal={save.refusal ?? place.refusal ?? remove.refusal} />
          <div className="form-actions">
            {ending ? (
              <>
                <span className="govern-text">{words.removeLead}</span>
                <Button look="danger" onPress={() => void remove.run()} isPending={remove.busy}>
                  {words.remove}
                </Button>
              </>
            ) : (
              <Button look="danger-quiet" onPress={() => setEnding(true)}>
                {words.remove}
              </Button>
            )}
            <Button type="submit" look="primary" isDisabled={name.trim() === ""} isPending={save.busy}>
              {govern.save}
            </Button>
          </div>
        </form>
      )}
      {may(view.my_permissions, "manage_roles") && <ChannelRights view={view} channel={channel} />}
    </Dialog>
  );
}

const places = rightGroups.slice(0, 1).flatMap((group) => group.rights);

/** What the channel gives and refuses one subject, right by right. */
function ChannelRights({ view, channel }: { view: GuildView; channel: ChannelSummary }) {
  const { told, refusal, again } = useAsked(view.id, "overwrites", { about: "overwrites" });
  const act = useAct(view.id);
  const members = useMembers(view.id) ?? [];
  const [whom, setWhom] = useState("everyone");
  const subject: Subject = whom === "everyone" ? { subject: "everyone" } : view.roles.some((role) => role.id === whom) ? { subject: "role", role: whom } : { subject: "member", user: whom };
  const here = told?.overwrites.find((one) => one.place.place === "channel" && one.place.channel === channel.id && same(one.subject, subject));
  const set = useTask(async (bit: bigint, state: string) => {
    const allow = bitsOf(here?.allow ?? "0") & ~bit;
    const deny = bitsOf(here?.deny ?? "0") & ~bit;
    await act({ act: "set_overwrite", place: { place: "channel", channel: channel.id }, subject, allow: (state === "give" ? allow | bit : allow).toString(), deny: (state === "refuse" ? deny | bit : deny).toString() });
    again();
  });
  const subjects = [
    { value: "everyone", label: roleWords.everyone },
    ...view.roles.map((role) => ({ value: role.id, label: role.name })),
    ...members.filter((member) => !member.owner).map((member) => ({ value: member.user, label: `@${member.username}` })),
  ];
  return (
    <section className="own-section govern-rights">
      <h3>{words.rights}</h3>
      <p className="field-hint">{words.rightsLead}</p>
      <Select label={words.forWhom} value={whom} onChange={setWhom} options={subjects} />
      {places.map((right) => {
        const bit = 1n << right.bit;
        const state = (bitsOf(here?.allow ?? "0") & bit) !== 0n ? "give" : (bitsOf(here?.deny ?? "0") & bit) !== 0n ? "refuse" : "inherit";
        return (
          <Select
            key={right.name}
            label={right.words}
            value={state}
            onChange={(next) => void set.run(bit, next)}
            options={[
              { value: "inherit", label: words.inherit },
              { value: "give", label: words.give },
              { value: "refuse", label: words.refuse },
            ]}
          />
        );
      })}
      <RefusalNote refusal={set.refusal ?? refusal} />
    </section>
  );
}

function same(one: PlacedOverwrite["subject"], other: Subject): boolean {
  if (one.subject === "role" && other.subject === "role") return one.role === other.role;
  if (one.subject === "member" && other.subject === "member") return one.user === other.user;
  return one.subject === other.subject;
}
