/** Create, join, leave and delete a server; create a channel. */
import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import { inviteAddress, path } from "../paths";
import { useGive, useTask } from "../state/engine";
import { useMembers } from "../state/members";
import { forgetGuild } from "../state/settings";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { app, channel as channelWords, guild as words, signIn, template as templateWords, room as roomWords } from "../words";
import type { ChannelLink } from "../wire";
import { nameable } from "./AboutChannel";
import type { GuildTemplate } from "../wire";
import { PeoplePicker } from "./PeoplePicker";

const nameLimit = 80;
const templates = (["plain", "friends", "club", "team"] as const).map((value) => ({ value, label: templateWords.names[value] }));

export function AddGuild({ onClose }: { onClose: () => void }) {
  const give = useGive();
  const [, go] = useLocation();
  const [name, setName] = useState("");
  const [template, setTemplate] = useState<GuildTemplate | "plain">("plain");
  const create = useTask(async () => {
    const reply = await give({ do: "create_guild", name: name.trim() });
    if (reply.outcome === "guild" && template !== "plain") await give({ do: "govern", guild: reply.guild, act: { act: "furnish", template } });
    onClose();
    if (reply.outcome === "guild") go(path.guild(reply.guild));
  });
  return (
    <Dialog title={words.createTitle} open onClose={onClose}>
      <p className="quiet">{words.createLead}</p>
      <form className="form" onSubmit={submit(() => void create.run())}>
        <Field label={words.name} placeholder={words.namePlaceholder} value={name} onChange={setName} maxLength={nameLimit} isRequired autoFocus autoComplete="off" />
        <Choice label={templateWords.label} value={template} onChange={setTemplate} options={templates} />
        <p className="field-hint">{templateWords.hints[template]}</p>
        <RefusalNote refusal={create.refusal} />
        <Button type="submit" look="primary" wide isDisabled={name.trim() === ""} isPending={create.busy}>
          {words.createSubmit}
        </Button>
      </form>
      <JoinByInvite onDone={onClose} />
    </Dialog>
  );
}

/** A pasted link leads to the same page as the link itself. */
export function JoinByInvite({ onDone }: { onDone: () => void }) {
  const [, go] = useLocation();
  const [pasted, setPasted] = useState("");
  const [wrong, setWrong] = useState(false);
  const open = () => {
    const address = inviteAddress(pasted);
    if (address === null) {
      setWrong(true);
      return;
    }
    onDone();
    go(address);
  };
  return (
    <form className="form form-second" onSubmit={submit(open)}>
      <Field
        label={words.join}
        placeholder={signIn.invitePlaceholder}
        value={pasted}
        onChange={(text) => {
          setPasted(text);
          setWrong(false);
        }}
        error={wrong ? signIn.inviteWrong : null}
        mono
        autoComplete="off"
      />
      <Button type="submit" isDisabled={pasted.trim() === ""}>
        {signIn.openInvite}
      </Button>
    </form>
  );
}

export function CreateChannel({ guild, continues, onClose }: { guild: string; continues: ChannelLink | null; onClose: () => void }) {
  const give = useGive();
  const [, go] = useLocation();
  const [name, setName] = useState(continues === null ? "" : roomWords.next(continues.name).slice(-nameLimit));
  const [whom, setWhom] = useState<"everybody" | "some">("everybody");
  const [readers, setReaders] = useState<string[]>([]);
  const members = useMembers(guild);
  const create = useTask(async () => {
    const reply = await give({ do: "create_channel", guild, name: name.trim(), readers: whom === "some" ? readers : null, continues: continues?.id ?? null });
    onClose();
    if (reply.outcome === "channel") go(path.channel(guild, reply.channel));
  });
  return (
    <Dialog title={continues === null ? channelWords.createTitle : roomWords.createTitle(continues.name)} open onClose={onClose}>
      <p className="quiet">{continues === null ? channelWords.createLead : roomWords.createLead}</p>
      <form className="form" onSubmit={submit(() => void create.run())}>
        <Field label={channelWords.name} placeholder={channelWords.namePlaceholder} value={name} onChange={setName} maxLength={nameLimit} isRequired autoFocus autoComplete="off" />
        <Choice
          label={channelWords.forWhom}
          value={whom}
          options={[
            { value: "everybody", label: channelWords.forEverybody },
            { value: "some", label: channelWords.forSome },
          ]}
          onChange={setWhom}
        />
        {whom === "some" && members && (
          <>
            <p className="quiet">{channelWords.forSomeHint}</p>
            <PeoplePicker label={channelWords.readersTitle} people={nameable(members).filter((one) => !one.me)} picked={readers} onPick={setReaders} />
          </>
        )}
        <RefusalNote refusal={create.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={onClose}>
            {app.cancel}
          </Button>
          <Button type="submit" look="primary" isDisabled={name.trim() === ""} isPending={create.busy}>
            {channelWords.createSubmit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface EndProps {
  guild: string;
  name: string;
  onClose: () => void;
}

export function LeaveGuild({ guild, name, onClose }: EndProps) {
  const give = useGive();
  const [, go] = useLocation();
  const leave = useTask(async () => {
    await give({ do: "leave_guild", guild });
    forgetGuild(guild);
    onClose();
    go(path.home());
  });
  return (
    <Dialog title={words.leaveTitle(name)} open onClose={onClose} firm>
      <p>{words.leaveLead}</p>
      <RefusalNote refusal={leave.refusal} />
      <div className="form-actions">
        <Button look="quiet" onPress={onClose} autoFocus>
          {app.cancel}
        </Button>
        <Button look="danger" onPress={() => void leave.run()} isPending={leave.busy}>
          {words.leave}
        </Button>
      </div>
    </Dialog>
  );
}

export function DeleteGuild({ guild, name, onClose }: EndProps) {
  const give = useGive();
  const [, go] = useLocation();
  const [typed, setTyped] = useState("");
  const remove = useTask(async () => {
    await give({ do: "delete_guild", guild });
    forgetGuild(guild);
    onClose();
    go(path.home());
  });
  return (
    <Dialog title={words.removeTitle(name)} open onClose={onClose} firm>
      <p>{words.removeLead}</p>
      <form className="form" onSubmit={submit(() => void remove.run())}>
        <Field label={words.removeType(name)} value={typed} onChange={setTyped} autoFocus autoComplete="off" />
        <RefusalNote refusal={remove.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={onClose}>
            {app.cancel}
          </Button>
          <Button type="submit" look="danger" isDisabled={typed.trim() !== name.trim()} isPending={remove.busy}>
            {words.remove}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function submit(work: () => void) {
  return (event: FormEvent) => {
    event.preventDefault();
    work();
  };
}
