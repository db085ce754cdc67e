/** Reports: one's own and what came of them, and those that one is asked to look at. */
import { useCallback, useEffect, useState } from "react";
import { Link } from "wouter";
import { path } from "../paths";
import { useGive, useTask, useView } from "../state/engine";
import { useNow } from "../state/page";
import { may } from "../state/permission";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { plainText } from "../ui/Markdown";
import { Empty, RefusalNote, Skeleton } from "../ui/Note";
import { ago, app, report as words, reportReasons, resolutions, waitsForSomebody, wholeTime } from "../words";
import type { GuildView, MeView, MyReport, ReportShown, ReportsOf, Resolution } from "../wire";
import { OwnPage } from "./Own";
import "../parts/report.css";

export function Reports({ me, reportsNew }: { me: MeView; reportsNew: boolean }) {
  const guilds = useView({ ask: "guilds" })?.guilds ?? [];
  const [whose, setWhose] = useState("mine");
  const [which, setWhich] = useState<"open" | "all">("open");
  const [moderated, setModerated] = useState<ReadonlySet<string>>(new Set());
  const options = [
    { value: "mine", label: words.mine },
    ...guilds.filter((guild) => moderated.has(guild.id)).map((guild) => ({ value: guild.id, label: words.ofGuild(guild.name) })),
    ...(me.operator ? [{ value: "operator", label: words.operator }] : []),
  ];
  const learn = useCallback((guild: GuildView) => {
    if (may(guild.my_permissions, "manage_messages")) setModerated((known) => (known.has(guild.id) ? known : new Set([...known, guild.id])));
  }, []);
  const of: ReportsOf = whose === "mine" ? { of: "mine" } : whose === "operator" ? { of: "operator" } : { of: "guild", guild: whose };
  return (
    <OwnPage title={words.page}>
      {guilds.map((guild) => (
        <Learn key={guild.id} guild={guild.id} onView={learn} />
      ))}
      {options.length > 1 && <Choice label={words.whose} value={whose} options={options} onChange={setWhose} />}
      {whose !== "mine" && (
        <Choice
          label={words.which}
          value={which}
          options={[
            { value: "open", label: words.open },
            { value: "all", label: words.all },
          ]}
          onChange={setWhich}
        />
      )}
      <Loaded key={`${whose} ${which} ${String(reportsNew)}`} of={of} open={which === "open"} />
    </OwnPage>
  );
}

/** Rights are known to each server's own view. */
function Learn({ guild, onView }: { guild: string; onView: (guild: GuildView) => void }) {
  const view = useView({ ask: "guild", guild })?.guild;
  useEffect(() => {
    if (view) onView(view);
  }, [view, onView]);
  return null;
}

interface Page {
  mine: MyReport[] | null;
  reports: ReportShown[];
  end: boolean;
}

function Loaded({ of, open }: { of: ReportsOf; open: boolean }) {
  const give = useGive();
  const [page, setPage] = useState<Page | null>(null);
  const load = useTask(async (before: string | null) => {
    const reply = await give({ do: "load_reports", of, open, before });
    if (reply.outcome === "my_reports") setPage({ mine: reply.reports, reports: [], end: true });
    else if (reply.outcome === "reports") setPage((now) => ({ mine: null, reports: before === null || now === null ? reply.reports : [...now.reports, ...reply.reports], end: reply.end }));
  });
  const { run } = load;
  useEffect(() => void run(null), [run]);
  if (page === null) return load.refusal === null ? <Skeleton lines={5} label={app.loading} /> : <RefusalNote refusal={load.refusal} />;
  const empty = page.mine === null ? page.reports.length === 0 : page.mine.length === 0;
  return (
    <>
      {empty ? (
        <Empty title={words.none} level="h2">
          {page.mine === null ? words.noneOpen : words.noneMine}
        </Empty>
      ) : (
        <ul className="reports-list">
          {page.mine?.map((one) => (
            <li key={one.id}>
              <Mine report={one} />
            </li>
          ))}
          {page.reports.map((one) => (
            <li key={one.id}>
              <Received report={one} of={of} />
            </li>
          ))}
        </ul>
      )}
      <RefusalNote refusal={load.refusal} />
      {!page.end && (
        <Button wide onPress={() => void run(page.reports.at(-1)?.id ?? null)} isPending={load.busy}>
          {words.more}
        </Button>
      )}
    </>
  );
}

function Mine({ report }: { report: MyReport }) {
  const now = useNow(60_000);
  const guild = useView({ ask: "channel", channel: report.channel })?.channel?.guild;
  return (
    <article className="reports-one">
      <div className="reports-head">
        <strong>{reportReasons[report.reason]}</strong>
        <time dateTime={new Date(report.at).toISOString()} title={wholeTime(report.at)}>
          {ago(report.at, now)}
        </time>
      </div>
      <p>{report.resolution === null ? waitsForSomebody : resolutions[report.resolution].done}</p>
      {guild !== undefined && <Link href={path.message(guild, report.channel, report.message)}>{words.message}</Link>}
    </article>
  );
}

function Received({ report, of }: { report: ReportShown; of: ReportsOf }) {
  const now = useNow(60_000);
  const give = useGive();
  const [resolution, setResolution] = useState(report.resolution);
  const resolve = useTask(async (chosen: Resolution) => {
    await give({ do: "resolve_report", of, report: report.id, resolution: chosen });
    setResolution(chosen);
  });
  return (
    <article className="reports-one">
      <div className="reports-head">
        <strong>{reportReasons[report.reason]}</strong>
        <span className="reports-small" dir="auto">
          {words.by(report.reporter_name)}
        </span>
        <time dateTime={new Date(report.at).toISOString()} title={wholeTime(report.at)}>
          {ago(report.at, now)}
        </time>
      </div>
      {report.note !== "" && <p dir="auto">{report.note}</p>}
      <ol className="report-messages">
        {report.messages.map((one, place) => (
          <li key={one.message} className={place === 0 ? "report-subject" : undefined}>
            <span className="report-said">
              <strong>
                <bdi>{one.sender_name}</bdi>
              </strong>{" "}
              <time dateTime={new Date(one.at).toISOString()}>{wholeTime(one.at)}</time>
              <span className="report-body" dir="auto">
                {one.body === null ? words.newer : plainText(one.body)}
              </span>
            </span>
          </li>
        ))}
      </ol>
      <p className="reports-small">{words.proved}</p>
      {resolution !== null ? (
        <p role="status">{resolutions[resolution].done}</p>
      ) : (
        <div className="reports-actions" role="group" aria-label={words.resolve}>
          {(Object.keys(resolutions) as Resolution[]).map((one) => (
            <Button key={one} small onPress={() => void resolve.run(one)} isPending={resolve.busy}>
              {resolutions[one].act}
            </Button>
          ))}
        </div>
      )}
      <RefusalNote refusal={resolve.refusal} />
    </article>
  );
}
