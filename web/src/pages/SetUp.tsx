import { useState } from "react";
import { Link, useLocation } from "wouter";
import { AccountForm } from "../parts/AccountForm";
import { Doorway } from "../parts/Doorway";
import { path, secretOf } from "../paths";
import { useTitle } from "../state/page";
import { app, setUp } from "../words";

/** The first page of a new instance, opened by the printed link. */
export function SetUp() {
  const [, go] = useLocation();
  const [token] = useState(() => secretOf(location.hash));
  useTitle(app.title(setUp.title, 0));
  if (token === null) {
    return (
      <Doorway title={setUp.title} lead={setUp.noToken}>
        <Link href={path.signIn()}>{setUp.again}</Link>
      </Doorway>
    );
  }
  return (
    <Doorway title={setUp.title} lead={setUp.lead} foot={setUp.promise}>
      <AccountForm setUpToken={token} invite={null} submitLabel={setUp.submit} onMade={() => go(path.home(), { replace: true })} />
    </Doorway>
  );
}
