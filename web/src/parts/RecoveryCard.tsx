/** The recovery key: shown when asked, copied, printed, kept. */
import { Check, Eye, EyeOff, Printer } from "lucide-react";
import { useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { useGive, useTask } from "../state/engine";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { RefusalNote } from "../ui/Note";
import { recovery as words } from "../words";
import type { MeView } from "../wire";
import "./recovery.css";

/** The groups of a key however it is written. */
export function groupsOf(key: string): string[] {
  return key.split(/[\s-]+/).filter((group) => group !== "");
}

export function RecoveryCard({ recoveryKey, me, offered }: { recoveryKey: string; me: MeView; offered: boolean }) {
  const give = useGive();
  const [shown, show] = useState(!offered);
  const [printing, print] = useState(false);
  const keep = useTask(async () => {
    await give({ do: "recovery_kept" });
  });
  const later = useTask(async () => {
    await give({ do: "recovery_later" });
  });
  return (
    <section className={offered ? "recovery recovery-offered" : "recovery"} aria-label={offered ? words.offerTitle : words.title}>
      <h2 className="recovery-title serif">{offered ? words.offerTitle : words.title}</h2>
      <p className="recovery-lead">{words.lead}</p>
      {shown && (
        <>
          <SecretGroups secret={recoveryKey} label={words.keyLabel} />
          <p className="recovery-how">{words.how}</p>
        </>
      )}
      <RefusalNote refusal={keep.refusal ?? later.refusal} />
      <div className="recovery-actions">
        <Button icon={shown ? EyeOff : Eye} look={shown ? "quiet" : "primary"} onPress={() => show(!shown)}>
          {shown ? words.hide : words.show}
        </Button>
        {shown && (
          <>
            <CopyButton text={recoveryKey} label={words.copy} />
            <Button icon={Printer} onPress={() => print(true)}>
              {words.print}
            </Button>
            <Button icon={Check} look="primary" onPress={() => void keep.run()} isPending={keep.busy}>
              {words.kept}
            </Button>
          </>
        )}
        {offered && (
          <Button look="quiet" onPress={() => void later.run()} isPending={later.busy}>
            {words.later}
          </Button>
        )}
      </div>
      {printing && <PrintedKey recoveryKey={recoveryKey} name={me.username} onDone={() => print(false)} />}
    </section>
  );
}

/** A secret in parts that can be read out and written down. */
export function SecretGroups({ secret, label }: { secret: string; label: string }) {
  return (
    <ol className="recovery-key" aria-label={label} dir="ltr">
      {groupsOf(secret).map((group, index) => (
        // oxlint-disable-next-line no-array-index-key -- two groups may be equal
        <li key={index}>{group}</li>
      ))}
    </ol>
  );
}

/** One sheet of paper with nothing else on it. */
function PrintedKey({ recoveryKey, name, onDone }: { recoveryKey: string; name: string; onDone: () => void }) {
  useEffect(() => {
    document.body.classList.add("prints-sheet");
    addEventListener("afterprint", onDone);
    window.print();
    return () => {
      document.body.classList.remove("prints-sheet");
      removeEventListener("afterprint", onDone);
    };
  }, [onDone]);
  return createPortal(
    <div className="print-only">
      <h1>{words.printTitle(name)}</h1>
      <pre>{groupsOf(recoveryKey).join("  ")}</pre>
      <p>{words.printNote}</p>
    </div>,
    document.body,
  );
}
