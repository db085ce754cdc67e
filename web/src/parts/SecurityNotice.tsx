/** Says over the talk that something happened to the account that wants to be looked at. */
import { useLocation } from "wouter";
import { path } from "../paths";
import { unseen, useAsked } from "../state/account";
import { Button } from "../ui/Button";
import { Note } from "../ui/Note";
import { security as words } from "../words";
import "../pages/security.css";

export function SecurityNotice() {
  const [here, go] = useLocation();
  const factors = useAsked("factors", "factors").answer;
  const count = unseen(useAsked("security_events", "security_events").answer?.events).length;
  const owed = factors !== undefined && factors.required && factors.totp_at === null;
  if (here === path.security() || (count === 0 && !owed)) return null;
  return (
    <Note kind="amber">
      <div className="security-notice-row">
        <span role="status">{owed ? words.factorRequired : words.notice(count)}</span>
        <Button small onPress={() => go(path.security())}>
          {words.look}
        </Button>
      </div>
    </Note>
  );
}
