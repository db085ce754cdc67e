/** Setting an authenticator up, its backup codes, and turning it off. */
import { useState } from "react";
import { type Asked, type Reply, useAct } from "../state/account";
import { useTask } from "../state/engine";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { Dialog } from "../ui/Dialog";
import { Field, PasswordField } from "../ui/Field";
import { Note, RefusalNote } from "../ui/Note";
import { QrPicture } from "../ui/QrPicture";
import { app, refusalSentence, security as words, wholeDate } from "../words";
import type { TotpView } from "../wire";
import { submit } from "./GuildDialogs";
import { useSensitive } from "./Proof";

export function SecondFactor({ factors }: { factors: Asked<Reply<"factors">> }) {
  const sensitive = useSensitive();
  const [offer, setOffer] = useState<TotpView | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const [turningOff, setTurningOff] = useState(false);
  const begin = useTask(async () => {
    const reply = await sensitive({ act: "offer_totp" });
    if (reply.reply === "totp") setOffer(reply);
  });
  const renew = useTask(async () => {
    const reply = await sensitive({ act: "renew_backup_codes" });
    if (reply.reply === "backup_codes") setCodes(reply.codes);
    factors.again();
  });
  const now = factors.answer;
  if (now === undefined) return null;
  const on = now.totp_at !== null;
  return (
    <section className="own-section" aria-label={words.factor}>
      <h2>{words.factor}</h2>
      {now.required && !on && <Note kind="amber">{words.factorRequired}</Note>}
      <p className="own-lead">{now.totp_at === null ? words.factorOff : `${words.factorOn(wholeDate(now.totp_at))} ${words.codesLeft(now.backup_codes_left)}.`}</p>
      <RefusalNote refusal={begin.refusal ?? renew.refusal} />
      {codes !== null ? (
        <Codes codes={codes} onKept={() => setCodes(null)} />
      ) : offer !== null ? (
        <Activate
          offer={offer}
          onDone={(made) => {
            setOffer(null);
            setCodes(made);
            factors.again();
          }}
          onClose={() => setOffer(null)}
        />
      ) : (
        <div className="approve-actions">
          {on ? (
            <>
              <Button onPress={() => void renew.run()} isPending={renew.busy}>
                {words.newCodes}
              </Button>
              {!now.required && (
                <Button look="danger-quiet" onPress={() => setTurningOff(true)}>
                  {words.turnOff}
                </Button>
              )}
            </>
          ) : (
            <Button look="primary" onPress={() => void begin.run()} isPending={begin.busy}>
              {words.setUp}
            </Button>
          )}
        </div>
      )}
      {turningOff && (
        <TurnOff
          onClose={() => setTurningOff(false)}
          onDone={() => {
            setTurningOff(false);
            factors.again();
          }}
        />
      )}
    </section>
  );
}

function Activate({ offer, onDone, onClose }: { offer: TotpView; onDone: (codes: string[]) => void; onClose: () => void }) {
  const act = useSensitive();
  const [code, setCode] = useState("");
  const activate = useTask(async () => {
    const reply = await act({ act: "activate_totp", code: code.trim() });
    if (reply.reply === "backup_codes") onDone(reply.codes);
  });
  return (
    <form className="totp" onSubmit={submit(() => void activate.run())}>
      <p>{words.scan}</p>
      <div className="totp-scan">
        <QrPicture rows={offer.qr} label={words.picture} />
        <div className="totp-hand">
          <p className="quiet">{words.byHand}</p>
          <code className="totp-secret" dir="ltr">
            {offer.secret.match(/.{1,4}/g)?.join(" ")}
          </code>
          <CopyButton text={offer.secret} label={app.copy} small />
        </div>
      </div>
      <Field
        label={words.firstCode}
        value={code}
        onChange={(text) => {
          setCode(text);
          activate.clear();
        }}
        error={activate.refusal === null ? null : refusalSentence(activate.refusal)}
        mono
        autoFocus
        inputMode="numeric"
        autoComplete="one-time-code"
        spellCheck="false"
      />
      <div className="approve-actions">
        <Button type="submit" look="primary" isDisabled={code.trim().length < 6} isPending={activate.busy}>
          {words.turnOn}
        </Button>
        <Button look="quiet" onPress={onClose}>
          {app.cancel}
        </Button>
      </div>
    </form>
  );
}

function Codes({ codes, onKept }: { codes: string[]; onKept: () => void }) {
  return (
    <div className="totp" role="status">
      <h3>{words.codesTitle}</h3>
      <p>{words.codesLead}</p>
      <ul className="totp-codes" dir="ltr">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="approve-actions">
        <CopyButton text={codes.join("\n")} label={words.copyCodes} />
        <Button look="primary" onPress={onKept}>
          {words.codesKept}
        </Button>
      </div>
    </div>
  );
}

function TurnOff({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const act = useAct();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const off = useTask(async () => {
    await act({ act: "disable_totp", password, code: code.trim() });
    onDone();
  });
  return (
    <Dialog title={words.turnOffTitle} open onClose={onClose} firm>
      <form className="form" onSubmit={submit(() => void off.run())}>
        <p>{words.turnOffLead}</p>
        <PasswordField label={words.current} value={password} onChange={setPassword} isRequired autoFocus autoComplete="current-password" />
        <Field label={words.code} hint={words.codeHint} value={code} onChange={setCode} isRequired mono autoComplete="one-time-code" spellCheck="false" />
        <RefusalNote refusal={off.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={onClose}>
            {app.cancel}
          </Button>
          <Button type="submit" look="danger" isDisabled={password === "" || code.trim() === ""} isPending={off.busy}>
            {words.turnOff}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
