/** For how long messages are kept: the choice for a channel and for a server. */
import { useState } from "react";
import { useTask } from "../state/engine";
import { useAct } from "../state/govern";
import { Button } from "../ui/Button";
import { Note, RefusalNote } from "../ui/Note";
import { Select } from "../ui/Select";
import { app, structure as words } from "../words";

const usual = [1, 7, 30, 90, 365, 1825];

export function RetentionChoice({ guild, channel, days }: { guild: string; channel: string | null; days: number | null }) {
  const act = useAct(guild);
  const [wanted, want] = useState<number | null | undefined>(undefined);
  const save = useTask(async (chosen: number | null) => {
    await act({ act: "set_retention", channel, days: chosen });
    want(undefined);
  });
  const now = wanted === undefined ? days : wanted;
  const all = now === null || usual.includes(now) ? usual : [...usual, now].toSorted((a, b) => a - b);
  const changed = wanted !== undefined && wanted !== days;
  return (
    <>
      <Select label={words.keep} value={now === null ? "" : String(now)} onChange={(value) => want(value === "" ? null : Number(value))} options={[{ value: "", label: channel === null ? words.keepEver : words.keepAs }, ...all.map((one) => ({ value: String(one), label: words.keepDays(one) }))]} />
      <p className="field-hint">{words.keepHint}</p>
      {changed && (
        <div role="alert">
          {wanted !== null && <Note kind="amber">{words.keepSure(wanted)}</Note>}
          <div className="form-actions">
            <Button look="quiet" onPress={() => want(undefined)}>
              {app.cancel}
            </Button>
            <Button look={wanted === null ? "plain" : "danger"} onPress={() => void save.run(wanted)} isPending={save.busy}>
              {words.keepSave}
            </Button>
          </div>
        </div>
      )}
      <RefusalNote refusal={save.refusal} />
    </>
  );
}
