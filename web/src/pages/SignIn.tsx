import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { Doorway } from "../parts/Doorway";
import { JoinByInvite, submit } from "../parts/GuildDialogs";
import { path } from "../paths";
import { useGive, useTask } from "../state/engine";
import { deviceName, useTitle } from "../state/page";
import { Button } from "../ui/Button";
import { Field, PasswordField } from "../ui/Field";
import { Note, RefusalNote } from "../ui/Note";
import { account, app, applyWords, refusalSentence, reset, setUp, signIn as words, signUp } from "../words";

/** Where somebody was going before signing in; only a path of this page. */
export function destination(hash: string): string {
  const then = new URLSearchParams(hash.replace(/^#/, "")).get("then");
  return then !== null && /^\/(?!\/)/.test(then) ? then : path.home();
}

/** The sign-in page, which leads on to where somebody wanted to go. */
export function signInFirst(wanted: string): string {
  return wanted === path.home() ? path.signIn() : `${path.signIn()}#then=${encodeURIComponent(wanted)}`;
}

export function SignIn({ instance }: { instance: string }) {
  const give = useGive();
  const [, go] = useLocation();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [key, setKey] = useState<string | null>(null);
  const [code, setCode] = useState("");
  const [forgot, setForgot] = useState(false);
  const { setUpNeeded, open, mail, questions } = useInstance();
  useTitle(app.title(words.submit, 0));
  const enter = useTask(async () => {
    const recovery_key = key === null || key.trim() === "" ? null : key.trim();
    await give({ do: "sign_in", username: username.trim(), password, code: code.trim() === "" ? null : code.trim(), device_name: deviceName(navigator.userAgent), recovery_key });
    go(destination(location.hash), { replace: true });
  });
  const wrongKey = enter.refusal?.code === "RECOVERY_KEY_WRONG";
  const byKey = key !== null;
  const wrongCode = enter.refusal?.code === "SECOND_FACTOR_WRONG";
  const codeMissing = enter.refusal?.code === "SECOND_FACTOR_REQUIRED";
  const codeAsked = code !== "" || wrongCode || codeMissing;
  if (setUpNeeded) return <Doorway title={setUp.title} lead={setUp.noToken} />;
  return (
    <Doorway title={byKey ? words.recoveryTitle : words.title} lead={words.lead(instance)} foot={<JoinByInvite onDone={() => undefined} />}>
      <form className="form" onSubmit={submit(() => void enter.run())}>
        <Field label={account.username} value={username} onChange={setUsername} isRequired autoFocus autoComplete="username" mono spellCheck="false" />
        <PasswordField label={account.password} value={password} onChange={setPassword} isRequired autoComplete="current-password" />
        {byKey && (
          <Field
            label={words.recoveryKey}
            value={key}
            onChange={(text) => {
              setKey(text);
              enter.clear();
            }}
            hint={words.recoveryHint}
            error={wrongKey && enter.refusal !== null ? refusalSentence(enter.refusal) : null}
            mono
            isRequired
            autoComplete="off"
            spellCheck="false"
          />
        )}
        {codeAsked && (
          <Field label={words.code} value={code} onChange={setCode} hint={words.codeHint} error={wrongCode && enter.refusal !== null ? refusalSentence(enter.refusal) : null} mono autoFocus autoComplete="one-time-code" spellCheck="false" />
        )}
        <RefusalNote refusal={wrongKey || wrongCode || codeMissing ? null : enter.refusal} />
        <Button type="submit" look="primary" wide isDisabled={username.trim() === "" || password === "" || (byKey && key.trim() === "")} isPending={enter.busy}>
          {words.submit}
        </Button>
        <Button look="quiet" small onPress={() => setKey(byKey ? null : "")}>
          {byKey ? words.recoveryBack : words.recovery}
        </Button>
        {open && (
          <Button look="quiet" small onPress={() => go(path.signUp())}>
            {signUp.link}
          </Button>
        )}
        {questions !== null && (
          <Button look="quiet" small onPress={() => go(path.apply())}>
            {applyWords.link}
          </Button>
        )}
        <Button look="quiet" small aria-expanded={mail ? undefined : forgot} onPress={() => (mail ? go(path.forgot()) : setForgot(!forgot))}>
          {reset.forgot}
        </Button>
        <div role="status">{forgot && <Note kind="plain">{reset.forgotOff}</Note>}</div>
      </form>
    </Doorway>
  );
}

interface Instance {
  loaded: boolean;
  setUpNeeded: boolean;
  open: boolean;
  mail: boolean;
  /** What applicants are asked; null where nobody applies. */
  questions: string[] | null;
}

/** A fresh instance has nobody to sign in as; an open one takes anybody. */
export function useInstance(): Instance {
  const give = useGive();
  const [instance, setInstance] = useState<Instance>({ loaded: false, setUpNeeded: false, open: false, mail: false, questions: null });
  useEffect(() => {
    let here = true;
    give({ do: "preview", invite: null }).then(
      (reply) => {
        if (here && reply.outcome === "instance") setInstance({ loaded: true, setUpNeeded: reply.set_up_needed, open: reply.open, mail: reply.mail, questions: reply.questions });
      },
      () => undefined,
    );
    return () => {
      here = false;
    };
  }, [give]);
  return instance;
}
