/** The account's e-mail address: confirmed, waiting for its link, or none. */
import { useState } from "react";
import { useAsked } from "../state/account";
import { useTask } from "../state/engine";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { Note, RefusalNote } from "../ui/Note";
import { app, email as words, refusalSentence } from "../words";
import { submit } from "./GuildDialogs";
import { useSensitive } from "./Proof";

export function EmailCard() {
  const email = useAsked("email", "email");
  const sensitive = useSensitive();
  const [typed, setTyped] = useState<string | null>(null);
  const [removing, setRemoving] = useState(false);
  const send = useTask(async (address: string) => {
    await sensitive({ act: "set_email", address });
    setTyped(null);
    email.again();
  });
  const remove = useTask(async () => {
    await sensitive({ act: "remove_email" });
    setRemoving(false);
    email.again();
  });
  const now = email.answer;
  if (now === undefined) return <RefusalNote refusal={email.refusal} />;
  const wrong = send.refusal?.code === "EMAIL_INVALID";
  return (
    <section className="own-section" aria-label={words.title}>
      <h2>{words.title}</h2>
      <p className="own-lead">{!now.mail ? words.off : now.address === null && now.wanted === null ? words.none : words.lead}</p>
      {now.address !== null && (
        <p className="email-address" dir="ltr">
          {now.address}
        </p>
      )}
      <div role="status">{now.wanted !== null && <Note kind="plain">{words.waits(now.wanted)}</Note>}</div>
      {typed !== null && (
        <form className="form security-form" onSubmit={submit(() => void send.run(typed.trim()))}>
          <Field label={words.label} value={typed} onChange={(text) => { setTyped(text); send.clear(); }} type="email" isRequired autoFocus autoComplete="email" mono spellCheck="false" maxLength={254} error={wrong && send.refusal !== null ? refusalSentence(send.refusal) : null} />
          <div className="approve-actions">
            <Button type="submit" look="primary" isDisabled={typed.trim() === ""} isPending={send.busy}>
              {words.send}
            </Button>
            <Button look="quiet" onPress={() => setTyped(null)}>
              {app.cancel}
            </Button>
          </div>
        </form>
      )}
      <RefusalNote refusal={wrong ? null : send.refusal} />
      {typed === null && (
        <div className="approve-actions">
          {now.mail && <Button onPress={() => setTyped("")}>{now.address === null ? words.add : words.change}</Button>}
          {now.mail && now.wanted !== null && (
            <Button look="quiet" onPress={() => void send.run(now.wanted ?? "")} isPending={send.busy}>
              {words.again}
            </Button>
          )}
          {(now.address !== null || now.wanted !== null) && (
            <Button look="danger-quiet" onPress={() => setRemoving(true)}>
              {words.remove}
            </Button>
          )}
        </div>
      )}
      <Dialog title={words.removeTitle} open={removing} onClose={() => setRemoving(false)} firm>
        <p>{words.removeLead}</p>
        <RefusalNote refusal={remove.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={() => setRemoving(false)}>
            {app.cancel}
          </Button>
          <Button look="danger" onPress={() => void remove.run()} isPending={remove.busy}>
            {words.removeSubmit}
          </Button>
        </div>
      </Dialog>
    </section>
  );
}
