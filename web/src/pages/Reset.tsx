import { useState } from "react";
import { useLocation } from "wouter";
import { Doorway } from "../parts/Doorway";
import { submit } from "../parts/GuildDialogs";
import { path, secretOf } from "../paths";
import { useAct } from "../state/account";
import { useTask } from "../state/engine";
import { useTitle } from "../state/page";
import { Button } from "../ui/Button";
import { PasswordField } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { account, app, refusalSentence, reset as words } from "../words";

/** A new password, with a link that works once. */
export function Reset() {
  const act = useAct();
  const [, go] = useLocation();
  const [token] = useState(() => secretOf(location.hash));
  const [password, setPassword] = useState("");
  const [done, setDone] = useState(false);
  useTitle(app.title(words.title, 0));
  const set = useTask(async () => {
    await act({ act: "reset_password", token: token ?? "", new: password });
    setDone(true);
  });
  const onward = (
    <Button look={done ? "primary" : "quiet"} wide onPress={() => go(path.signIn(), { replace: true })}>
      {words.toSignIn}
    </Button>
  );
  if (token === null) return <Doorway title={words.title} lead={words.noToken}>{onward}</Doorway>;
  if (done) return <Doorway title={words.title} lead={words.done}>{onward}</Doorway>;
  const weak = set.refusal?.code === "PASSWORD_TOO_WEAK";
  return (
    <Doorway title={words.title} lead={words.lead}>
      <form className="form" onSubmit={submit(() => void set.run())}>
        <PasswordField
          label={account.password}
          value={password}
          onChange={(text) => {
            setPassword(text);
            set.clear();
          }}
          maxLength={128}
          isRequired
          autoFocus
          autoComplete="new-password"
          hint={account.passwordHint}
          error={weak && set.refusal !== null ? refusalSentence(set.refusal) : null}
        />
        <RefusalNote refusal={weak ? null : set.refusal} />
        <Button type="submit" look="primary" wide isDisabled={password === ""} isPending={set.busy}>
          {words.submit}
        </Button>
      </form>
    </Doorway>
  );
}
