/** Which page there is, by what stands of this device and by the address. */
import { Redirect, Route, Switch, useLocation } from "wouter";
import { pattern } from "../paths";
import { useEngineStatus, useView } from "../state/engine";
import { Skeleton } from "../ui/Note";
import { app } from "../words";
import type { SessionView } from "../wire";
import { Activate, Apply } from "./Apply";
import { Certificate } from "./Certificate";
import { Inside } from "./Inside";
import { Invite } from "./Invite";
import { Forgot, NotMe, Verify } from "./Mailed";
import { Reset } from "./Reset";
import { SetUp } from "./SetUp";
import { destination, signInFirst, SignIn } from "./SignIn";
import { SignUp } from "./SignUp";
import { Blocked, Ended, Pending } from "./Waiting";

export function App() {
  return (
    <Switch>
      <Route path={pattern.certificate}>
        <Certificate />
      </Route>
      <Route>
        <Door />
      </Route>
    </Switch>
  );
}

function Door() {
  const { status, blockedBy } = useEngineStatus();
  const session = useView({ ask: "session" });
  if (status === "blocked") return <Blocked refusal={blockedBy} />;
  if (session === undefined) return <Skeleton lines={6} label={app.loading} />;
  switch (session.state) {
    case "signed_out":
      return <Outside session={session} />;
    case "pending":
      return <Pending code={session.pending_code} qr={session.pending_qr} />;
    case "revoked":
    case "started_over":
    case "cloned":
      return <Ended state={session.state} />;
    case "active":
      return session.me === null ? <Skeleton lines={6} label={app.loading} /> : <SignedIn session={session} />;
  }
}

function Outside({ session }: { session: SessionView }) {
  return (
    <Switch>
      <Route path={pattern.setUp}>
        <SetUp />
      </Route>
      <Route path={pattern.invite}>{(at) => <Invite key={at.code} code={at.code} me={null} />}</Route>
      <Route path={pattern.reset}>
        <Reset />
      </Route>
      <Route path={pattern.forgot}>
        <Forgot />
      </Route>
      <Route path={pattern.apply}>
        <Apply instance={session.instance_name || app.name} />
      </Route>
      <Route path={pattern.activate}>
        <Activate instance={session.instance_name || app.name} />
      </Route>
      {mailed()}
      <Route path={pattern.signUp}>
        <SignUp instance={session.instance_name || app.name} />
      </Route>
      <Route path={pattern.signIn}>
        <SignIn instance={session.instance_name || app.name} />
      </Route>
      <Route>
        <SignInFirst />
      </Route>
    </Switch>
  );
}

/** Links in mails open wherever somebody reads mail, signed in there or not. */
function mailed() {
  return [
    <Route key="verify" path={pattern.verify}>
      <Verify />
    </Route>,
    <Route key="not-me" path={pattern.notMe}>
      <NotMe />
    </Route>,
  ];
}

function Onward() {
  return <Redirect to={destination(location.hash)} replace />;
}

/** Also for the moment between signing in and the engine's word of it: the way on isn't lost. */
function SignInFirst() {
  const [wanted] = useLocation();
  return <Redirect to={signInFirst(wanted)} replace />;
}

function SignedIn({ session }: { session: SessionView }) {
  if (session.me === null) return null;
  return (
    <Switch>
      <Route path={pattern.invite}>{(at) => <Invite key={at.code} code={at.code} me={session.me} />}</Route>
      <Route path={pattern.reset}>
        <Reset />
      </Route>
      {mailed()}
      <Route path={pattern.signIn}>
        <Onward />
      </Route>
      <Route>
        <Inside session={session} me={session.me} />
      </Route>
    </Switch>
  );
}
