/** What is done to somebody, and why: every dialog that asks for a reason. */
import { type ReactNode, useState } from "react";
import { useTask } from "../state/engine";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { app } from "../words";
import { submit } from "./GuildDialogs";

interface Props {
  title: string;
  lead?: string;
  /** What the reason is called, and who reads it. */
  reason: { label: string; hint: string };
  verb: string;
  children?: ReactNode;
  /** Carries it out; an empty reason is none. */
  go: (reason: string | null) => Promise<void>;
  onClose: () => void;
}

export function ReasonForm({ title, lead, reason, verb, children, go, onClose }: Props) {
  const [text, setText] = useState("");
  const task = useTask(async () => {
    const why = text.trim();
    await go(why === "" ? null : why);
    onClose();
  });
  return (
    <Dialog title={title} open onClose={onClose} firm>
      {lead !== undefined && <p>{lead}</p>}
      <form className="form" onSubmit={submit(() => void task.run())}>
        {children}
        <Field label={reason.label} hint={reason.hint} value={text} onChange={setText} maxLength={512} autoComplete="off" />
        <RefusalNote refusal={task.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={onClose}>
            {app.cancel}
          </Button>
          <Button type="submit" look="danger" isPending={task.busy}>
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
