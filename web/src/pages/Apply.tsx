/** Applying for an account, and making it once that was approved. */
import { useState } from "react";
import { Label, TextArea, TextField } from "react-aria-components";
import { useLocation } from "wouter";
import { AccountForm, suggestUsername } from "../parts/AccountForm";
import { Doorway } from "../parts/Doorway";
import { submit } from "../parts/GuildDialogs";
import { path, secretOf } from "../paths";
import { useAct } from "../state/account";
import { useTask } from "../state/engine";
import { useTitle } from "../state/page";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { RefusalNote, Skeleton } from "../ui/Note";
import { account, activateWords, app, applyWords as words, refusalSentence, setUp } from "../words";
import type { ErrorCode } from "../wire";
import { useInstance } from "./SignIn";
import "../parts/report.css";

export function Apply({ instance }: { instance: string }) {
  const act = useAct();
  const [, go] = useLocation();
  const { loaded, mail, questions } = useInstance();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  const [address, setAddress] = useState("");
  const [answers, setAnswers] = useState<Record<number, string>>({});
  const [done, setDone] = useState(false);
  useTitle(app.title(words.title(instance), 0));
  const username = chosen ?? suggestUsername(name);
  const apply = useTask(async () => {
    await act({ act: "apply", username, display_name: name.trim(), address: address.trim() === "" ? null : address.trim(), answers: (questions ?? []).map((_, at) => answers[at] ?? "") });
    setDone(true);
  });
  const back = (
    <Button look={done ? "primary" : "quiet"} wide={done} small={!done} onPress={() => go(path.signIn(), { replace: true })}>
      {setUp.again}
    </Button>
  );
  if (done) {
    return (
      <Doorway title={words.doneTitle} lead={<span role="status">{address.trim() === "" || !mail ? words.donePlain : words.doneMail}</span>}>
        {back}
      </Doorway>
    );
  }
  if (!loaded) return <Skeleton lines={6} label={app.loading} />;
  if (questions === null) {
    return (
      <Doorway title={words.title(instance)} lead={words.closed}>
        {back}
      </Doorway>
    );
  }
  const of = (...codes: ErrorCode[]) => (apply.refusal !== null && codes.includes(apply.refusal.code) ? refusalSentence(apply.refusal) : null);
  const [nameError, addressError] = [of("USERNAME_TAKEN", "USERNAME_INVALID"), of("EMAIL_INVALID")];
  const ready = name.trim() !== "" && username.length >= 3 && questions.every((_, at) => (answers[at] ?? "").trim() !== "");
  return (
    <Doorway title={words.title(instance)} lead={words.lead}>
      <form className="form" onSubmit={submit(() => void apply.run())}>
        <Field label={account.displayName} value={name} onChange={setName} maxLength={48} isRequired autoFocus autoComplete="name" hint={account.displayNameHint} />
        <Field label={account.username} value={username} onChange={(text) => { setChosen(text.toLowerCase()); apply.clear(); }} maxLength={32} isRequired autoComplete="username" mono hint={account.usernameHint} error={nameError} />
        {mail && <Field label={words.address} value={address} onChange={(text) => { setAddress(text); apply.clear(); }} type="email" autoComplete="email" mono spellCheck="false" maxLength={254} hint={words.addressHint} error={addressError} />}
        {questions.map((question, at) => (
          <TextField key={question} className="field" isRequired value={answers[at] ?? ""} onChange={(text) => setAnswers((now) => ({ ...now, [at]: text }))} maxLength={2000}>
            <Label className="field-label">
              <bdi>{question}</bdi>
            </Label>
            <TextArea className="input report-note" dir="auto" rows={3} />
          </TextField>
        ))}
        <RefusalNote refusal={nameError === null && addressError === null ? apply.refusal : null} />
        <Button type="submit" look="primary" wide isDisabled={!ready} isPending={apply.busy}>
          {words.submit}
        </Button>
        {back}
      </form>
    </Doorway>
  );
}

/** `NAME.CODE`, as the link has it behind the #. */
function given(hash: string): { username: string; code: string } {
  const secret = secretOf(hash) ?? "";
  const dot = secret.indexOf(".");
  return dot < 0 ? { username: "", code: "" } : { username: secret.slice(0, dot), code: secret.slice(dot + 1) };
}

export function Activate({ instance }: { instance: string }) {
  const [, go] = useLocation();
  const [link] = useState(() => given(location.hash));
  const [typed, setTyped] = useState(link);
  const [ready, setReady] = useState(link.code !== "");
  useTitle(app.title(activateWords.title, 0));
  if (!ready) {
    return (
      <Doorway title={activateWords.title} lead={activateWords.leadTyped(instance)}>
        <form className="form" onSubmit={submit(() => setReady(true))}>
          <Field label={account.username} value={typed.username} onChange={(username) => setTyped({ ...typed, username: username.trim().toLowerCase() })} maxLength={32} isRequired autoFocus autoComplete="username" mono spellCheck="false" />
          <Field label={activateWords.code} value={typed.code} onChange={(code) => setTyped({ ...typed, code: code.trim() })} maxLength={64} isRequired mono autoComplete="off" spellCheck="false" />
          <Button type="submit" look="primary" wide isDisabled={typed.username === "" || typed.code === ""}>
            {activateWords.next}
          </Button>
        </form>
      </Doorway>
    );
  }
  return (
    <Doorway title={activateWords.title} lead={activateWords.lead(instance)}>
      <AccountForm setUpToken={null} invite={null} activation={typed} submitLabel={activateWords.submit} onMade={() => go(path.home(), { replace: true })} />
    </Doorway>
  );
}
