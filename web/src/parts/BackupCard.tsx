/** How far the key backup is: what is missing, what is on its way back. */
import { useGive, useTask, useView } from "../state/engine";
import { Button } from "../ui/Button";
import { Note, RefusalNote } from "../ui/Note";
import { backup as words } from "../words";
import "./backup.css";

export function BackupCard() {
  const give = useGive();
  const view = useView({ ask: "backup" });
  const save = useTask(async () => {
    await give({ do: "back_up" });
  });
  if (view === undefined) return null;
  const { missing, saved, restore, refused, trouble } = view;
  return (
    <section className="backup" aria-labelledby="backup-title">
      <h2 id="backup-title" className="backup-title serif">
        {words.title}
      </h2>
      <p className="backup-lead">{words.lead}</p>
      <p role="status" className={missing > 0 ? "backup-state backup-behind" : "backup-state"}>
        {missing > 0 ? words.missing(missing) : saved > 0 ? words.all(saved) : words.none}
      </p>
      {restore && <Restoring taken={restore.taken} total={restore.total} />}
      {refused > 0 && (
        <Note kind="amber">
          <p>{words.refused(refused)}</p>
        </Note>
      )}
      {trouble !== null && (
        <Note kind="amber">
          <p>{trouble}</p>
        </Note>
      )}
      <RefusalNote refusal={save.refusal} />
      {missing > 0 && (
        <div>
          <Button onPress={() => void save.run()} isPending={save.busy}>
            {words.now}
          </Button>
        </div>
      )}
    </section>
  );
}

/** Over the talk of a new device, while the keys to what was read before come back. */
export function RestoreNotice() {
  const restore = useView({ ask: "backup" })?.restore ?? null;
  if (restore === null || restore.total === 0) return null;
  return (
    <div className="restore-notice">
      <Restoring taken={restore.taken} total={restore.total} />
    </div>
  );
}

/** A bar with its words. */
function Restoring({ taken, total }: { taken: number; total: number }) {
  return (
    <div className="restoring">
      <span role="status">{words.restoring(Math.min(taken, total), total)}</span>
      <progress className="restoring-bar" aria-label={words.restoring(Math.min(taken, total), total)} value={taken} max={Math.max(total, 1)} />
    </div>
  );
}
