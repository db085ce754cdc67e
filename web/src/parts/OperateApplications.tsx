/** People who ask for an account: what they said, and letting them in or not. */
import { useEffect, useRef, useState } from "react";
import { Label, TextArea, TextField } from "react-aria-components";
import { useTask } from "../state/engine";
import { useOperate, useOperated } from "../state/operate";
import { useNow } from "../state/page";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { CopyButton } from "../ui/CopyButton";
import { Note, RefusalNote, Skeleton } from "../ui/Note";
import { agoInSentence, app, operate, operateApplications as words, wholeDate } from "../words";
import type { AccountApplicationView, Handing } from "../wire";
import { useProved } from "./Proof";
import "./report.css";

interface Given {
  name: string;
  url: string | null;
  password: string | null;
}

export function OperateApplications() {
  const [shown, setShown] = useState<"waiting" | "decided">("waiting");
  const [before, setBefore] = useState<string | null>(null);
  const [given, setGiven] = useState<Given | null>(null);
  const { told, refusal, again } = useOperated("applications", { act: "applications", decided: shown === "decided", before });
  const last = told?.applications.at(-1);
  const turn = (to: "waiting" | "decided") => {
    setShown(to);
    setBefore(null);
  };
  return (
    <>
      <section className="own-section" aria-label={operate.applications}>
        <p className="quiet">{words.lead}</p>
        <Choice label={words.show} value={shown} options={[{ value: "waiting", label: words.waiting(told?.waiting ?? 0) }, { value: "decided", label: words.decided }]} onChange={turn} />
        <div role="status">{given !== null && <Handed given={given} onClose={() => setGiven(null)} />}</div>
        <RefusalNote refusal={refusal} />
        {told === undefined && refusal === null && <Skeleton lines={6} label={app.loading} />}
        {told?.applications.length === 0 && <p>{shown === "waiting" ? words.none : words.noneDecided}</p>}
        <ul className="reports-list">
          {told?.applications.map((one) => (
            <li key={one.id}>
              <One
                one={one}
                onDecided={(made) => {
                  setGiven(made);
                  again();
                }}
              />
            </li>
          ))}
        </ul>
        <div className="govern-buttons">
          {before !== null && (
            <Button look="quiet" onPress={() => setBefore(null)}>
              {operate.backToStart}
            </Button>
          )}
          {told?.end === false && last !== undefined && (
            <Button look="quiet" onPress={() => setBefore(last.id)}>
              {operate.more}
            </Button>
          )}
        </div>
      </section>
      {told !== undefined && <Questions key={told.questions.join("\n")} now={told.questions} onSaved={again} />}
    </>
  );
}

function Handed({ given, onClose }: { given: Given; onClose: () => void }) {
  const here = useRef<HTMLDivElement>(null);
  useEffect(() => here.current?.scrollIntoView({ block: "center" }), [given]);
  return (
    <div ref={here}>
      <Note kind="accent">
        {given.password === null || given.url === null ? (
          <p>{words.mailed(given.name)}</p>
        ) : (
          <>
            <p>{words.handOver(given.name)}</p>
            <code className="operate-link" dir="ltr">
              {given.password}
            </code>
            <div className="govern-buttons">
              <CopyButton text={given.password} label={words.copyPassword} small />
              <CopyButton text={given.url} label={words.copyLink} small />
            </div>
          </>
        )}
        <Button look="quiet" small onPress={onClose}>
          {operate.close}
        </Button>
      </Note>
    </div>
  );
}

function One({ one, onDecided }: { one: AccountApplicationView; onDecided: (given: Given | null) => void }) {
  const act = useOperate();
  const proved = useProved();
  const now = useNow(60_000);
  const [reason, setReason] = useState<string | null>(null);
  const approve = useTask(async (by: Handing) => {
    const reply = await proved(() => act({ act: "approve", application: one.id, by }));
    if (reply.reply === "approved") onDecided({ name: one.display_name, url: reply.url, password: reply.password });
  });
  const reject = useTask(async () => {
    await proved(() => act({ act: "reject", application: one.id, reason: reason ?? "" }));
    onDecided(null);
  });
  const facts = [`@${one.username}`, words.asked(agoInSentence(one.created_at, now)), one.address];
  return (
    <article className="reports-one" aria-label={one.display_name}>
      <header>
        <strong>
          <bdi>{one.display_name}</bdi>
        </strong>
        <p className="quiet" dir="auto">
          {facts.filter((fact) => fact !== null).join(" · ")}
        </p>
      </header>
      <dl className="operate-answers">
        {one.answers.map((said) => (
          <div key={said.question}>
            <dt dir="auto">{said.question}</dt>
            <dd dir="auto">{said.answer}</dd>
          </div>
        ))}
      </dl>
      {one.decision !== null && one.decided_at !== null ? (
        <p className="quiet" dir="auto">
          {[words.outcome[one.decision](wholeDate(one.decided_at), one.decided_by_name), one.reason, one.decision === "approved" && one.used_at === null ? words.unused : null].filter(Boolean).join(" · ")}
        </p>
      ) : reason === null ? (
        <div className="govern-buttons">
          {one.address !== null && (
            <Button look="primary" small onPress={() => void approve.run("mail")} isPending={approve.busy}>
              {words.approveMail}
            </Button>
          )}
          <Button look={one.address === null ? "primary" : "plain"} small onPress={() => void approve.run("password")} isPending={approve.busy}>
            {words.approvePassword}
          </Button>
          <Button look="danger-quiet" small onPress={() => setReason("")}>
            {words.reject}
          </Button>
        </div>
      ) : (
        <>
          <TextField className="field" value={reason} onChange={setReason} maxLength={500} autoFocus>
            <Label className="field-label">{words.reason}</Label>
            <TextArea className="input report-note" dir="auto" rows={2} />
          </TextField>
          <p className="field-hint">{one.address === null ? words.reasonKept : words.reasonMailed}</p>
          <div className="govern-buttons">
            <Button look="danger" small onPress={() => void reject.run()} isPending={reject.busy}>
              {words.reject}
            </Button>
            <Button look="quiet" small onPress={() => setReason(null)}>
              {app.cancel}
            </Button>
          </div>
        </>
      )}
      <RefusalNote refusal={approve.refusal ?? reject.refusal} />
    </article>
  );
}

function Questions({ now, onSaved }: { now: string[]; onSaved: () => void }) {
  const act = useOperate();
  const proved = useProved();
  const [text, setText] = useState(now.join("\n"));
  const questions = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const save = useTask(async () => {
    await proved(() => act({ act: "set_questions", questions }));
    onSaved();
  });
  return (
    <section className="own-section" aria-label={words.questions}>
      <h2>{words.questions}</h2>
      <TextField className="field" value={text} onChange={setText} maxLength={2600}>
        <Label className="field-label">{words.questionsLabel}</Label>
        <TextArea className="input report-note" dir="auto" rows={4} />
      </TextField>
      <RefusalNote refusal={save.refusal} />
      <div className="approve-actions">
        <Button onPress={() => void save.run()} isPending={save.busy} isDisabled={questions.join("\n") === now.join("\n")}>
          {words.saveQuestions}
        </Button>
      </div>
    </section>
  );
}
