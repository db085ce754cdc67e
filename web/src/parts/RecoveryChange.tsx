/** Another recovery key: at once with the old one, or three days after a device asked for it. */
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { useLocation } from "wouter";
import { path } from "../paths";
import { useGive, useTask, useView } from "../state/engine";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { Field } from "../ui/Field";
import { Note, RefusalNote } from "../ui/Note";
import { recovery as card, recoveryChange as words, refusalSentence, wholeTime } from "../words";
import type { RecoveryChangeView } from "../wire";
import { submit } from "./GuildDialogs";
import { SecretGroups } from "./RecoveryCard";
import "./backup.css";

export function RecoveryChange({ change, here }: { change: RecoveryChangeView | null; here: boolean }) {
  return (
    <section className="backup" aria-labelledby="change-title">
      <h2 id="change-title" className="backup-title serif">
        {change === null ? words.title : words.onItsWay}
      </h2>
      {change === null ? <Begin here={here} /> : <Underway change={change} />}
    </section>
  );
}

/** The old key makes a new one at once; without it a device asks, and everybody hears of it. */
function Begin({ here }: { here: boolean }) {
  const give = useGive();
  const [way, choose] = useState<"none" | "typed" | "lost">("none");
  const [old, type] = useState("");
  const replace = useTask(async () => {
    await give({ do: "replace_recovery", recovery_key: here ? null : old.trim() });
    choose("none");
    type("");
  });
  const propose = useTask(async () => {
    await give({ do: "propose_recovery" });
    choose("none");
  });
  return (
    <>
      <p className="backup-lead">{words.lead}</p>
      {way === "typed" && (
        <form className="form" onSubmit={submit(() => void replace.run())}>
          <Field label={words.old} value={old} onChange={type} hint={words.oldHint} error={replace.refusal === null ? null : refusalSentence(replace.refusal)} mono isRequired autoFocus autoComplete="off" spellCheck="false" />
          <div className="recovery-actions">
            <Button type="submit" look="primary" isDisabled={old.trim() === ""} isPending={replace.busy}>
              {words.replace}
            </Button>
            <Button look="quiet" onPress={() => choose("none")}>
              {words.back}
            </Button>
          </div>
        </form>
      )}
      {way === "lost" && (
        <Note kind="plain">
          <p>{words.lostLead}</p>
          <RefusalNote refusal={propose.refusal} />
          <div className="recovery-actions">
            <Button look="primary" onPress={() => void propose.run()} isPending={propose.busy}>
              {words.propose}
            </Button>
            <Button look="quiet" onPress={() => choose("none")}>
              {words.back}
            </Button>
          </div>
        </Note>
      )}
      {way === "none" && (
        <>
          <RefusalNote refusal={replace.refusal} />
          <div className="recovery-actions">
            <Button icon={KeyRound} onPress={() => (here ? void replace.run() : choose("typed"))} isPending={replace.busy}>
              {words.make}
            </Button>
            {!here && (
              <Button look="quiet" onPress={() => choose("lost")}>
                {words.lost}
              </Button>
            )}
          </div>
        </>
      )}
    </>
  );
}

function Underway({ change }: { change: RecoveryChangeView }) {
  const give = useGive();
  const devices = useView({ ask: "devices" })?.devices ?? [];
  const cancel = useTask(async () => {
    await give({ do: "cancel_recovery" });
  });
  const name = devices.find((device) => device.id === change.device)?.name ?? "";
  return (
    <>
      <p className="backup-lead">{change.this_device ? words.askedHere(wholeTime(change.proposed_at)) : words.asked(name, wholeTime(change.proposed_at))}</p>
      <p className="backup-state">{words.ripe(wholeTime(change.ripe_at))}</p>
      {change.key !== null && (
        <>
          <SecretGroups secret={change.key} label={words.newKey} />
          <p className="recovery-how">{words.keepIt}</p>
        </>
      )}
      {!change.this_device && (
        <Note kind="amber">
          <p>{words.notYou}</p>
        </Note>
      )}
      <RefusalNote refusal={cancel.refusal} />
      <div className="recovery-actions">
        {change.key !== null && <CopyButton text={change.key} label={card.copy} />}
        <Button look={change.this_device ? "quiet" : "primary"} onPress={() => void cancel.run()} isPending={cancel.busy}>
          {words.stop}
        </Button>
      </div>
    </>
  );
}

/** Over the talk, on every device: somebody asked for another recovery key. */
export function RecoveryNotice() {
  const [here, go] = useLocation();
  const change = useView({ ask: "recovery" })?.change ?? null;
  if (change === null || here === path.recovery()) return null;
  return (
    <Note kind="amber">
      <div className="security-notice-row">
        <span role="status">{words.notice(wholeTime(change.ripe_at))}</span>
        <Button small onPress={() => go(path.recovery())}>
          {words.look}
        </Button>
      </div>
    </Note>
  );
}
