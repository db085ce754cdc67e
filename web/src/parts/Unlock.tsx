/** Letting a waiting device in without another one: with a passkey in one tap, the recovery key or the passphrase. */
import { Fingerprint } from "lucide-react";
import { useState } from "react";
import { submit } from "./GuildDialogs";
import { useGive, useTask } from "../state/engine";
import { openPasskey, PasskeyError, passkeysPossible } from "../state/passkey";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Note, RefusalNote } from "../ui/Note";
import { passphrase, signIn, unlock as words, ways } from "../words";
import { StartOver } from "./StartOver";
import "./backup.css";

type Typed = "recovery-key" | "passphrase";

export function Unlock() {
  const give = useGive();
  const [failed, setFailed] = useState<PasskeyError["why"] | null>(null);
  const [way, choose] = useState<Typed | null>(null);
  const [secret, type] = useState("");
  const [none, tell] = useState(false);
  const passkey = useTask(async () => {
    setFailed(null);
    try {
      await give({ do: "unlock_with_passkey", ...(await openPasskey()) });
    } catch (error) {
      if (!(error instanceof PasskeyError)) throw error;
      setFailed(error.why);
    }
  });
  const typed = useTask(async () => {
    const text = secret.trim();
    await give(way === "passphrase" ? { do: "unlock_with_passphrase", words: text } : { do: "unlock_with_recovery_key", recovery_key: text });
  });
  const turnTo = (next: Typed) => () => {
    choose(next);
    type("");
    typed.clear();
  };
  return (
    <div className="unlock">
      <p className="door-facts">{words.lead}</p>
      {failed !== null && (
        <Note kind="amber">
          <p role="status">{failed === "no-function" ? ways.noFunction : ways.givenUp}</p>
        </Note>
      )}
      <RefusalNote refusal={passkey.refusal ?? typed.refusal} />
      {passkeysPossible() && (
        <Button icon={Fingerprint} look="primary" wide onPress={() => void passkey.run()} isPending={passkey.busy}>
          {words.passkey}
        </Button>
      )}
      {way !== null && (
        <form className="form" onSubmit={submit(() => void typed.run())}>
          <Field key={way} label={way === "passphrase" ? passphrase.field : signIn.recoveryKey} value={secret} onChange={type} hint={way === "passphrase" ? passphrase.hint : signIn.recoveryHint} mono isRequired autoFocus autoComplete="off" spellCheck="false" />
          <Button type="submit" look="primary" wide isDisabled={secret.trim() === ""} isPending={typed.busy}>
            {words.submit}
          </Button>
        </form>
      )}
      {way !== "recovery-key" && (
        <Button wide onPress={turnTo("recovery-key")}>
          {words.recoveryKey}
        </Button>
      )}
      {way !== "passphrase" && (
        <Button wide onPress={turnTo("passphrase")}>
          {passphrase.use}
        </Button>
      )}
      <Button look="quiet" wide aria-expanded={none} onPress={() => tell(!none)}>
        {words.none}
      </Button>
      {none && <StartOver />}
    </div>
  );
}
