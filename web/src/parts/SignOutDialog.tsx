import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { path } from "../paths";
import { useGive, useTask, useView } from "../state/engine";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Note, RefusalNote } from "../ui/Note";
import { account, app, signOut as words } from "../words";

export function SignOutDialog({ onClose }: { onClose: () => void }) {
  const give = useGive();
  const [, go] = useLocation();
  const devices = useView({ ask: "devices" })?.devices;
  const recovery = useView({ ask: "recovery" });
  const only = devices !== undefined && !devices.some((device) => !device.this_one && device.state === "active");
  const lost = only && recovery !== undefined && recovery.key !== null;
  const backup = useView({ ask: "backup" });
  const missing = backup?.missing ?? 0;
  const [anyway, setAnyway] = useState(false);
  const leave = useTask(async () => {
    await give({ do: "sign_out", anyway: anyway || lost });
    onClose();
    go(path.signIn());
  });
  // Only after saving them was tried may somebody choose to lose them.
  const stuck = leave.refusal?.code === "NOT_BACKED_UP";
  useEffect(() => {
    if (stuck) setAnyway(true);
  }, [stuck]);
  return (
    <Dialog title={words.title} open onClose={onClose} firm>
      {lost ? (
        <Note kind="brick">
          <strong>{words.onlyTitle}</strong>
          <p>{words.onlyLead}</p>
        </Note>
      ) : (
        <p>{words.lead}</p>
      )}
      {!lost && !stuck && missing > 0 && (
        <Note kind="amber">
          <p role="status">{words.missing(missing)}</p>
        </Note>
      )}
      <RefusalNote refusal={leave.refusal} />
      <div className="form-actions">
        <Button look="quiet" onPress={onClose}>
          {app.cancel}
        </Button>
        <Button look={lost ? "danger-quiet" : "danger"} onPress={() => void leave.run()} isPending={leave.busy}>
          {lost ? words.submitAnyway : anyway ? words.withoutKeys : leave.busy && missing > 0 ? words.saving : account.signOut}
        </Button>
        {lost && (
          <Button
            look="primary"
            autoFocus
            onPress={() => {
              onClose();
              go(path.recovery());
            }}
          >
            {words.keepFirst}
          </Button>
        )}
      </div>
    </Dialog>
  );
}
