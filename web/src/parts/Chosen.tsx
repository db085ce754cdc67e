/** What is done with the messages that were chosen together. */
import { Trash2, X } from "lucide-react";
import { Button } from "../ui/Button";
import { talk } from "../words";
import { useDialogs } from "./open";
import { chosenMost, useChosen, useTalking } from "./talking";

export function Chosen() {
  const chosen = useChosen();
  const { choose } = useTalking();
  const open = useDialogs();
  if (chosen === null) return null;
  return (
    <section className="chosen" aria-label={talk.chosenLabel}>
      <span aria-live="polite">{chosen.size >= chosenMost ? talk.chosenMost(chosen.size) : talk.chosen(chosen.size)}</span>
      <Button small icon={X} look="quiet" onPress={() => choose(null)}>
        {talk.chosenEnd}
      </Button>
      <Button small icon={Trash2} look="danger" isDisabled={chosen.size === 0} onPress={() => open({ dialog: "delete-messages", messages: [...chosen], author: talk.chosenAuthors, done: () => choose(null) })}>
        {talk.chosenDelete(chosen.size)}
      </Button>
    </section>
  );
}
