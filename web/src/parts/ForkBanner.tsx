/** Above the composer: the server was caught with two histories of this channel. */
import { useGive, useTask } from "../state/engine";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { RefusalNote } from "../ui/Note";
import { SealMark } from "../ui/Seal";
import { fork as words, wholeTime } from "../words";
import type { ForkView } from "../wire";
import "./trust.css";

export function ForkBanner({ channel, fork }: { channel: string; fork: ForkView }) {
  const give = useGive();
  const accept = useTask(async () => {
    await give({ do: "accept_fork", channel });
  });
  return (
    <div className="trust-banner" data-region>
    <div className="fork-banner" role="alert">
      <p className="fork-title">
        <SealMark kind="attention" />
        {words.title}
      </p>
      <p>{fork.sentence}</p>
      <p className="quiet">{words.what(wholeTime(fork.at))}</p>
      <RefusalNote refusal={accept.refusal} />
      <div className="form-actions fork-actions">
        <CopyButton text={fork.proof} label={words.copy} small />
        <Button small onPress={() => void accept.run()} isPending={accept.busy}>
          {words.goOn}
        </Button>
      </div>
    </div>
    </div>
  );
}
