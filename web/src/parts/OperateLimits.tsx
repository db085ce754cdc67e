/** What is limited, how much, and in which time. */
import { useOperated } from "../state/operate";
import { RefusalNote, Skeleton } from "../ui/Note";
import { app, operate, operateLimits as words } from "../words";

export function OperateLimits() {
  const { told, refusal } = useOperated("limits", { act: "limits" });
  if (told === undefined) return refusal === null ? <Skeleton lines={8} label={app.loading} /> : <RefusalNote refusal={refusal} />;
  return (
    <section className="own-section" aria-label={operate.limits}>
      <p className="quiet">{words.lead}</p>
      <dl className="operate-table operate-wide">
        {told.limits.map((limit) => (
          <div key={limit.key}>
            <dt>
              {limit.counts}
              <code className="operate-key" dir="ltr">
                {limit.key}
              </code>
            </dt>
            <dd>{words.most(limit.most, limit.window_s)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
