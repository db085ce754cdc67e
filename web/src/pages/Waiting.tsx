/** States of a device in which there is nothing to read yet, or no more. */
import { useLocation } from "wouter";
import { ComparisonHere } from "../parts/ComparisonDialog";
import { DeletionNotice } from "../parts/Deletion";
import { Doorway } from "../parts/Doorway";
import { Reenrol } from "../parts/Reenrol";
import { Unlock } from "../parts/Unlock";
import { path } from "../paths";
import { useGive, useTask } from "../state/engine";
import { useTitle } from "../state/page";
import { Button } from "../ui/Button";
import { RefusalNote } from "../ui/Note";
import { QrCode } from "../ui/QrCode";
import { account, app, blocked, ended, pending, trust } from "../words";
import { refusalSentence } from "../words";
import type { Refusal } from "../wire";

function useLeave() {
  const give = useGive();
  const [, go] = useLocation();
  return useTask(async () => {
    await give({ do: "sign_out", anyway: true });
    go(path.signIn(), { replace: true });
  });
}

/** Signed in, and waiting until another device says that this one belongs to the person. */
export function Pending({ code, qr }: { code: string | null; qr: string | null }) {
  const leave = useLeave();
  useTitle(app.title(pending.title, 0));
  return (
    <Doorway title={pending.title} lead={pending.lead}>
      <output className="door-code" aria-label={pending.code} dir="ltr">
        {code ?? "····-····-····-····"}
      </output>
      <DeletionNotice />
      <ComparisonHere />
      <ol className="door-steps">
        <li>{pending.step1}</li>
        <li>{pending.step2}</li>
        <li>{pending.step3}</li>
      </ol>
      {qr !== null && (
        <>
          <p className="door-facts">{trust.pendingHow}</p>
          <QrCode text={qr} label={trust.pendingQr} />
        </>
      )}
      <p className="door-facts" role="status">
        {pending.waiting}
      </p>
      <RefusalNote refusal={leave.refusal} />
      <Unlock />
      <Button look="quiet" onPress={() => void leave.run()} isPending={leave.busy}>
        {account.signOut}
      </Button>
    </Doorway>
  );
}

export function Ended({ state }: { state: "revoked" | "cloned" | "started_over" }) {
  const leave = useLeave();
  const { title, what } = {
    revoked: { title: ended.revokedTitle, what: ended.revoked },
    cloned: { title: ended.clonedTitle, what: ended.cloned },
    started_over: { title: ended.startedOverTitle, what: ended.startedOver },
  }[state];
  useTitle(app.title(title, 0));
  return (
    <Doorway title={title}>
      <p>{what}</p>
      <RefusalNote refusal={leave.refusal} />
      {state === "cloned" && <Reenrol />}
      <Button look={state === "cloned" ? "quiet" : "primary"} wide onPress={() => void leave.run()} isPending={leave.busy}>
        {state === "cloned" ? ended.forget : ended.again}
      </Button>
    </Doorway>
  );
}

/** The engine can't run in this browser now. */
export function Blocked({ refusal }: { refusal: Refusal | null }) {
  useTitle(app.title(blocked.title, 0));
  const known = refusal === null || refusal.code === "STORE_FAILED";
  return (
    <Doorway title={blocked.title} lead={known ? blocked.lead : refusalSentence(refusal)}>
      <p>{blocked.next}</p>
      <Button look="primary" wide onPress={() => location.reload()}>
        {blocked.reload}
      </Button>
    </Doorway>
  );
}
