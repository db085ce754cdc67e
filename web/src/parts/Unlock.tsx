/** Letting a waiting device in without another one: with a passkey in one tap, or the recovery key. */
import { Fingerprint } from "lucide-react";
import { useState } from "react";
import { submit } from "./GuildDialogs";
import { useGive, useTask } from "../state/engine";
import { openPasskey, PasskeyError, passkeysPossible } from "../state/passkey";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Note, RefusalNote } from "../ui/Note";
import { signIn, unlock as words, ways } from "../words";
import "./backup.css";

export function Unlock() {
  const give = useGive();
  const [failed, setFailed] = useState<PasskeyError["why"] | null>(null);
  const [key, setKey] = useState<string | null>(null);
  const passkey = useTask(async () => {
    setFailed(null);
    try {
      await give({ do: "unlock_with_passkey", ...(await openPasskey()) });
    } catch (error) {
      if (!(error instanceof PasskeyError)) throw error;
      setFailed(error.why);
    }
  });
  const byKey = useTask(async () => {
    await give({ do: "unlock_with_recovery_key", recovery_key: (key ?? "").trim() });
  });
  return (
    <div className="unlock">
      <p className="door-facts">{words.lead}</p>
      {failed !== null && (
        <Note kind="amber">
          <p role="status">{failed === "no-function" ? ways.noFunction : ways.givenUp}</p>
        </Note>
      )}
      <RefusalNote refusal={passkey.refusal ?? byKey.refusal} />
      {passkeysPossible() && (
        <Button icon={Fingerprint} look="primary" wide onPress={() => void passkey.run()} isPending={passkey.busy}>
          {words.passkey}
        </Button>
      )}
      {key === null ? (
        <Button wide onPress={() => setKey("")}>
          {words.recoveryKey}
        </Button>
      ) : (
        <form className="form" onSubmit={submit(() => void byKey.run())}>
          <Field label={signIn.recoveryKey} value={key} onChange={setKey} hint={signIn.recoveryHint} mono isRequired autoFocus autoComplete="off" spellCheck="false" />
          <Button type="submit" look="primary" wide isDisabled={key.trim() === ""} isPending={byKey.busy}>
            {words.submit}
          </Button>
        </form>
      )}
    </div>
  );
}
