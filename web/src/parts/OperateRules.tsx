/** Who becomes somebody here, who needs a second factor, and which settings are weak. */
import { useState } from "react";
import { useTask } from "../state/engine";
import { type OperatorTold, useOperate, useOperated } from "../state/operate";
import { Button } from "../ui/Button";
import { Note, RefusalNote, Skeleton } from "../ui/Note";
import { Select } from "../ui/Select";
import { app, operate, operateRules as words, registrations, requireds, span } from "../words";
import type { Registration, Required } from "../wire";
import { useProved } from "./Proof";

export function OperateRules() {
  const { told, refusal, again } = useOperated("policy", { act: "policy" });
  if (told === undefined) return refusal === null ? <Skeleton lines={6} label={app.loading} /> : <RefusalNote refusal={refusal} />;
  return (
    <>
      <Choose told={told} onSaved={again} />
      <section className="own-section" aria-label={words.fixed}>
        <h2>{words.fixed}</h2>
        <dl className="operate-table">
          <div>
            <dt>{words.passwords}</dt>
            <dd>{words.profiles[told.passwords] ?? told.passwords}</dd>
          </div>
          <div>
            <dt>{words.signIns}</dt>
            <dd>{words.lifetimes(span(told.access_ms), span(told.idle_ms), span(told.absolute_ms))}</dd>
          </div>
        </dl>
      </section>
      <section className="own-section" aria-label={words.weak}>
        <h2>{words.weak}</h2>
        {told.weak.length === 0 ? (
          <p className="quiet">{words.weakNone}</p>
        ) : (
          <ul className="operate-weak">
            {told.weak.map((one) => (
              <li key={one.key}>
                <Note kind="amber">{one.sentence}</Note>
              </li>
            ))}
          </ul>
        )}
      </section>
    </>
  );
}

const configured = "configured";

function Choose({ told, onSaved }: { told: OperatorTold<"policy">; onSaved: () => void }) {
  const act = useOperate();
  const proved = useProved();
  const [registration, setRegistration] = useState<Registration | typeof configured>(told.registration_chosen ?? configured);
  const [second, setSecond] = useState<Required | typeof configured>(told.second_factor_chosen ?? configured);
  const [saved, setSaved] = useState(false);
  const save = useTask(async () => {
    await proved(() => act({ act: "set_policy", registration: registration === configured ? null : registration, second_factor: second === configured ? null : second }));
    setSaved(true);
    onSaved();
  });
  const effective = { registration: registration === configured ? told.registration_configured : registration, second: second === configured ? told.second_factor_configured : second };
  const change = <T,>(set: (value: T) => void) => (value: T) => {
    set(value);
    setSaved(false);
  };
  return (
    <section className="own-section" aria-label={operate.rules}>
      <p className="quiet">{words.lead}</p>
      <Select
        label={words.registration}
        value={registration}
        onChange={change(setRegistration)}
        options={[{ value: configured, label: words.asConfigured(registrations[told.registration_configured]) }, ...(Object.keys(registrations) as Registration[]).map((value) => ({ value, label: registrations[value] }))]}
      />
      <p className="field-hint">{words.registrationHint[effective.registration]}</p>
      <Select
        label={words.second}
        value={second}
        onChange={change(setSecond)}
        options={[{ value: configured, label: words.asConfigured(requireds[told.second_factor_configured]) }, ...(Object.keys(requireds) as Required[]).map((value) => ({ value, label: requireds[value] }))]}
      />
      <p className="field-hint">{words.secondHint[effective.second]}</p>
      <RefusalNote refusal={save.refusal} />
      <div className="approve-actions">
        <Button look="primary" onPress={() => void save.run()} isPending={save.busy}>
          {words.save}
        </Button>
      </div>
      <div role="status">{saved && <Note kind="accent">{words.saved}</Note>}</div>
    </section>
  );
}
