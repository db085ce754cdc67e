/** Sending at a time: a text, a moment, and what waits in this channel already. */
import { PenLine, X } from "lucide-react";
import { useId, useState } from "react";
import { useGive, useTask, useView } from "../state/engine";
import { Button, IconButton } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { RefusalNote } from "../ui/Note";
import { plainText } from "../ui/Markdown";
import { app, later as words, wholeTime } from "../words";
import type { ScheduledView } from "../wire";
import { submit } from "./GuildDialogs";
import "./later.css";

const hour_ms = 3_600_000;
const longest_s = 366 * 24 * 3_600;

/** As the browser's field for a moment writes it, in local time. */
function local(at: number): string {
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 16);
}

export function LaterDialog({ channel, place, text, onClose }: { channel: string; place: string; text: string; onClose: () => void }) {
  const waiting = useView({ ask: "scheduled", channel })?.entries ?? [];
  const [editing, edit] = useState<ScheduledView | null>(null);
  return (
    <Dialog title={words.title(place)} open onClose={onClose}>
      <p className="quiet">{words.lead}</p>
      <Form key={editing?.entry ?? "new"} channel={channel} text={text} editing={editing} onClose={onClose} onDone={() => (editing === null ? onClose() : edit(null))} />
      {waiting.length > 0 && (
        <section className="later" aria-label={words.waiting(waiting.length)}>
          <h3>{words.waiting(waiting.length)}</h3>
          <ul>
            {waiting.map((one) => (
              <Waiting key={one.entry} one={one} onEdit={() => edit(one)} />
            ))}
          </ul>
        </section>
      )}
    </Dialog>
  );
}

interface FormProps {
  channel: string;
  text: string;
  editing: ScheduledView | null;
  onClose: () => void;
  onDone: () => void;
}

function Form({ channel, text, editing, onClose, onDone }: FormProps) {
  const give = useGive();
  const id = useId();
  const [body, write] = useState(editing?.body ?? text);
  const [at, choose] = useState(() => local(editing?.due_at ?? Date.now() + hour_ms));
  const [past, setPast] = useState(false);
  const save = useTask(async () => {
    const after_s = Math.round((new Date(at).getTime() - Date.now()) / 1000);
    if (!(after_s >= 1 && after_s <= longest_s)) {
      setPast(true);
      return;
    }
    await give(editing === null ? { do: "schedule", channel, body: body.trim(), after_s } : { do: "reschedule", entry: editing.entry, body: body.trim(), after_s });
    onDone();
  });
  return (
    <form className="form" onSubmit={submit(() => void save.run())}>
      <label className="field" htmlFor={`${id}-text`}>
        <span className="field-label">{words.text}</span>
        <textarea id={`${id}-text`} className="input later-text" rows={3} dir="auto" value={body} onChange={(event) => write(event.target.value)} />
      </label>
      <label className="field" htmlFor={`${id}-at`}>
        <span className="field-label">{words.when}</span>
        <input
          id={`${id}-at`}
          className="input"
          type="datetime-local"
          value={at}
          onChange={(event) => {
            choose(event.target.value);
            setPast(false);
          }}
        />
        {past && (
          <span className="field-error" role="alert">
            {words.past}
          </span>
        )}
      </label>
      <RefusalNote refusal={save.refusal} />
      <div className="form-actions">
        <Button look="quiet" onPress={editing === null ? onClose : onDone}>
          {app.cancel}
        </Button>
        <Button type="submit" look="primary" isDisabled={body.trim() === ""} isPending={save.busy}>
          {editing === null ? words.keep : words.change}
        </Button>
      </div>
    </form>
  );
}

function Waiting({ one, onEdit }: { one: ScheduledView; onEdit: () => void }) {
  const give = useGive();
  const cancel = useTask(async () => {
    await give({ do: "unschedule", entry: one.entry });
  });
  const text = plainText(one.body);
  return (
    <li className="later-one">
      <span className="later-what">
        <span dir="auto">{text}</span>
        <span className="quiet">{words.leaves(wholeTime(one.due_at))}</span>
      </span>
      <IconButton icon={PenLine} size={16} label={words.editNamed(text)} onPress={onEdit} />
      <IconButton icon={X} size={16} label={words.cancelNamed(text)} onPress={() => void cancel.run()} isPending={cancel.busy} />
    </li>
  );
}
