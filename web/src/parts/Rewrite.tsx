/** One's own message, opened for changing where it stands. */
import { type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";
import { useGive, useTask } from "../state/engine";
import { Button } from "../ui/Button";
import { composer, messageMenu as words, refusalSentence } from "../words";
import type { MessageView } from "../wire";
import { longestMessage } from "./Composer";
import { useDialogs } from "./open";
import { useTalking } from "./talking";

export function Rewrite({ message }: { message: MessageView }) {
  const give = useGive();
  const open = useDialogs();
  const { edit } = useTalking();
  const before = message.content.content === "text" ? message.mentions.reduce((text, one) => text.replaceAll(one.token, one.written), message.content.body) : "";
  const [text, setText] = useState(before);
  const area = useRef<HTMLTextAreaElement>(null);
  const tooMany = [...text.trim()].length - longestMessage;
  const task = useTask(async () => {
    const body = text.trim();
    if (body === "") {
      open({ dialog: "delete-messages", messages: [message.id], author: null });
      return;
    }
    if (body !== before) await give({ do: "edit", message: message.id, body });
    edit(null);
  });
  useLayoutEffect(() => {
    const box = area.current;
    box?.focus();
    box?.setSelectionRange(box.value.length, box.value.length);
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    event.stopPropagation();
    if (event.key === "Escape") {
      event.preventDefault();
      edit(null);
    } else if (event.key === "Enter" && !event.shiftKey && !(matchMedia("(pointer: coarse)").matches && !event.ctrlKey)) {
      event.preventDefault();
      if (tooMany <= 0) void task.run();
    }
  };
  return (
    <form
      className="rewrite"
      onSubmit={(event) => {
        event.preventDefault();
        void task.run();
      }}
    >
      <textarea ref={area} className="composer-text rewrite-text" aria-label={words.rewrite} dir="auto" rows={1} value={text} onChange={(event) => setText(event.target.value)} onKeyDown={onKeyDown} autoComplete="off" />
      {task.refusal !== null && <p role="alert">{refusalSentence(task.refusal)}</p>}
      {tooMany > 0 && <p className="composer-many">{composer.left(tooMany)}</p>}
      <div className="rewrite-acts">
        <Button small look="primary" type="submit" isPending={task.busy} isDisabled={tooMany > 0}>
          {words.save}
        </Button>
        <Button small look="quiet" onPress={() => edit(null)}>
          {words.cancel}
        </Button>
      </div>
    </form>
  );
}
