/** What guards the account: password, second factor, sign-ins, and what happened to it. */
import { useRef, useState } from "react";
import { useLocation } from "wouter";
import { DeletionCard } from "../parts/Deletion";
import { EmailCard } from "../parts/EmailCard";
import { submit } from "../parts/GuildDialogs";
import { ProofProvider, useSensitive } from "../parts/Proof";
import { SecondFactor } from "../parts/SecondFactor";
import { path } from "../paths";
import { type Asked, type Reply, unseen, useAct, useAsked } from "../state/account";
import { useTask, useView } from "../state/engine";
import { deviceName, useNow } from "../state/page";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field, PasswordField } from "../ui/Field";
import { Note, RefusalNote, Skeleton } from "../ui/Note";
import { account, agoInSentence, app, happened, placeName, refusalSentence, security as words, wholeDate, wholeTime } from "../words";
import type { HappenedView, SignInView } from "../wire";
import { OwnPage } from "./Own";
import "./page.css";
import "./security.css";

export function Security() {
  return (
    <ProofProvider>
      <Sections />
    </ProofProvider>
  );
}

function Sections() {
  const factors = useAsked("factors", "factors");
  const signIns = useAsked("sign_ins", "sign_ins");
  const events = useAsked("security_events", "security_events");
  const me = useView({ ask: "session" })?.me ?? null;
  const passwordField = useRef<HTMLInputElement>(null);
  const refusal = factors.refusal ?? signIns.refusal ?? events.refusal;
  const loaded = factors.answer !== undefined && signIns.answer !== undefined && events.answer !== undefined;
  return (
    <OwnPage title={words.title}>
      <p className="own-lead">{words.lead}</p>
      <RefusalNote refusal={refusal} />
      {!loaded && refusal === null && <Skeleton lines={8} label={app.loading} />}
      <Ask events={unseen(events.answer?.events)} onSecured={() => { signIns.again(); passwordField.current?.focus(); }} />
      {loaded && (
        <>
          <Password onDone={signIns.again} inputRef={passwordField} />
          <SecondFactor factors={factors} />
          <EmailCard />
          <SignIns signIns={signIns} />
          <Activity events={events.answer?.events ?? []} />
          {me !== null && <DeletionCard me={me} />}
        </>
      )}
    </OwnPage>
  );
}

/** Things that happened and that the person has not answered for. */
function Ask({ events, onSecured }: { events: HappenedView[]; onSecured: () => void }) {
  const act = useAct();
  const sensitive = useSensitive();
  const [, go] = useLocation();
  const [alarmed, setAlarmed] = useState(false);
  const [secured, setSecured] = useState(false);
  const mine = useTask(async () => {
    await act({ act: "security_events_seen" });
  });
  const secure = useTask(async () => {
    await sensitive({ act: "end_sign_ins", which: "others" });
    await act({ act: "security_events_seen" });
    setAlarmed(false);
    setSecured(true);
    onSecured();
  });
  if (secured) {
    return (
      <Note kind="accent">
        <p role="status">{words.notMeDone}</p>
        <Button small onPress={() => go(path.devices())}>
          {words.toDevices}
        </Button>
      </Note>
    );
  }
  if (events.length === 0) return null;
  return (
    <section className="own-section approve" aria-label={words.wasThisYou}>
      <h2>{words.wasThisYou}</h2>
      <Happened events={events} />
      <RefusalNote refusal={mine.refusal ?? secure.refusal} />
      <div className="approve-actions">
        <Button look="primary" onPress={() => void mine.run()} isPending={mine.busy}>
          {words.itWasMe}
        </Button>
        <Button look="danger-quiet" onPress={() => setAlarmed(true)}>
          {words.notMe}
        </Button>
      </div>
      <Dialog title={words.notMeTitle} open={alarmed} onClose={() => setAlarmed(false)} firm>
        <p>{words.notMeLead}</p>
        <div className="form-actions">
          <Button look="quiet" onPress={() => setAlarmed(false)}>
            {app.cancel}
          </Button>
          <Button look="danger" onPress={() => void secure.run()} isPending={secure.busy}>
            {words.notMeSubmit}
          </Button>
        </div>
      </Dialog>
    </section>
  );
}

