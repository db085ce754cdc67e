/** The page of a channel that tells what the server can see of it. */
import { Eye, EyeOff } from "lucide-react";
import { useView } from "../state/engine";
import { Dialog } from "../ui/Dialog";
import { Skeleton } from "../ui/Note";
import { app, deviceStates, facts, safetyStates, seen as words } from "../words";
import type { SeenLine } from "../wire";
import "./seen.css";

export function SeenDialog({ channel, onClose }: { channel: string; onClose: () => void }) {
  const view = useView({ ask: "seen", channel })?.seen;
  return (
    <Dialog title={words.title} open onClose={onClose}>
      <p className="quiet">{words.lead}</p>
      {view === undefined ? (
        <Skeleton lines={6} label={app.loading} />
      ) : view === null ? (
        <p>{app.notFound}</p>
      ) : (
        <>
          <Lines title={words.sees} lines={view.lines.filter((line) => line.seen)} />
          <Lines title={words.never} lines={view.lines.filter((line) => !line.seen)} />
        </>
      )}
      <p className="quiet">{words.web}</p>
      <details className="seen-marks">
        <summary>{words.marks}</summary>
        <States title={words.peopleTitle} states={Object.values(safetyStates).map(({ name, means, next }) => [name, `${means} ${next}`])} />
        <States title={words.devicesTitle} states={Object.values(deviceStates).map(({ name, means }) => [name, means])} />
      </details>
    </Dialog>
  );
}

function Lines({ title, lines }: { title: string; lines: SeenLine[] }) {
  return (
    <section className="seen-part" aria-label={title}>
      <h3>{title}</h3>
      <ul>
        {lines.map((line) => (
          <li key={line.fact} className={line.seen ? "seen-line" : "seen-line seen-never"}>
            {line.seen ? <Eye size={16} strokeWidth={1.75} aria-hidden /> : <EyeOff size={16} strokeWidth={1.75} aria-hidden />}
            <div>
              <p className="seen-what">
                {facts[line.fact].what}
                <Count line={line} />
              </p>
              <p className="seen-why">{facts[line.fact].why}</p>
              <details className="seen-fields">
                <summary>{words.names}</summary>
                {line.fields.length === 0 ? <p>{line.seen ? words.noNames : words.notSent}</p> : <p className="seen-names">{line.fields.join(", ")}</p>}
              </details>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Count({ line }: { line: SeenLine }) {
  if (line.count === null) return null;
  const said = line.fact === "readers" ? words.people(line.count) : line.fact === "time" ? words.messages(line.count) : null;
  return said === null ? null : <span className="seen-count">{said}</span>;
}

function States({ title, states }: { title: string; states: Array<[string, string]> }) {
  return (
    <section className="seen-part" aria-label={title}>
      <h3>{title}</h3>
      <dl className="seen-states">
        {states.map(([name, means]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{means}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
