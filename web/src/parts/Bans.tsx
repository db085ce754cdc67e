/** Who is kept out of a server. */
import { useState } from "react";
import { useTask } from "../state/engine";
import { useAct, useAsked } from "../state/govern";
import { Avatar } from "../ui/Arch";
import { Button } from "../ui/Button";
import { RefusalNote, Skeleton } from "../ui/Note";
import { app, audit, order as words, wholeDate } from "../words";

export function Bans({ guild }: { guild: string }) {
  const [after, setAfter] = useState<string | null>(null);
  const { told, refusal, again } = useAsked(guild, "bans", { about: "bans", after });
  const act = useAct(guild);
  const lift = useTask(async (user: string) => {
    await act({ act: "lift_ban", user, reason: null });
    again();
  });
  if (told === undefined) return refusal === null ? <Skeleton lines={5} label={app.loading} /> : <RefusalNote refusal={refusal} />;
  const last = told.bans.at(-1);
  return (
    <section className="own-section">
      <p className="quiet">{words.bansLead}</p>
      <RefusalNote refusal={lift.refusal} />
      {told.bans.length === 0 && <p>{words.bansNone}</p>}
      <ul className="govern-list">
        {told.bans.map((ban) => (
          <li key={ban.user} className="govern-item">
            <Avatar id={ban.user} name={ban.display_name} size="small" />
            <span className="govern-text">
              <strong dir="auto">{ban.display_name}</strong>
              <span className="quiet" dir="auto">
                {[`@${ban.username}`, wholeDate(ban.at), ban.until === null ? null : words.until(wholeDate(ban.until)), ban.reason].filter(Boolean).join(" · ")}
              </span>
            </span>
            <Button small onPress={() => void lift.run(ban.user)} aria-label={words.liftNamed(ban.display_name)}>
              {words.lift}
            </Button>
          </li>
        ))}
      </ul>
      {!told.end && last !== undefined && (
        <Button look="quiet" onPress={() => setAfter(last.user)}>
          {audit.more}
        </Button>
      )}
    </section>
  );
}
