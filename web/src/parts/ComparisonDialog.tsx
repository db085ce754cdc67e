/** A comparison that is under way, wherever one is: somebody asks, pictures to compare, the end. */
import { useGive, useTask, useView } from "../state/engine";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { RefusalNote } from "../ui/Note";
import { trust as words } from "../words";
import type { ComparisonView, EmojiView } from "../wire";
import "./trust.css";

/** Over the page of somebody who is signed in. */
export function ComparisonDialog() {
  const one = useComparison();
  const end = useEnd(one);
  if (one === undefined) return null;
  return (
    <Dialog title={titleOf(one)} open onClose={end} firm>
      <Comparison key={one.id} one={one} onEnd={end} />
    </Dialog>
  );
}

/** On the page of a device that waits. */
export function ComparisonHere() {
  const one = useComparison();
  const end = useEnd(one);
  if (one === undefined) return null;
  return (
    <section className="comparison-here" aria-label={titleOf(one)}>
      <h2>{titleOf(one)}</h2>
      <Comparison key={one.id} one={one} onEnd={end} />
    </section>
  );
}

function useComparison(): ComparisonView | undefined {
  const all = useView({ ask: "comparisons" })?.comparisons ?? [];
  // What waits for this person comes first.
  return all.find((one) => ["compare", "incoming", "code_read"].includes(one.stage.stage)) ?? all.find((one) => !["done", "ended"].includes(one.stage.stage)) ?? all[0];
}

function useEnd(one: ComparisonView | undefined) {
  const give = useGive();
  return () => {
    if (one !== undefined) void give({ do: "end_comparison", id: one.id }).catch(() => undefined);
  };
}

function titleOf(one: ComparisonView): string {
  switch (one.stage.stage) {
    case "incoming":
      return words.incomingTitle(one.name);
    case "compare":
      return words.compareTitle;
    case "code_read":
      return words.codeReadTitle(one.name);
    case "done":
      return words.doneTitle;
    case "ended":
      return words.endedTitle;
    default:
      return one.own_device ? words.dialogDevice : words.dialogTitle(one.name);
  }
}

function Comparison({ one, onEnd }: { one: ComparisonView; onEnd: () => void }) {
  const give = useGive();
  const accept = useTask(async () => {
    await give({ do: "accept_comparison", id: one.id });
  });
  const judge = useTask(async (same: boolean) => {
    await give({ do: "judge_comparison", id: one.id, same });
  });
  const { name, own_device: own, stage } = one;
  const refusal = <RefusalNote refusal={accept.refusal ?? judge.refusal} />;
  switch (stage.stage) {
    case "incoming":
      return (
        <>
          <p dir="auto">{words.incomingLead}</p>
          {refusal}
          <div className="form-actions">
            <Button look="quiet" onPress={onEnd}>
              {words.incomingRefuse}
            </Button>
            <Button look="primary" onPress={() => void accept.run()} isPending={accept.busy}>
              {words.incomingAccept}
            </Button>
          </div>
        </>
      );
    case "compare":
      return (
        <>
          <p dir="auto">{own ? words.compareDeviceLead : words.compareLead(name)}</p>
          <EmojiRow emoji={stage.emoji} />
          {refusal}
          <div className="form-actions">
            <Button look="danger-quiet" onPress={() => void judge.run(false)}>
              {words.different}
            </Button>
            <Button look="primary" onPress={() => void judge.run(true)} isPending={judge.busy}>
              {words.same}
            </Button>
          </div>
        </>
      );
    case "code_read":
      return (
        <>
          <p dir="auto">{words.codeReadLead(name)}</p>
          {refusal}
          <div className="form-actions">
            <Button look="danger-quiet" onPress={() => void judge.run(false)}>
              {words.codeReadNo}
            </Button>
            <Button look="primary" onPress={() => void judge.run(true)} isPending={judge.busy}>
              {words.codeReadYes}
            </Button>
          </div>
        </>
      );
    case "confirmed":
      return (
        <>
          <EmojiRow emoji={stage.emoji} />
          <Waiting sentence={own ? words.confirmedDevice : words.confirmed(name)} onEnd={onEnd} />
        </>
      );
    case "asked":
      return <Waiting sentence={own ? words.askedDevice : words.asked(name)} onEnd={onEnd} />;
    case "preparing":
      return <Waiting sentence={words.preparing} onEnd={onEnd} />;
    case "done":
    case "ended":
      return (
        <>
          <p dir="auto" role="status">
            {stage.stage === "ended" ? words.ended[stage.why] : own ? words.doneDevice : words.done(name)}
          </p>
          <div className="form-actions">
            <Button look="primary" onPress={onEnd} autoFocus>
              {words.close}
            </Button>
          </div>
        </>
      );
  }
}

function Waiting({ sentence, onEnd }: { sentence: string; onEnd: () => void }) {
  return (
    <>
      <p dir="auto" role="status">
        {sentence}
      </p>
      <div className="form-actions">
        <Button look="quiet" onPress={onEnd}>
          {words.stop}
        </Button>
      </div>
    </>
  );
}

function EmojiRow({ emoji }: { emoji: EmojiView[] }) {
  return (
    <ol className="emoji-row" aria-label={words.emojiLabel}>
      {emoji.map((one, index) => (
        <li key={index}>
          <span aria-hidden>{one.symbol}</span>
          {one.name}
        </li>
      ))}
    </ol>
  );
}
