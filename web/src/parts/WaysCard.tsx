/** The ways back into the account without any device: recovery key, passkeys, passphrase. */
import { Check, Fingerprint, KeyRound, TextCursorInput, Trash2 } from "lucide-react";
import { useState } from "react";
import { useGive, useTask, useView } from "../state/engine";
import { makePasskey, PasskeyError, passkeysPossible } from "../state/passkey";
import { deviceName } from "../state/page";
import { Button, IconButton } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { Note, RefusalNote } from "../ui/Note";
import { passphrase, ways as words, wholeDate } from "../words";
import type { MeView, WayView } from "../wire";
import { SecretGroups } from "./RecoveryCard";
import "./backup.css";

export function WaysCard({ me }: { me: MeView }) {
  const give = useGive();
  const ways = useView({ ask: "ways" })?.ways;
  const [failed, setFailed] = useState<PasskeyError["why"] | null>(null);
  const add = useTask(async () => {
    setFailed(null);
    try {
      const { credential, secret } = await makePasskey(me.user, me.username, me.display_name);
      await give({ do: "add_passkey", credential, secret, name: deviceName(navigator.userAgent) });
    } catch (error) {
      if (!(error instanceof PasskeyError)) throw error;
      setFailed(error.why);
    }
  });
  const remove = useTask(async (id: string) => {
    await give({ do: "remove_way", id });
  });
  const [drawn, show] = useState<string | null>(null);
  const draw = useTask(async () => {
    const reply = await give({ do: "make_passphrase" });
    if (reply.outcome === "passphrase") show(reply.words);
  });
  if (ways === undefined) return null;
  const known = ways.some((way) => way.kind === "passphrase");
  return (
    <section className="backup" aria-labelledby="ways-title">
      <h2 id="ways-title" className="backup-title serif">
        {words.title}
      </h2>
      <p className="backup-lead">{words.lead}</p>
      <ul className="ways-in">
        {ways.map((way) => (
          <li key={way.id} className="way-in">
            <WayIcon kind={way.kind} />
            <span className="way-in-name">
              <strong dir="auto">{wayName(way)}</strong>
              <span className="quiet">{words.since(wholeDate(way.added_at))}</span>
            </span>
            {way.kind !== "recovery_key" && <IconButton icon={Trash2} label={way.kind === "passkey" ? words.remove(way.name) : passphrase.remove} onPress={() => void remove.run(way.id)} />}
          </li>
        ))}
      </ul>
      {failed !== null && (
        <Note kind="amber">
          <p role="status">{failed === "no-function" ? words.noFunction : words.givenUp}</p>
        </Note>
      )}
      <RefusalNote refusal={add.refusal ?? draw.refusal ?? remove.refusal} />
      {drawn !== null && (
        <div className="passphrase" role="group" aria-labelledby="passphrase-title">
          <h3 id="passphrase-title">{passphrase.title}</h3>
          <SecretGroups secret={drawn} label={passphrase.label} />
          <p className="recovery-how">{passphrase.lead}</p>
          <div className="recovery-actions">
            <CopyButton text={drawn} label={passphrase.copy} />
            <Button look="primary" icon={Check} onPress={() => show(null)}>
              {passphrase.kept}
            </Button>
          </div>
        </div>
      )}
      <div className="recovery-actions">
        {passkeysPossible() && (
          <Button icon={Fingerprint} onPress={() => void add.run()} isPending={add.busy}>
            {words.add}
          </Button>
        )}
        {drawn === null && (
          <Button icon={TextCursorInput} onPress={() => void draw.run()} isPending={draw.busy}>
            {known ? passphrase.again : passphrase.add}
          </Button>
        )}
      </div>
      {!passkeysPossible() && <p className="quiet">{words.notHere}</p>}
    </section>
  );
}

function WayIcon({ kind }: { kind: WayView["kind"] }) {
  const Icon = { recovery_key: KeyRound, passkey: Fingerprint, passphrase: TextCursorInput }[kind];
  return <Icon size={20} strokeWidth={1.75} aria-hidden />;
}

function wayName(way: WayView): string {
  if (way.kind === "passkey") return words.passkey(way.name);
  return way.kind === "passphrase" ? passphrase.name : words.recoveryKey;
}
