/** How mails are sent, what became of them, and a mail to try it. */
import { useState } from "react";
import { useTask } from "../state/engine";
import { useOperate, useOperated } from "../state/operate";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Note, RefusalNote, Skeleton } from "../ui/Note";
import { app, operate, operateMail as words, refusalSentence } from "../words";
import { submit } from "./GuildDialogs";
import { useProved } from "./Proof";

export function OperateMail() {
  const { told, refusal, again } = useOperated("mail", { act: "mail" });
  if (told === undefined) return refusal === null ? <Skeleton lines={5} label={app.loading} /> : <RefusalNote refusal={refusal} />;
  const rows: Array<[string, string]> = [
    [words.waiting, told.waiting.toLocaleString()],
    [words.sent, told.sent.toLocaleString()],
    [words.failed, told.failed.toLocaleString()],
  ];
  if (told.server !== null) rows.unshift([words.server, `${told.server}:${told.port}`], [words.encryption, words.tls[told.tls] ?? told.tls], [words.from, told.from ?? ""]);
  if (told.said !== null) rows.push([words.said, told.said]);
  return (
    <>
      <section className="own-section" aria-label={operate.mail}>
        <p className="quiet">{words.lead}</p>
        {told.server === null && <Note kind="amber">{words.off}</Note>}
        <dl className="operate-table">
          {rows.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ))}
        </dl>
      </section>
      {told.server !== null && <TestMail onSent={again} />}
    </>
  );
}

function TestMail({ onSent }: { onSent: () => void }) {
  const act = useOperate();
  const proved = useProved();
  const [to, setTo] = useState("");
  const [outcome, setOutcome] = useState<{ trouble: string | null } | null>(null);
  const test = useTask(async () => {
    setOutcome(null);
    const reply = await proved(() => act({ act: "test_mail", to: to.trim() }));
    if (reply.reply === "mail_tested") setOutcome({ trouble: reply.trouble });
    onSent();
  });
  const wrong = test.refusal?.code === "EMAIL_INVALID" ? refusalSentence(test.refusal) : null;
  return (
    <section className="own-section" aria-label={words.test}>
      <h2>{words.test}</h2>
      <form className="form security-form" onSubmit={submit(() => void test.run())}>
        <Field label={words.testTo} value={to} onChange={setTo} type="email" isRequired autoComplete="email" mono spellCheck="false" maxLength={254} error={wrong} />
        <div className="approve-actions">
          <Button type="submit" isDisabled={to.trim() === ""} isPending={test.busy}>
            {words.testSubmit}
          </Button>
        </div>
      </form>
      <RefusalNote refusal={wrong === null ? test.refusal : null} />
      <div role="status">
        {outcome !== null &&
          (outcome.trouble === null ? (
            <Note kind="accent">{words.testOk}</Note>
          ) : (
            <Note kind="amber">
              <p>{words.testFailed}</p>
              <code className="operate-link" dir="auto">
                {outcome.trouble}
              </code>
            </Note>
          ))}
      </div>
    </section>
  );
}