function Password({ onDone, inputRef }: { onDone: () => void; inputRef: React.RefObject<HTMLInputElement | null> }) {
  const act = useAct();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [code, setCode] = useState("");
  const [done, setDone] = useState(false);
  const change = useTask(async () => {
    await act({ act: "change_password", current, new: next, code: code.trim() === "" ? null : code.trim() });
    setCurrent("");
    setNext("");
    setCode("");
    setDone(true);
    onDone();
  });
  const of = (wanted: string) => (change.refusal?.code === wanted ? refusalSentence(change.refusal) : null);
  const codeAsked = code !== "" || change.refusal?.code.startsWith("SECOND_FACTOR") === true;
  const inField = ["WRONG_PASSWORD", "PASSWORD_TOO_WEAK"].includes(change.refusal?.code ?? "");
  const typed = (set: (text: string) => void) => (text: string) => {
    set(text);
    setDone(false);
    if (inField) change.clear();
  };
  return (
    <section className="own-section" aria-label={words.password}>
      <h2>{words.password}</h2>
      <p className="own-lead">{words.passwordLead}</p>
      <form className="form security-form" onSubmit={submit(() => void change.run())}>
        <PasswordField label={words.current} value={current} onChange={typed(setCurrent)} isRequired autoComplete="current-password" error={of("WRONG_PASSWORD")} inputRef={inputRef} />
        <PasswordField label={words.next} value={next} onChange={typed(setNext)} isRequired maxLength={128} autoComplete="new-password" hint={account.passwordHint} error={of("PASSWORD_TOO_WEAK")} />
        {codeAsked && <Field label={words.code} hint={words.codeHint} value={code} onChange={setCode} mono autoFocus autoComplete="one-time-code" spellCheck="false" />}
        <RefusalNote refusal={inField ? null : change.refusal} />
        <div className="approve-actions">
          <Button type="submit" isDisabled={current === "" || next === ""} isPending={change.busy}>
            {words.change}
          </Button>
        </div>
      </form>
      <div role="status">{done && <Note kind="accent">{words.changed}</Note>}</div>
    </section>
  );
}

function SignIns({ signIns }: { signIns: Asked<Reply<"sign_ins">> }) {
  const sensitive = useSensitive();
  const all = signIns.answer?.sign_ins ?? [];
  const others = useTask(async () => {
    await sensitive({ act: "end_sign_ins", which: "others" });
    signIns.again();
  });
  return (
    <section className="own-section" aria-label={words.signIns}>
      <h2>{words.signIns}</h2>
      <ul className="you-list">
        {all.toSorted((a, b) => Number(b.this_one) - Number(a.this_one)).map((one) => (
          <SignInRow key={one.session} one={one} onEnded={signIns.again} />
        ))}
      </ul>
      <RefusalNote refusal={others.refusal} />
      {all.length > 1 && (
        <div className="approve-actions">
          <Button look="danger-quiet" onPress={() => void others.run()} isPending={others.busy}>
            {words.endOthers}
          </Button>
        </div>
      )}
    </section>
  );
}

function nameOf(device: string | null, agent: string): string {
  return device ?? (agent === "" ? words.unknownDevice : deviceName(agent));
}

function SignInRow({ one, onEnded }: { one: SignInView; onEnded: () => void }) {
  const sensitive = useSensitive();
  const now = useNow(60_000);
  const end = useTask(async () => {
    await sensitive({ act: "end_sign_in", session: one.session });
    onEnded();
  });
  const name = nameOf(one.device_name, one.user_agent);
  return (
    <li className="device sign-in">
      <div className="device-text">
        <span className="device-name" dir="auto">
          {name}
          {one.this_one && <span className="device-this">{words.thisOne}</span>}
        </span>
        <span className="device-facts">
          {[one.this_one ? null : words.lastUsed(agoInSentence(one.last_seen_at, now)), placeName(one.place), words.since(wholeDate(one.created_at))].filter((fact) => fact !== null).join(" · ")}
        </span>
        <RefusalNote refusal={end.refusal} />
      </div>
      {!one.this_one && (
        <div className="device-actions">
          <Button look="danger-quiet" small onPress={() => void end.run()} isPending={end.busy} aria-label={words.endNamed(name)}>
            {words.end}
          </Button>
        </div>
      )}
    </li>
  );
}

function Activity({ events }: { events: HappenedView[] }) {
  return (
    <section className="own-section" aria-label={words.activity}>
      <h2>{words.activity}</h2>
      {events.length === 0 ? <p className="quiet">{words.activityNone}</p> : <Happened events={events} />}
    </section>
  );
}

function Happened({ events }: { events: HappenedView[] }) {
  return (
    <ol className="happened">
      {events.map((event) => (
        <li key={event.id}>
          <span>{happened[event.kind]}</span>
          <span className="device-facts">
            <time dateTime={new Date(event.at).toISOString()}>{wholeTime(event.at)}</time> · {nameOf(event.device_name, event.user_agent)} · {placeName(event.place)}
          </span>
        </li>
      ))}
    </ol>
  );
}
