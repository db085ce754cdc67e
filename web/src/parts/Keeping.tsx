/** Whether this person keeps somebody as a friend, or away. */
import { useTask } from "../state/engine";
import { useRelations } from "../state/relation";
import { Choice } from "../ui/Choice";
import { RefusalNote } from "../ui/Note";
import { people as words, relations } from "../words";
import type { Relation } from "../wire";

export function Keeping({ user, name }: { user: string; name: string }) {
  const { kept, refusal, relate } = useRelations();
  const task = useTask((relation: Relation) => relate(user, relation));
  const now = kept?.relations.find((one) => one.user === user)?.relation ?? "none";
  return (
    <>
      {kept !== undefined && (
        <Choice
          label={words.lead(name)}
          value={now}
          options={[
            { value: "none", label: relations.none },
            { value: "friend", label: words.friend },
            { value: "muted", label: words.mute },
            { value: "blocked", label: words.block },
          ]}
          onChange={(relation) => void task.run(relation)}
        />
      )}
      {now === "muted" && <p className="quiet">{words.muteHint}</p>}
      {now === "blocked" && <p className="quiet">{words.blockHint}</p>}
      <RefusalNote refusal={refusal ?? task.refusal} />
    </>
  );
}
