import { useGive, useTask, useView } from "../state/engine";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Markdown } from "../ui/Markdown";
import { Skeleton } from "../ui/Note";
import { app, messageMenu as words, refusalSentence, wholeTime } from "../words";

/** Asks before what can't be undone. `author`: whose messages, if not one's own. */
export function DeleteMessages({ messages, author, onDone, onClose }: { messages: string[]; author: string | null; onDone?: () => void; onClose: () => void }) {
  const give = useGive();
  const task = useTask(async () => {
    await give({ do: "delete", messages });
    onDone?.();
    onClose();
  });
  return (
    <Dialog title={words.removeTitle(messages.length)} open onClose={onClose} firm>
      <p>{author === null ? words.removeOwn : words.removeOthers(author)}</p>
      {task.refusal !== null && <p role="alert">{refusalSentence(task.refusal)}</p>}
      <div className="form-actions">
        <Button look="quiet" onPress={onClose}>
          {app.cancel}
        </Button>
        <Button look="danger" onPress={() => void task.run()} isPending={task.busy} autoFocus>
          {words.remove}
        </Button>
      </div>
    </Dialog>
  );
}

/** What a message said before. */
export function Edits({ channel, message, onClose }: { channel: string; message: string; onClose: () => void }) {
  const answer = useView({ ask: "edits", channel, message });
  return (
    <Dialog title={words.editsTitle} open onClose={onClose}>
      {answer === undefined ? (
        <Skeleton lines={4} label={app.loading} />
      ) : (
        <ol className="edits">
          {answer.edits.map((edit) => (
            <li key={edit.at} className="edits-one">
              <time dateTime={new Date(edit.at).toISOString()}>{wholeTime(edit.at)}</time>
              <Markdown body={edit.body} mentions={edit.mentions} />
            </li>
          ))}
        </ol>
      )}
    </Dialog>
  );
}
