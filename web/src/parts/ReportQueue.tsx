/** Reports: one's own and what came of them, or those that one is asked to look at. */
import { useEffect, useState } from "react";
import { Label, TextArea, TextField } from "react-aria-components";
import { Link } from "wouter";
import { path } from "../paths";
import { useGive, useTask, useView } from "../state/engine";
import { useNow } from "../state/page";
import { Button } from "../ui/Button";
import { plainText } from "../ui/Markdown";
import { Empty, RefusalNote, Skeleton } from "../ui/Note";
import { ago, app, report as words, reportReasons, resolutions, waitsForSomebody, wholeTime } from "../words";
import type { Claim, MyReport, ReportShown, ReportsOf, Resolution } from "../wire";
import "./report.css";

interface Page {
  mine: MyReport[] | null;
  reports: ReportShown[];
  end: boolean;
}

export function ReportQueue({ of, open }: { of: ReportsOf; open: boolean }) {
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
  const me = useView({ ask: "session" })?.me?.user;
  const [resolution, setResolution] = useState(report.resolution);
  const [taken, setTaken] = useState({ by: report.claimed_by, name: report.claimed_by_name });
  const [finding, setFinding] = useState(report.finding);
  const [kept, setKept] = useState(report.finding);
  const others = taken.by !== null && taken.by !== me;
  const claim = useTask(async (chosen: Claim) => {
    await give({ do: "keep_report", of, report: report.id, claim: chosen, finding: null });
    setTaken(chosen === "take" ? { by: me ?? null, name: null } : { by: null, name: null });
  });
  const keep = useTask(async () => {
    await give({ do: "keep_report", of, report: report.id, claim: null, finding });
    setKept(finding);
  });
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
      <form
        className="reports-finding"
        onSubmit={(event) => {
          event.preventDefault();
          void keep.run();
        }}
      >
        <TextField className="field" value={finding} onChange={setFinding} maxLength={1000}>
          <Label className="field-label">{words.finding}</Label>
          <TextArea className="input report-note" dir="auto" rows={2} />
        </TextField>
        {finding !== kept && (
          <Button small type="submit" isPending={keep.busy}>
            {words.keepFinding}
          </Button>
        )}
      </form>
      {resolution !== null ? (
        <p role="status">{resolutions[resolution].done}</p>
      ) : (
        <>
          <p className="reports-small" role="status">
            {taken.by === null ? words.free : others ? words.takenBy(taken.name ?? "") : words.yours}
          </p>
          <div className="reports-actions" role="group" aria-label={words.resolve}>
            <Button small look="quiet" onPress={() => void claim.run(taken.by === null ? "take" : "release")} isPending={claim.busy}>
              {taken.by === null ? words.take : others ? words.freeIt : words.release}
            </Button>
            {!others &&
              (Object.keys(resolutions) as Resolution[]).map((one) => (
                <Button key={one} small onPress={() => void resolve.run(one)} isPending={resolve.busy}>
                  {resolutions[one].act}
                </Button>
              ))}
          </div>
        </>
      )}
      <RefusalNote refusal={claim.refusal ?? keep.refusal ?? resolve.refusal} />
    </article>
  );
}
