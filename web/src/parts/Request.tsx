/** A conversation that one of the two began and the other has not taken up. */
import { useLocation } from "wouter";
import { path } from "../paths";
import { useGive, useTask } from "../state/engine";
import { Button } from "../ui/Button";
import { Note, RefusalNote } from "../ui/Note";
import { conversations as words, deletion } from "../words";
import type { ChannelView } from "../wire";

export function Incoming({ view, peer }: { view: ChannelView; peer: string }) {
  const give = useGive();
  const [, go] = useLocation();
  const accept = useTask(async () => {
    await give({ do: "answer_request", channel: view.id, answer: "accept" });
  });
  const decline = useTask(async (how: "decline" | "block") => {
    await give({ do: "answer_request", channel: view.id, answer: "decline" });
    if (how === "block") await give({ do: "relate", user: peer, relation: "blocked" });
    go(path.conversations());
  });
  return (
    <section className="request" aria-label={words.requestLabel(view.name)}>
      <p dir="auto">{words.incoming(view.name)}</p>
      <RefusalNote refusal={accept.refusal ?? decline.refusal} />
      <div className="govern-buttons">
        <Button look="primary" onPress={() => void accept.run()} isPending={accept.busy}>
          {words.accept}
        </Button>
        <Button onPress={() => void decline.run("decline")} isPending={decline.busy}>
          {words.decline}
        </Button>
        <Button look="danger-quiet" onPress={() => void decline.run("block")} isPending={decline.busy}>
          {words.declineBlock}
        </Button>
      </div>
    </section>
  );
}

export function Outgoing({ name }: { name: string }) {
  return (
    <Note kind="plain">
      <p dir="auto">{words.outgoing(name)}</p>
    </Note>
  );
}

/** The other one's account was deleted. */
export function Gone({ name }: { name: string }) {
  return (
    <Note kind="plain">
      <p dir="auto">{deletion.gone(name)}</p>
    </Note>
  );
}
