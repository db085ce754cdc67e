/** Above the composer: somebody here has keys that must be looked at before anything is written. */
import { useView } from "../state/engine";
import { useDialogs } from "./open";
import { KeyChange } from "./PersonDialog";

export function TrustBanner({ user }: { user: string }) {
  const open = useDialogs();
  const person = useView({ ask: "person", user })?.person;
  if (person === undefined || person === null || person.change === null) return null;
  return (
    <div className="trust-banner" data-region>
      <KeyChange person={person} onVerify={() => open({ dialog: "person", user, name: person.display_name })} />
    </div>
  );
}
