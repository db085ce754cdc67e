/** For somebody who has neither a device nor a way back left: what is lost for good, and the account begun anew. */
import { useState } from "react";
import { useGive, useTask } from "../state/engine";
import { deviceName, useNow } from "../state/page";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field, PasswordField } from "../ui/Field";
import { Note, RefusalNote } from "../ui/Note";
import { account, app, refusalSentence, signIn, startOver as words, wholeTime } from "../words";
import { submit } from "./GuildDialogs";

export function StartOver() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Note kind="plain">
        <strong>{words.noneTitle}</strong>
        <p>{words.noneLead}</p>
        <p>{words.noneNext}</p>
      </Note>
      <Button look="danger-quiet" wide onPress={() => setOpen(true)}>
        {words.begin}
      </Button>
      {open && <StartOverDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function StartOverDialog({ onClose }: { onClose: () => void }) {
  const give = useGive();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [sure, setSure] = useState(false);
  const now = useNow(60_000);
  const begin = useTask(async () => {
    await give({ do: "start_over", password, code: code.trim() === "" ? null : code.trim(), device_name: deviceName(navigator.userAgent) });
  });
  const wrongCode = begin.refusal?.code === "SECOND_FACTOR_WRONG";
  const codeMissing = begin.refusal?.code === "SECOND_FACTOR_REQUIRED";
  const tooSoon = begin.refusal?.code === "START_OVER_TOO_SOON" ? begin.refusal.retry_after_ms : null;
  return (
    <Dialog title={words.title} open onClose={onClose} firm>
      <ul className="start-over-facts">
        {words.facts.map((fact) => (
          <li key={fact}>{fact}</li>
        ))}
      </ul>
      <form className="form" onSubmit={submit(() => void begin.run())}>
        <PasswordField label={account.password} value={password} onChange={setPassword} isRequired autoFocus autoComplete="current-password" />
        {(code !== "" || wrongCode || codeMissing) && (
          <Field label={signIn.code} value={code} onChange={setCode} hint={signIn.codeHint} error={wrongCode && begin.refusal !== null ? refusalSentence(begin.refusal) : null} mono autoFocus autoComplete="one-time-code" spellCheck="false" />
        )}
        <label className="start-over-sure">
          <input type="checkbox" checked={sure} onChange={(event) => setSure(event.target.checked)} />
          <span>{words.sure}</span>
        </label>
        {tooSoon === null ? (
          <RefusalNote refusal={wrongCode || codeMissing ? null : begin.refusal} />
        ) : (
          <Note kind="amber">
            <p role="alert">{words.tooSoon(wholeTime(now + tooSoon))}</p>
          </Note>
        )}
        <div className="form-actions">
          <Button look="quiet" onPress={onClose}>
            {app.cancel}
          </Button>
          <Button type="submit" look="danger" isDisabled={!sure || password === ""} isPending={begin.busy}>
            {words.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
