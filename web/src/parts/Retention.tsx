/** For how long messages are kept: the choice for a channel and for a server. */
import { useTask } from "../state/engine";
import { useAct } from "../state/govern";
import { RefusalNote } from "../ui/Note";
import { Select } from "../ui/Select";
import { structure as words } from "../words";

const usual = [1, 7, 30, 90, 365, 1825];

export function RetentionChoice({ guild, channel, days }: { guild: string; channel: string | null; days: number | null }) {
  const act = useAct(guild);
  const save = useTask(async (value: string) => {
    await act({ act: "set_retention", channel, days: value === "" ? null : Number(value) });
  });
  const all = days === null || usual.includes(days) ? usual : [...usual, days].toSorted((a, b) => a - b);
  return (
    <>
      <Select label={words.keep} value={days === null ? "" : String(days)} onChange={(value) => void save.run(value)} options={[{ value: "", label: channel === null ? words.keepEver : words.keepAs }, ...all.map((one) => ({ value: String(one), label: words.keepDays(one) }))]} />
      <p className="field-hint">{words.keepHint}</p>
      <RefusalNote refusal={save.refusal} />
    </>
  );
}
