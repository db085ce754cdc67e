/** Asks for the password once more where an act is sensitive, and then does it. */
import { createContext, type ReactNode, use, useCallback, useState } from "react";
import { Refused } from "../engine/contract";
import { useAct } from "../state/account";
import { useTask } from "../state/engine";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field, PasswordField } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { app, security as words } from "../words";
import type { AccountAct, AccountReply } from "../wire";
import { submit } from "./GuildDialogs";

type Proved = <T>(what: () => Promise<T>) => Promise<T>;

const ProofContext = createContext<Proved | null>(null);

/** Does something sensitive; asks for the password first where that is needed. */
export function useProved(): Proved {
  const proved = use(ProofContext);
  if (proved === null) throw new Error("this part needs a ProofProvider above it");
  return proved;
}

/** The same for an act about one's account. */
export function useSensitive(): (act: AccountAct) => Promise<AccountReply> {
  const proved = useProved();
  const act = useAct();
  return useCallback((what: AccountAct) => proved(() => act(what)), [proved, act]);
}

interface Waiting {
  proved: () => void;
  given_up: () => void;
}

export function ProofProvider({ children }: { children: ReactNode }) {
  const [waiting, setWaiting] = useState<Waiting | null>(null);
  const proved = useCallback(async <T,>(what: () => Promise<T>) => {
    try {
      return await what();
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== "PROOF_REQUIRED") throw error;
      await new Promise<void>((done, reject) => setWaiting({ proved: done, given_up: () => reject(error) }));
      return what();
    }
  }, []);
  const close = (how: keyof Waiting) => {
    waiting?.[how]();
    setWaiting(null);
  };
  return (
    <ProofContext value={proved}>
      {children}
      {waiting && <ProofDialog onProved={() => close("proved")} onClose={() => close("given_up")} />}
    </ProofContext>
  );
}

function ProofDialog({ onProved, onClose }: { onProved: () => void; onClose: () => void }) {
  const act = useAct();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const prove = useTask(async () => {
    await act({ act: "prove", password, code: code.trim() === "" ? null : code.trim() });
    onProved();
  });
  const asked = prove.refusal?.code === "SECOND_FACTOR_REQUIRED" || prove.refusal?.code === "SECOND_FACTOR_WRONG" || code !== "";
  return (
    <Dialog title={words.proofTitle} open onClose={onClose}>
      <form className="form" onSubmit={submit(() => void prove.run())}>
        <p>{words.proofLead}</p>
        <PasswordField label={words.current} value={password} onChange={setPassword} autoFocus isRequired autoComplete="current-password" />
        {asked && <Field label={words.code} hint={words.codeHint} value={code} onChange={setCode} autoFocus mono autoComplete="one-time-code" spellCheck="false" />}
        <RefusalNote refusal={prove.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={onClose}>
            {app.cancel}
          </Button>
          <Button type="submit" look="primary" isDisabled={password === ""} isPending={prove.busy}>
            {words.proofSubmit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
