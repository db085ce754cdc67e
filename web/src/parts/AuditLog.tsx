/** What was done in a server, by whom and why. */
import { Download } from "lucide-react";
import { useState } from "react";
import { useTask } from "../state/engine";
import { useAsk, useAsked } from "../state/govern";
import { useNow } from "../state/page";
import { save } from "../state/save";
import { Button } from "../ui/Button";
import { RefusalNote, Skeleton } from "../ui/Note";
import { Select } from "../ui/Select";
import { acts, ago, app, audit as words, wholeTime } from "../words";
import type { AuditFormat, AuditView, GuildView } from "../wire";

export function AuditLog({ view }: { view: GuildView }) {
  const [action, setAction] = useState("");
  const [before, setBefore] = useState<number | null>(null);
  const { told, refusal } = useAsked(view.id, "audit", { about: "audit", before, actor: null, action: action === "" ? null : action, target: null });
  const ask = useAsk(view.id);
  const take = useTask(async (format: AuditFormat) => {
    const file = await ask({ about: "audit_file", format });
    if (file?.on === "file") save(file.name, file.text);
  });
  const options = [{ value: "", label: words.all }, ...Object.keys(acts).map((name) => ({ value: name, label: name }))];
  const last = told?.entries.at(-1);
  return (
    <section className="own-section">
      <p className="quiet">{words.lead}</p>
      <div className="govern-row">
        <Select
          label={words.filter}
          value={action}
          options={options}
          onChange={(next) => {
            setBefore(null);
            setAction(next);
          }}
        />
        <Button icon={Download} onPress={() => void take.run("csv")} isPending={take.busy}>
          {words.csv}
        </Button>
        <Button icon={Download} onPress={() => void take.run("json")} isPending={take.busy}>
          {words.json}
        </Button>
      </div>
      <RefusalNote refusal={refusal ?? take.refusal} />
      {told === undefined && refusal === null && <Skeleton lines={8} label={app.loading} />}
      {told?.entries.length === 0 && <p>{words.none}</p>}
      <ol className="govern-list">
        {told?.entries.map((entry) => (
          <Entry key={entry.seq} entry={entry} view={view} />
        ))}
      </ol>
      {told?.end === false && last !== undefined && (
        <Button look="quiet" onPress={() => setBefore(last.seq)}>
          {words.more}
        </Button>
      )}
    </section>
  );
}

function Entry({ entry, view }: { entry: AuditView; view: GuildView }) {
  const now = useNow(60_000);
  const actor = entry.actor_name === null ? words.server : `@${entry.actor_name}`;
  const details = entry.before !== null || entry.after !== null;
  return (
    <li className="govern-item audit-entry">
      <span className="govern-text">
        <span dir="auto">{words.line(actor, acts[entry.action] ?? entry.action, nameOf(entry.target, view, entry.target_name))}</span>
        <span className="quiet">
          <time dateTime={new Date(entry.at).toISOString()} title={wholeTime(entry.at)}>
            {ago(entry.at, now)}
          </time>
          {" · "}
          {entry.seq}
        </span>
        {entry.reason !== null && <span dir="auto">{words.because(entry.reason)}</span>}
        {details && (
          <details>
            <summary className="quiet">{[entry.before === null ? null : words.before, entry.after === null ? null : words.after].filter(Boolean).join(", ")}</summary>
            {entry.before !== null && <code className="audit-code">{entry.before}</code>}
            {entry.after !== null && <code className="audit-code">{entry.after}</code>}
          </details>
        )}
      </span>
    </li>
  );
}

/** The name of what an entry is about, if it is still there. */
function nameOf(target: string, view: GuildView, named: string | null): string {
  const at = target.indexOf(":");
  const [kind, id] = [target.slice(0, at), target.slice(at + 1)];
  switch (kind) {
    case "guild":
      return "";
    case "role":
      return view.roles.find((role) => role.id === id)?.name ?? id;
    case "member":
      return named === null ? id : `@${named}`;
    case "channel":
      return `#${view.channels.find((channel) => channel.id === id)?.name ?? id}`;
    case "category":
      return view.categories.find((category) => category.id === id)?.name ?? id;
    default:
      return id;
  }
}
