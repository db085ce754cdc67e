/** A forgotten password, and the pages that links in mails lead to. */
import { useState } from "react";
import { useLocation } from "wouter";
import { Doorway } from "../parts/Doorway";
import { submit } from "../parts/GuildDialogs";
import { path, secretOf } from "../paths";
import { useAct } from "../state/account";
import { useTask } from "../state/engine";
import { useTitle } from "../state/page";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { app, forgot, notMe, verify } from "../words";
import type { AccountAct } from "../wire";

export function Forgot() {
  const act = useAct();
  const [, go] = useLocation();
  const [who, setWho] = useState("");
  const [done, setDone] = useState(false);
  useTitle(app.title(forgot.title, 0));
  const ask = useTask(async () => {
    await act({ act: "forgot_password", who: who.trim() });
    setDone(true);
  });
  const back = (
    <Button look={done ? "primary" : "quiet"} wide={done} small={!done} onPress={() => go(path.signIn(), { replace: true })}>
      {forgot.back}
    </Button>
  );
  if (done) {
    return (
      <Doorway title={forgot.doneTitle} lead={<span role="status">{forgot.done}</span>}>
        {back}
      </Doorway>
    );
  }
  return (
    <Doorway title={forgot.title} lead={forgot.lead}>
      <form className="form" onSubmit={submit(() => void ask.run())}>
        <Field label={forgot.who} value={who} onChange={setWho} isRequired autoFocus autoComplete="username" mono spellCheck="false" maxLength={254} />
        <RefusalNote refusal={ask.refusal} />
        <Button type="submit" look="primary" wide isDisabled={who.trim() === ""} isPending={ask.busy}>
          {forgot.submit}
        </Button>
        {back}
      </form>
    </Doorway>
  );
}

interface Words {
  title: string;
  lead: string;
  submit: string;
  doneTitle?: string;
  done: string;
  onward?: string;
  noToken: string;
}

/** One act with the secret of a link: never by opening the page alone, which programs do too. */
function WithLink({ words, act: made, danger }: { words: Words; act: (token: string) => AccountAct; danger?: boolean }) {
  const act = useAct();
  const [, go] = useLocation();
  const [token] = useState(() => secretOf(location.hash));
  const [done, setDone] = useState(false);
  useTitle(app.title(words.title, 0));
  const use = useTask(async () => {
    await act(made(token ?? ""));
    setDone(true);
  });
  const onward = (
    <Button look={done ? "primary" : "quiet"} wide onPress={() => go(path.home(), { replace: true })}>
      {words.onward ?? forgot.back}
    </Button>
  );
  if (token === null) return <Doorway title={words.title} lead={words.noToken}>{onward}</Doorway>;
  if (done) {
    return (
      <Doorway title={words.doneTitle ?? words.title} lead={<span role="status">{words.done}</span>}>
        {onward}
      </Doorway>
    );
  }
  return (
    <Doorway title={words.title} lead={words.lead}>
      <div className="form">
        <RefusalNote refusal={use.refusal} />
        <Button look={danger ? "danger" : "primary"} wide onPress={() => void use.run()} isPending={use.busy}>
          {words.submit}
        </Button>
        {use.refusal?.code === "LINK_INVALID" && onward}
      </div>
    </Doorway>
  );
}

export function Verify() {
  return <WithLink words={verify} act={(token) => ({ act: "verify_email", token })} />;
}

export function NotMe() {
  return <WithLink words={notMe} act={(token) => ({ act: "not_me", token })} danger />;
}
