/** Making a poll. */
import { Plus, X } from "lucide-react";
import { useState } from "react";
import { useGive, useTask } from "../state/engine";
import { Button, IconButton } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { app, poll as words, switchWords } from "../words";
import { submit } from "./GuildDialogs";

const mostOptions = 12;
const hour_s = 3_600;
const lasts = [
  { value: String(hour_s), label: words.hour },
  { value: String(24 * hour_s), label: words.day },
  { value: String(7 * 24 * hour_s), label: words.week },
  { value: "0", label: words.never },
] as const;

export function PollDialog({ channel, onClose }: { channel: string; onClose: () => void }) {
  const give = useGive();
  const [question, setQuestion] = useState("");
  const [options, setOptions] = useState(["", ""]);
  const [many, setMany] = useState<"yes" | "no">("no");
  const [last, setLast] = useState<(typeof lasts)[number]["value"]>("0");
  const given = options.map((one) => one.trim()).filter((one) => one !== "");
  const make = useTask(async () => {
    await give({ do: "poll", channel, question: question.trim(), options: given, many: many === "yes", ends_in_s: Number(last) });
    onClose();
  });
  return (
    <Dialog title={words.title} open onClose={onClose}>
      <form className="form" onSubmit={submit(() => void make.run())}>
        <Field label={words.question} value={question} onChange={setQuestion} maxLength={300} isRequired autoFocus autoComplete="off" />
        {options.map((option, index) => (
          // oxlint-disable-next-line no-array-index-key -- fields keep their places
          <div key={index} className="poll-field">
            <Field label={words.optionNumber(index + 1)} value={option} onChange={(text) => setOptions((all) => all.map((one, at) => (at === index ? text : one)))} maxLength={120} autoComplete="off" />
            {options.length > 2 && <IconButton icon={X} size={16} label={words.dropOption(index + 1)} onPress={() => setOptions((all) => all.filter((_, at) => at !== index))} />}
          </div>
        ))}
        {options.length < mostOptions && (
          <Button small icon={Plus} onPress={() => setOptions((all) => [...all, ""])}>
            {words.addOption}
          </Button>
        )}
        <Choice
          label={words.several}
          value={many}
          onChange={setMany}
          options={[
            { value: "no", label: switchWords.no },
            { value: "yes", label: switchWords.yes },
          ]}
        />
        <Choice label={words.lasts} value={last} onChange={setLast} options={lasts} />
        <RefusalNote refusal={make.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={onClose}>
            {app.cancel}
          </Button>
          <Button type="submit" look="primary" isDisabled={question.trim() === "" || given.length < 2} isPending={make.busy}>
            {words.make}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
