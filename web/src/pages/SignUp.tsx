import { useLocation } from "wouter";
import { AccountForm } from "../parts/AccountForm";
import { Doorway } from "../parts/Doorway";
import { path } from "../paths";
import { useTitle } from "../state/page";
import { Button } from "../ui/Button";
import { app, invite, signUp as words } from "../words";

/** An account without an invite, where registration is open. */
export function SignUp({ instance }: { instance: string }) {
  const [, go] = useLocation();
  useTitle(app.title(words.submit, 0));
  return (
    <Doorway title={words.title(instance)} lead={words.lead}>
      <AccountForm setUpToken={null} invite={null} submitLabel={words.submit} onMade={() => go(path.home(), { replace: true })} />
      <Button look="quiet" small onPress={() => go(path.signIn())}>
        {invite.haveAccount}
      </Button>
    </Doorway>
  );
}
