/** A locked page: no engine runs before the password was typed, and none goes on after a wrong one. */
import { useState } from "react";
import { type EngineBridge, Refused } from "../engine/contract";
import { submit } from "../parts/GuildDialogs";
import { Doorway } from "../parts/Doorway";
import { type Lock, open, readLock, writeLock } from "../state/lock";
import { asRefusal } from "../state/refusal";
import { useTitle } from "../state/page";
import { Button } from "../ui/Button";
import { Field, PasswordField } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { account, app, lock as words, security } from "../words";
import type { ErrorCode, Refusal } from "../wire";

const said = "cloister.lock.said";
/** The sign-in is over anyway: what follows is the page to sign in. */
const over: ErrorCode[] = ["UNAUTHENTICATED", "SIGNED_OUT", "REFRESH_REUSED", "DEVICE_REVOKED", "ACCOUNT_DISABLED"];

function lastRefusal(): Refusal | null {
  const code = sessionStorage.getItem(said);
  sessionStorage.removeItem(said);
  return code === null ? null : { code: code as ErrorCode, message: "", retry_after_ms: null };
}

export function Locked({ start, onOpen }: { start: () => EngineBridge; onOpen: (bridge: EngineBridge) => void }) {
  const [bridge, setBridge] = useState<EngineBridge | null>(null);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(lastRefusal);
  useTitle(app.title(words.title, 0));
  const codeAsked = code !== "" || refusal?.code.startsWith("SECOND_FACTOR") === true;
  const enter = (engine: EngineBridge, lock: Lock) => {
    writeLock(lock);
    onOpen(engine);
  };
  const running = () => {
    const now = bridge ?? start();
    setBridge(now);
    return now;
  };
  const give = async (what: (engine: EngineBridge) => Promise<unknown>, then: () => Lock) => {
    if (busy) return;
    setBusy(true);
    const engine = running();
    try {
      await what(engine);
      enter(engine, then());
      return;
    } catch (error) {
      const why = error instanceof Refused ? error : asRefusal(error);
      if (over.includes(why.code)) {
        enter(engine, open);
        return;
      }
      if (why.code.startsWith("SECOND_FACTOR")) {
        // The password was right: this engine may wait for the code.
        setRefusal({ code: why.code, message: why.message, retry_after_ms: why.retry_after_ms ?? null });
        setBusy(false);
        return;
      }
      sessionStorage.setItem(said, why.code);
      location.reload();
    }
  };
  const prove = () => give((engine) => engine.command({ do: "account", act: { act: "prove", password, code: code.trim() === "" ? null : code.trim() } }), () => ({ ...readLock(), used: Date.now(), locked: false }));
  const leave = () => give((engine) => engine.command({ do: "sign_out", anyway: true }), () => open);
  return (
    <Doorway title={words.title} lead={words.lead}>
      <form className="form" onSubmit={submit(() => void prove())}>
        <PasswordField label={account.password} value={password} onChange={setPassword} isRequired autoFocus autoComplete="current-password" />
        {codeAsked && <Field label={security.code} hint={security.codeHint} value={code} onChange={setCode} mono autoFocus autoComplete="one-time-code" spellCheck="false" />}
        <RefusalNote refusal={refusal} />
        <Button type="submit" look="primary" wide isDisabled={password === ""} isPending={busy}>
          {words.unlock}
        </Button>
        {leaving ? (
          <div role="alert">
            <p className="field-hint">{words.leaveHint}</p>
            <div className="form-actions">
              <Button look="quiet" onPress={() => setLeaving(false)}>
                {app.cancel}
              </Button>
              <Button look="danger" onPress={() => void leave()} isPending={busy}>
                {words.leave}
              </Button>
            </div>
          </div>
        ) : (
          <Button look="quiet" small onPress={() => setLeaving(true)}>
            {words.leave}
          </Button>
        )}
      </form>
    </Doorway>
  );
}
