/** Conversations of several people: begin one, add people, rename, leave. */
import { useState } from "react";
import { useLocation } from "wouter";
import { path } from "../paths";
import { useGive, useTask, useView } from "../state/engine";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { RefusalNote, Skeleton } from "../ui/Note";
import { app, conversations as words } from "../words";
import { submit } from "./GuildDialogs";
import { PeoplePicker } from "./PeoplePicker";

const nameLimit = 80;

/** One person makes a conversation of two, several make a group. */
export function NewMessage({ onClose }: { onClose: () => void }) {
  const give = useGive();
  const [, go] = useLocation();
  const people = useView({ ask: "people" })?.people;
  const [picked, setPicked] = useState<string[]>([]);
  const [name, setName] = useState("");
  const begin = useTask(async () => {
    const [only] = picked;
    if (only === undefined) return;
    const reply = await give(picked.length === 1 ? { do: "open_dm", user: only } : { do: "create_group", users: picked, name: name.trim() === "" ? null : name.trim() });
    onClose();
    if (reply.outcome === "channel") go(path.conversation(reply.channel));
  });
  return (
    <Dialog title={words.write} open onClose={onClose}>
      <p className="quiet">{words.writeLead}</p>
      <form className="form" onSubmit={submit(() => void begin.run())}>
        {people === undefined ? <Skeleton lines={4} label={app.loading} /> : <PeoplePicker label={words.groupMembers} people={people} picked={picked} onPick={setPicked} autoFocus />}
        {picked.length > 1 && <Field label={words.groupName} placeholder={words.groupNamePlaceholder} hint={words.groupNameHint} value={name} onChange={setName} maxLength={nameLimit} autoComplete="off" />}
        <RefusalNote refusal={begin.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={onClose}>
            {app.cancel}
          </Button>
          <Button type="submit" look="primary" isDisabled={picked.length === 0} isPending={begin.busy}>
            {words.begin}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function AddToGroup({ channel, onClose }: { channel: string; onClose: () => void }) {
  const give = useGive();
  const people = useView({ ask: "people" })?.people;
  const inside = useView({ ask: "channel", channel })?.channel?.people.map((one) => one.user);
  const [picked, setPicked] = useState<string[]>([]);
  const add = useTask(async () => {
    for (const user of picked) await give({ do: "add_to_group", channel, user });
    onClose();
  });
  return (
    <Dialog title={words.add} open onClose={onClose}>
      <p className="quiet">{words.addLead}</p>
      <form className="form" onSubmit={submit(() => void add.run())}>
        {people === undefined || inside === undefined ? (
          <Skeleton lines={4} label={app.loading} />
        ) : (
          <PeoplePicker label={words.groupMembers} people={people.filter((one) => !inside.includes(one.user))} picked={picked} onPick={setPicked} autoFocus />
        )}
        <RefusalNote refusal={add.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={onClose}>
            {app.cancel}
          </Button>
          <Button type="submit" look="primary" isDisabled={picked.length === 0} isPending={add.busy}>
            {words.addSubmit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function RenameGroup({ channel, name: before, onClose }: { channel: string; name: string; onClose: () => void }) {
  const give = useGive();
  const [name, setName] = useState(before);
  const rename = useTask(async () => {
    await give({ do: "rename_group", channel, name: name.trim() });
    onClose();
  });
  return (
    <Dialog title={words.renameTitle} open onClose={onClose}>
      <form className="form" onSubmit={submit(() => void rename.run())}>
        <Field label={words.newName} hint={words.groupNameHint} value={name} onChange={setName} maxLength={nameLimit} isRequired autoFocus autoComplete="off" />
        <RefusalNote refusal={rename.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={onClose}>
            {app.cancel}
          </Button>
          <Button type="submit" look="primary" isDisabled={name.trim() === ""} isPending={rename.busy}>
            {words.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function LeaveGroup({ channel, name, onClose }: { channel: string; name: string; onClose: () => void }) {
  const give = useGive();
  const [, go] = useLocation();
  const view = useView({ ask: "channel", channel })?.channel;
  const people = view?.people ?? [];
  const owner = people.some((one) => one.me && one.right === "owner");
  const leave = useTask(async () => {
    await give({ do: "leave_group", channel });
    onClose();
    go(path.conversations());
  });
  return (
    <Dialog title={words.leaveTitle(name)} open onClose={onClose} firm>
      <p>
        {words.leaveLead} {people.length === 1 ? words.leaveLast : owner ? words.leaveOwner : ""}
      </p>
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
