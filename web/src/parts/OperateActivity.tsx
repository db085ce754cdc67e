/** What happened to everybody's accounts, filtered, and as a file. */
import { Download } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { useTask } from "../state/engine";
import { useOperate, useOperated } from "../state/operate";
import { save } from "../state/save";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { RefusalNote, Skeleton } from "../ui/Note";
import { Select } from "../ui/Select";
import { app, happenedHere, operate, operateActivity as words, placeName, wholeTime } from "../words";
import type { AuditFormat, HappenedToView, SecurityEventKind } from "../wire";
import { useProved } from "./Proof";

const day = 24 * 60 * 60_000;
const times = { day, week: 7 * day, month: 30 * day, all: 0 } as const;
type When = keyof typeof times;

const kinds = [{ value: "", label: words.anything }, ...(Object.keys(happenedHere) as SecurityEventKind[]).map((value) => ({ value: value as string, label: happenedHere[value] }))];

export function OperateActivity() {
  const act = useOperate();
  const proved = useProved();
  const [person, setPerson] = useState(() => decodeURIComponent(location.hash.replace(/^#/, "")));
  const [kind, setKind] = useState("");
  const [when, setWhen] = useState<When>("all");
  const [since, setSince] = useState<number | null>(null);
  const [before, setBefore] = useState<string | null>(null);
  const filter = { username: useDeferredValue(person.trim().replace(/^@/, "")) || null, kind: kind === "" ? null : (kind as SecurityEventKind), since };
  const { told, refusal } = useOperated("happened", { act: "happened", ...filter, before });
  const take = useTask(async (format: AuditFormat) => {
    const file = await proved(() => act({ act: "happened_file", ...filter, format }));
    if (file.reply === "file") save(file.name, file.text);
  });
  const last = told?.events.at(-1);
  const first = <T,>(set: (value: T) => void) => (value: T) => {
    set(value);
    setBefore(null);
  };
  return (
    <section className="own-section" aria-label={operate.activity}>
      <p className="quiet">{words.lead}</p>
      <div className="govern-row">
        <Field label={words.person} value={person} onChange={first(setPerson)} maxLength={33} mono autoComplete="off" spellCheck="false" />
        <Select label={words.kind} value={kind} options={kinds} onChange={first(setKind)} />
        <Select
          label={words.time}
          value={when}
          options={(Object.keys(times) as When[]).map((value) => ({ value, label: words.times[value] }))}
          onChange={(value: When) => {
            setWhen(value);
            setSince(times[value] === 0 ? null : Date.now() - times[value]);
            setBefore(null);
          }}
        />
      </div>
      <div className="govern-buttons">
        <Button icon={Download} small onPress={() => void take.run("csv")} isPending={take.busy}>
          {words.csv}
        </Button>
        <Button icon={Download} small onPress={() => void take.run("json")} isPending={take.busy}>
          {words.json}
        </Button>
      </div>
      <RefusalNote refusal={refusal ?? take.refusal} />
      {told === undefined && refusal === null && <Skeleton lines={8} label={app.loading} />}
      <p role="status">{told?.events.length === 0 ? words.none : ""}</p>
      <ol className="happened">
        {told?.events.map((event) => (
          <Row key={event.id} event={event} />
        ))}
      </ol>
      <div className="govern-buttons">
        {before !== null && (
          <Button look="quiet" onPress={() => setBefore(null)}>
            {operate.backToStart}
          </Button>
        )}
        {told?.end === false && last !== undefined && (
          <Button look="quiet" onPress={() => setBefore(last.id)}>
            {operate.more}
          </Button>
        )}
      </div>
    </section>
  );
}

function Row({ event }: { event: HappenedToView }) {
  const whose = event.username === null ? words.instance : words.whose(event.username);
  const facts = [event.by_name === null ? null : words.by(event.by_name), words.from(event.address === "" ? placeName(event.place) : event.address), event.user_agent === "" ? null : event.user_agent];
  return (
    <li>
      <span>
        <strong>
          <bdi>{whose}</bdi>
        </strong>{" "}
        {happenedHere[event.kind]}
        {event.about !== "" && (
          <>
            {": "}
            <bdi>{event.about}</bdi>
          </>
        )}
      </span>
      <span className="device-facts">
        <time dateTime={new Date(event.at).toISOString()}>{wholeTime(event.at)}</time>
        {facts
          .filter((fact) => fact !== null)
          .map((fact) => (
            <span key={fact} dir="auto">{` · ${fact}`}</span>
          ))}
      </span>
    </li>
  );
}
