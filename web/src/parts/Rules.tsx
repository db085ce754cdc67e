/** What the members of a server agree to before they write. */
import { useTask } from "../state/engine";
import { useAct } from "../state/govern";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Markdown } from "../ui/Markdown";
import { RefusalNote } from "../ui/Note";
import { app, rules as words } from "../words";
import type { GuildView } from "../wire";
import { useView } from "../state/engine";

/** In the place of the composer. */
export function RulesWait({ view, rules }: { view: GuildView; rules: string }) {
  const act = useAct(view.id);
  const accept = useTask(async () => {
    await act({ act: "accept_rules", rules });
  });
  return (
    <section className="rules-wait" aria-label={words.title(view.name)}>
      <h2 className="serif" dir="auto">
        {words.title(view.name)}
      </h2>
      <div className="rules-text" dir="auto">
        <Markdown body={rules} mentions={[]} />
      </div>
      <p className="quiet">{words.lead}</p>
      <RefusalNote refusal={accept.refusal} />
      <Button look="primary" onPress={() => void accept.run()} isPending={accept.busy}>
        {words.accept}
      </Button>
    </section>
  );
}

export function RulesDialog({ guild, onClose }: { guild: string; onClose: () => void }) {
  const view = useView({ ask: "guild", guild })?.guild;
  if (!view || view.rules === null) return null;
  return (
    <Dialog title={words.title(view.name)} open onClose={onClose}>
      <div dir="auto">
        <Markdown body={view.rules} mentions={[]} />
      </div>
      <div className="form-actions">
        <Button onPress={onClose}>{app.close}</Button>
      </div>
    </Dialog>
  );
}
