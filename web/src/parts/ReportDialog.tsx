/** Reporting a message: shows exactly what will be revealed, and asks once. */
import { useState } from "react";
import { Label, TextArea, TextField, Text } from "react-aria-components";
import { useGive, useTask, useView } from "../state/engine";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Dialog } from "../ui/Dialog";
import { plainText } from "../ui/Markdown";
import { Note, RefusalNote, Skeleton } from "../ui/Note";
import { app, report as words, reportReasons, timeOfDay } from "../words";
import type { Reportable, ReportableView, ReportReason, ReportTo } from "../wire";
import "./report.css";

const mostAround = 20;
const noteLimit = 1000;

export function ReportDialog({ message, onClose }: { message: string; onClose: () => void }) {
  const answer = useView({ ask: "reportable", message });
  const [done, setDone] = useState(false);
  return (
    <Dialog title={done ? words.doneTitle : words.title} open onClose={onClose} firm>
      {done ? (
        <>
          <p role="status">{words.done}</p>
          <div className="form-actions">
            <Button look="primary" onPress={onClose} autoFocus>
              {app.close}
            </Button>
          </div>
        </>
      ) : answer === undefined ? (
        <Skeleton lines={5} label={app.loading} />
      ) : answer.view === null || !answer.view.provable ? (
        <Note kind="amber">
          <p>{words.unprovable}</p>
        </Note>
      ) : (
        <Form message={message} view={answer.view} onClose={onClose} onDone={() => setDone(true)} />
      )}
    </Dialog>
  );
}

function Form({ message, view, onClose, onDone }: { message: string; view: ReportableView; onClose: () => void; onDone: () => void }) {
  const give = useGive();
  const [reason, setReason] = useState<ReportReason>("harassment");
  const [to, setTo] = useState<ReportTo>(view.guild === null ? "operator" : "guild");
  const [note, setNote] = useState("");
  const [also, setAlso] = useState<ReadonlySet<string>>(new Set());
  const around = view.messages.filter((one) => one.message !== message);
  const chosen = view.messages.filter((one) => one.message === message || also.has(one.message));
  const send = useTask(async () => {
    await give({ do: "report", messages: [message, ...around.filter((one) => also.has(one.message)).map((one) => one.message)], to, reason, note });
    onDone();
  });
  const toggle = (id: string) =>
    setAlso((before) => {
      const after = new Set(before);
      if (!after.delete(id) && after.size < mostAround) after.add(id);
      return after;
    });
  return (
    <>
      <p>{words.lead(chosen.length)}</p>
      <section aria-label={words.reveals} className="report-part">
        <h3>{words.reveals}</h3>
        <ol className="report-messages">
          {chosen.map((one) => (
            <li key={one.message} className={one.message === message ? "report-subject" : undefined}>
              <Said one={one} />
            </li>
          ))}
        </ol>
      </section>
      {around.length > 0 && (
        <details className="report-around">
          <summary>{words.also}</summary>
          <p className="quiet">{words.around}</p>
          <ul className="report-messages">
            {around.map((one) => (
              <li key={one.message}>
                <label className="report-choice">
                  <input type="checkbox" checked={also.has(one.message)} onChange={() => toggle(one.message)} disabled={!also.has(one.message) && also.size >= mostAround} />
                  <Said one={one} />
                </label>
              </li>
            ))}
          </ul>
        </details>
      )}
      <Choice label={words.reason} value={reason} onChange={setReason} options={(Object.keys(reportReasons) as ReportReason[]).map((value) => ({ value, label: reportReasons[value] }))} />
      {view.guild !== null && (
        <Choice
          label={words.to}
          value={to}
          onChange={setTo}
          options={[
            { value: "guild", label: words.toGuild },
            { value: "operator", label: words.toOperator },
          ]}
        />
      )}
      <TextField className="field" value={note} onChange={setNote} maxLength={noteLimit}>
        <Label className="field-label">{words.note}</Label>
        <TextArea className="input report-note" dir="auto" rows={3} />
        <Text slot="description" className="field-hint">
          {words.noteHint}
        </Text>
      </TextField>
      <RefusalNote refusal={send.refusal} />
      <div className="form-actions">
        <Button look="quiet" onPress={onClose}>
          {app.cancel}
        </Button>
        <Button look="danger" onPress={() => void send.run()} isPending={send.busy}>
          {words.submit}
        </Button>
      </div>
    </>
  );
}

function Said({ one }: { one: Reportable }) {
  return (
    <span className="report-said">
      <strong>
        <bdi>{one.author_name}</bdi>
      </strong>{" "}
      <time dateTime={new Date(one.at).toISOString()}>{timeOfDay(one.at)}</time>
      <span className="report-body" dir="auto">
        {plainText(one.body)}
      </span>
    </span>
  );
}
