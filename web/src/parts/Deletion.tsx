/** The end of one's account: asked for, and taken back. */
import { useState } from "react";
import { useAct, useAsked } from "../state/account";
import { useTask, useView } from "../state/engine";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { Note, RefusalNote } from "../ui/Note";
import { app, deletion as words, refusalSentence, wholeDate } from "../words";
import type { MeView } from "../wire";
import { submit } from "./GuildDialogs";
import { useSensitive } from "./Proof";

/** So many names of what must be handed over stand in a sentence. */
const namesShown = 3;

export function DeletionCard({ me }: { me: MeView }) {
  const standing = useAsked("deletion", "deletion");
  const guilds = useView({ ask: "guilds" })?.guilds ?? [];
  const [open, setOpen] = useState(false);
  const now = standing.answer;
  if (now === undefined) return <RefusalNote refusal={standing.refusal} />;
  const names = now.owns.map((guild) => guilds.find((one) => one.id === guild)?.name ?? words.group);
  return (
    <section className="own-section" aria-label={words.title}>
      <h2>{words.title}</h2>
      {now.at === null ? (
        <>
          <p className="own-lead">{words.lead(now.grace_days)}</p>
          <p className="own-lead">{words.goes}</p>
          <p className="own-lead">{words.stays}</p>
          {names.length > 0 && <Note kind="plain">{words.owns(names.slice(0, namesShown), Math.max(0, names.length - namesShown))}</Note>}
          <div className="approve-actions">
            <Button look="danger-quiet" onPress={() => setOpen(true)} isDisabled={names.length > 0}>
              {words.open}
            </Button>
          </div>
          {open && <DeletionDialog username={me.username} onAsked={standing.again} onClose={() => setOpen(false)} />}
        </>
      ) : (
        <>
          <p className="own-lead">{words.pending(wholeDate(now.at))}</p>
          <p className="own-lead">{words.pendingLead}</p>
          <Keep onKept={standing.again} />
        </>
      )}
    </section>
  );
}

function DeletionDialog({ username, onAsked, onClose }: { username: string; onAsked: () => void; onClose: () => void }) {
  const sensitive = useSensitive();
  const [typed, setTyped] = useState("");
  const ask = useTask(async () => {
    await sensitive({ act: "ask_deletion", username: typed });
    onClose();
    onAsked();
  });
  const wrong = ask.refusal?.code === "NOT_CONFIRMED";
  return (
    <Dialog title={words.sure} open onClose={onClose} firm>
      <form className="form" onSubmit={submit(() => void ask.run())}>
        <p>{words.goes}</p>
        <p>{words.save}</p>
        <Field
          label={words.name(username)}
          value={typed}
          onChange={(text) => {
            setTyped(text);
            ask.clear();
          }}
          autoFocus
          isRequired
          autoComplete="off"
          spellCheck="false"
          error={wrong && ask.refusal !== null ? refusalSentence(ask.refusal) : null}
        />
        <RefusalNote refusal={wrong ? null : ask.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={onClose}>
            {app.cancel}
          </Button>
          <Button type="submit" look="danger" isDisabled={typed.trim() === ""} isPending={ask.busy}>
            {words.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Keep({ onKept }: { onKept?: () => void }) {
  const act = useAct();
  const keep = useTask(async () => {
    await act({ act: "keep_account" });
    onKept?.();
  });
  return (
    <>
      <RefusalNote refusal={keep.refusal} />
      <div className="approve-actions">
        <Button look="primary" onPress={() => void keep.run()} isPending={keep.busy}>
          {words.keep}
        </Button>
      </div>
    </>
  );
}

/** Says wherever one is that one's account is about to go. */
export function DeletionNotice() {
  const session = useView({ ask: "session" });
  const act = useAct();
  const keep = useTask(async () => {
    await act({ act: "keep_account" });
  });
  const at = session?.deletion_at ?? null;
  if (at === null) return null;
  return (
    <Note kind="amber">
      <div className="security-notice-row">
        <span role="status">{keep.refusal === null ? words.notice(wholeDate(at)) : refusalSentence(keep.refusal)}</span>
        <Button small onPress={() => void keep.run()} isPending={keep.busy}>
          {words.keep}
        </Button>
      </div>
    </Note>
  );
}
