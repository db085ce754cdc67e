/** Who is there: a mark at a picture, and the words beside a name. */
import { useState } from "react";
import { useGive, useTask, useView } from "../state/engine";
import { stateOf, usePresence } from "../state/presence";
import { Avatar } from "../ui/Arch";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { Select } from "../ui/Select";
import { app, presence as words } from "../words";
import type { Availability } from "../wire";
import { submit } from "./GuildDialogs";
import "./presence.css";

/** A picture with a mark that tells whether its person is there. */
export function PresentAvatar({ id, name, size }: { id: string; name: string; size?: "small" | "large" }) {
  const state = stateOf(usePresence(id));
  return (
    <span className="present">
      <Avatar id={id} name={name} {...(size ? { size } : {})} />
      {state !== "offline" && <span className="present-mark" data-state={state} title={words.state[state]} />}
    </span>
  );
}

/** A person's status in their own words, if they have one. */
export function StatusLine({ user, always }: { user: string; always?: true }) {
  const presence = usePresence(user);
  const state = stateOf(presence);
  const text = presence?.text ?? null;
  if (text === null && always === undefined) return <span className="unseen">{words.state[state]}</span>;
  return (
    <span className="status-line" dir="auto">
      {text !== null && <span className="unseen">{words.state[state]}. </span>}
      {text ?? words.state[state]}
    </span>
  );
}

type Lasting = keyof typeof words.until;

export function StatusDialog({ onClose }: { onClose: () => void }) {
  const mine = useView({ ask: "presences" })?.mine;
  return mine === undefined ? null : <StatusForm key={mine.availability} availability={mine.availability} text={mine.text ?? ""} onClose={onClose} />;
}

function StatusForm({ availability: before, text: said, onClose }: { availability: Availability; text: string; onClose: () => void }) {
  const give = useGive();
  const [availability, choose] = useState<Availability>(before);
  const [text, write] = useState(said);
  const [lasting, last] = useState<Lasting>("14400");
  const save = useTask(async () => {
    await give({ do: "set_status", availability, text: text.trim() === "" ? null : text.trim(), for_s: Number(lasting) });
    onClose();
  });
  return (
    <Dialog title={words.title} open onClose={onClose}>
      <form className="form" onSubmit={submit(() => void save.run())}>
        <Field label={words.text} hint={words.textHint} value={text} onChange={write} maxLength={100} autoFocus autoComplete="off" />
        {text.trim() !== "" && <Select label={words.lasts} value={lasting} onChange={last} options={(["1800", "14400", "86400", "0"] as const).map((value) => ({ value, label: words.until[value] }))} />}
        <Choice
          label={words.availability}
          value={availability}
          onChange={choose}
          options={[
            { value: "automatic", label: words.automatic },
            { value: "do_not_disturb", label: words.doNotDisturb },
            { value: "invisible", label: words.invisible },
          ]}
        />
        {availability !== "automatic" && <p className="quiet">{availability === "invisible" ? words.invisibleNote : words.quietNote}</p>}
        <RefusalNote refusal={save.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={text === "" ? onClose : () => write("")}>
            {text === "" ? app.cancel : words.clear}
          </Button>
          <Button look="primary" type="submit" isPending={save.busy}>
            {words.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
