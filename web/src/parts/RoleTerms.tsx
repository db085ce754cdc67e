/** When a role is given by itself, and what it asks for. */
import { useState } from "react";
import { useTask } from "../state/engine";
import { useAct, useAsked } from "../state/govern";
import { bitsOf } from "../state/permission";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Field } from "../ui/Field";
import { RefusalNote, Skeleton } from "../ui/Note";
import { Tick } from "../ui/Tick";
import { app, rightGroups, terms as words } from "../words";
import type { Automatic, Constraints, GuildView, Hours, Role, RoleTerms as Terms } from "../wire";
import { submit } from "./GuildDialogs";

type When = "by-hand" | Automatic["when"];

const whens: ReadonlyArray<{ value: When; label: string }> = [
  { value: "by-hand", label: words.byHand },
  { value: "joined", label: words.joined },
  { value: "stayed", label: words.stayed },
  { value: "agreed", label: words.agreed },
];

const dangerous = rightGroups.flatMap((group) => group.rights).filter((right) => right.dangerous);

export function RoleTerms({ view, role }: { view: GuildView; role: Role }) {
  const { told, refusal, again } = useAsked(view.id, "terms", { about: "terms" });
  const mine = told?.terms.find((one) => one.role === role.id);
  return (
    <>
      <RefusalNote refusal={refusal} />
      {told === undefined && refusal === null && <Skeleton lines={4} label={app.loading} />}
      {mine !== undefined && (
        <>
          <Given view={view} role={role} before={mine.automatic} onSaved={again} />
          <Asks key={JSON.stringify(mine.constraints)} view={view} role={role} before={mine} onSaved={again} />
        </>
      )}
    </>
  );
}

function Given({ view, role, before, onSaved }: { view: GuildView; role: Role; before: Automatic | null; onSaved: () => void }) {
  const act = useAct(view.id);
  const [when, setWhen] = useState<When>(before?.when ?? "by-hand");
  const [days, setDays] = useState(before?.when === "stayed" ? String(before.days) : "7");
  const strong = dangerous.some((right) => (bitsOf(role.permissions) & (1n << right.bit)) !== 0n);
  const count = Number(days);
  const save = useTask(async () => {
    const automatic: Automatic | null = when === "by-hand" ? null : when === "stayed" ? { when, days: count } : { when };
    await act({ act: "set_automatic", role: role.id, automatic });
    onSaved();
  });
  return (
    <section className="own-section">
      <h2>{words.title}</h2>
      <p className="quiet">{strong ? words.dangerous : words.lead}</p>
      {!strong && (
        <form className="form" onSubmit={submit(() => void save.run())}>
          <Choice label={words.title} value={when} onChange={setWhen} options={whens} />
          {when === "stayed" && <Field label={words.days} value={days} onChange={setDays} type="number" inputMode="numeric" autoComplete="off" />}
          <RefusalNote refusal={save.refusal} />
          <div className="form-actions">
            <Button type="submit" isDisabled={when === "stayed" && !(Number.isInteger(count) && count >= 1 && count <= 3650)} isPending={save.busy}>
              {words.save}
            </Button>
          </div>
        </form>
      )}
    </section>
  );
}

function Asks({ view, role, before, onSaved }: { view: GuildView; role: Role; before: Terms; onSaved: () => void }) {
  const act = useAct(view.id);
  const [asked, setAsked] = useState<Constraints>(before.constraints);
  const [networks, setNetworks] = useState(before.constraints.networks.join(" "));
  const [excludes, setExcludes] = useState(before.excludes);
  const change = (some: Partial<Constraints>) => setAsked({ ...asked, ...some });
  const save = useTask(async () => {
    await act({ act: "set_constraints", role: role.id, constraints: { ...asked, networks: networks.split(/[\s,]+/).filter((one) => one !== "") }, excludes });
    onSaved();
  });
  const others = view.roles.filter((one) => one.id !== role.id);
  return (
    <section className="own-section">
      <h2>{words.asksTitle}</h2>
      <p className="quiet">{words.asksLead}</p>
      <form className="form" onSubmit={submit(() => void save.run())}>
        <div className="rights">
          <Tick label={words.factor} isSelected={asked.second_factor} onChange={(now) => change({ second_factor: now })} />
          <Tick label={words.device} isSelected={asked.verified_device} onChange={(now) => change({ verified_device: now })} />
          <Tick label={words.hours} isSelected={asked.hours !== null} onChange={(now) => change({ hours: now ? office() : null })} />
        </div>
        {asked.hours !== null && <HoursOf hours={asked.hours} onChange={(hours) => change({ hours })} />}
        <Field label={words.expires} hint={words.expiresHint} type="datetime-local" value={localTime(asked.expires_at)} onChange={(text) => change({ expires_at: text === "" ? null : new Date(text).getTime() })} />
        <Field label={words.networks} hint={words.networksHint} value={networks} onChange={setNetworks} mono maxLength={700} autoComplete="off" />
        {others.length > 0 && (
          <fieldset className="rights">
            <legend>{words.excludes}</legend>
            {others.map((one) => (
              <Tick key={one.id} label={one.name} isSelected={excludes.includes(one.id)} onChange={(now) => setExcludes(now ? [...excludes, one.id] : excludes.filter((id) => id !== one.id))} />
            ))}
          </fieldset>
        )}
        <RefusalNote refusal={save.refusal} />
        <div className="form-actions">
          <Button type="submit" isPending={save.busy}>
            {words.save}
          </Button>
        </div>
      </form>
    </section>
  );
}

function HoursOf({ hours, onChange }: { hours: Hours; onChange: (hours: Hours) => void }) {
  return (
    <fieldset className="rights">
      <legend>{words.clock(offset(hours.offset_min))}</legend>
      <div className="hours-days">
        {words.weekdays.map((day, at) => {
          const bit = 1 << at;
          return <Tick key={day} label={day} isSelected={(hours.days & bit) !== 0} onChange={() => onChange({ ...hours, days: hours.days ^ bit })} />;
        })}
      </div>
      <div className="govern-row">
        <Field label={words.from} type="time" value={clock(hours.from_min)} onChange={(text) => onChange({ ...hours, from_min: minutes(text) })} />
        <Field label={words.until} type="time" value={clock(hours.until_min)} onChange={(text) => onChange({ ...hours, until_min: minutes(text) })} />
      </div>
    </fieldset>
  );
}

/** Working days from nine to five, by the clock of whoever sets it. */
function office(): Hours {
  return { days: 0b1_1111, from_min: 9 * 60, until_min: 17 * 60, offset_min: -new Date().getTimezoneOffset() };
}

const two = (number: number) => String(number).padStart(2, "0");
const clock = (of: number) => `${two(Math.floor(of / 60))}:${two(of % 60)}`;

function minutes(text: string): number {
  const [hour = 0, minute = 0] = text.split(":").map(Number);
  return hour * 60 + minute;
}

function offset(of: number): string {
  return `${of < 0 ? "−" : "+"}${clock(Math.abs(of))}`;
}

function localTime(at: number | null): string {
  if (at === null) return "";
  const time = new Date(at);
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}T${clock(time.getHours() * 60 + time.getMinutes())}`;
}
