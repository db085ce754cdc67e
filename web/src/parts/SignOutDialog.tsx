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
  const leave = useTask(async () => {
    await give({ do: "sign_out" });
    onClose();
    go(path.signIn());
  });
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
      <RefusalNote refusal={leave.refusal} />
      <div className="form-actions">
        <Button look="quiet" onPress={onClose}>
          {app.cancel}
        </Button>
        <Button look={lost ? "danger-quiet" : "danger"} onPress={() => void leave.run()} isPending={leave.busy}>
          {lost ? words.submitAnyway : account.signOut}
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
