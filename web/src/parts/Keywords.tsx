/** Words that count as one's name, looked for on this person's devices only. */
import { useState } from "react";
import { useGive, useTask, useView } from "../state/engine";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { notice as words } from "../words";
import { submit } from "./GuildDialogs";

export function Keywords() {
  const kept = useView({ ask: "keywords" })?.words;
  return kept === undefined ? null : <Form key={kept.join()} kept={kept.join(", ")} />;
}

function Form({ kept }: { kept: string }) {
  const give = useGive();
  const [text, write] = useState(kept);
  const save = useTask(async () => {
    await give({ do: "set_keywords", words: text.split(",") });
  });
  return (
    <form className="form" onSubmit={submit(() => void save.run())}>
      <Field label={words.keywords} hint={words.keywordsHint} value={text} onChange={write} autoComplete="off" />
      <RefusalNote refusal={save.refusal} />
      <div className="form-actions">
        <Button type="submit" isDisabled={text === kept} isPending={save.busy}>
          {words.keywordsSave}
        </Button>
      </div>
    </form>
  );
}
