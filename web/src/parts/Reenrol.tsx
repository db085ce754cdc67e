/** A device that was stopped as a copy comes back as a new one: what it has read stays. */
import { useState } from "react";
import { useGive, useTask } from "../state/engine";
import { deviceName } from "../state/page";
import { Button } from "../ui/Button";
import { Field, PasswordField } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { account, ended, refusalSentence, signIn } from "../words";
import { submit } from "./GuildDialogs";

export function Reenrol() {
  const give = useGive();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const back = useTask(async () => {
    await give({ do: "reenrol", password, code: code.trim() === "" ? null : code.trim(), device_name: deviceName(navigator.userAgent) });
  });
  const wrongCode = back.refusal?.code === "SECOND_FACTOR_WRONG";
  const codeMissing = back.refusal?.code === "SECOND_FACTOR_REQUIRED";
  return (
    <form className="form" onSubmit={submit(() => void back.run())}>
      <PasswordField label={account.password} value={password} onChange={setPassword} isRequired autoFocus autoComplete="current-password" />
      {(code !== "" || wrongCode || codeMissing) && (
        <Field label={signIn.code} value={code} onChange={setCode} hint={signIn.codeHint} error={wrongCode && back.refusal !== null ? refusalSentence(back.refusal) : null} mono autoFocus autoComplete="one-time-code" spellCheck="false" />
      )}
      <RefusalNote refusal={wrongCode || codeMissing ? null : back.refusal} />
      <Button type="submit" look="primary" wide isDisabled={password === ""} isPending={back.busy}>
        {ended.goOn}
      </Button>
    </form>
  );
}
