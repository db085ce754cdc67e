/** How this device is doing: what waits to be sent, what can't be read and what to do about it. */
import { useView } from "../state/engine";
import { Empty, Skeleton } from "../ui/Note";
import { app, health as words, unreadable } from "../words";
import { OwnPage } from "./Own";

export function Health() {
  const status = useView({ ask: "status" });
  if (status === undefined) return <Skeleton lines={5} label={app.loading} />;
  const causes = status.undecryptable.filter((one) => one.count > 0);
  return (
    <OwnPage title={words.title}>
      <p>{words.outbox(status.outbox, status.failed)}</p>
      {status.waiting > 0 && <p>{words.waiting(status.waiting)}</p>}
      {causes.length === 0 ? (
        <Empty title={words.allTitle} level="h2">
          {words.all}
        </Empty>
      ) : (
        <>
          <p>{words.lead}</p>
          <dl className="health">
            {causes.map((one) => (
              <div key={one.cause} className="health-cause">
                <dt>{words.count(one.count)}</dt>
                <dd>
                  {unreadable[one.cause].what} {unreadable[one.cause].next}
                </dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </OwnPage>
  );
}
