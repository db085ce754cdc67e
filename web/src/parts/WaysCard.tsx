/** The ways back into the account without any device: recovery key and passkeys. */
import { Fingerprint, KeyRound, Trash2 } from "lucide-react";
import { useState } from "react";
import { useGive, useTask, useView } from "../state/engine";
import { makePasskey, PasskeyError, passkeysPossible } from "../state/passkey";
import { deviceName } from "../state/page";
import { Button, IconButton } from "../ui/Button";
import { Note, RefusalNote } from "../ui/Note";
import { ways as words, wholeDate } from "../words";
import type { MeView } from "../wire";
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
  if (ways === undefined) return null;
  return (
    <section className="backup" aria-labelledby="ways-title">
      <h2 id="ways-title" className="backup-title serif">
        {words.title}
      </h2>
      <p className="backup-lead">{words.lead}</p>
      <ul className="ways">
        {ways.map((way) => (
          <li key={way.id} className="way">
            {way.kind === "passkey" ? <Fingerprint size={20} strokeWidth={1.75} aria-hidden /> : <KeyRound size={20} strokeWidth={1.75} aria-hidden />}
            <span className="way-name">
              <strong dir="auto">{way.kind === "passkey" ? words.passkey(way.name) : words.recoveryKey}</strong>
              <span className="quiet">{words.since(wholeDate(way.added_at))}</span>
            </span>
            {way.kind === "passkey" && <IconButton icon={Trash2} label={words.remove(way.name)} onPress={() => void remove.run(way.id)} />}
          </li>
        ))}
      </ul>
      {failed !== null && (
        <Note kind="amber">
          <p role="status">{failed === "no-function" ? words.noFunction : words.givenUp}</p>
        </Note>
      )}
      <RefusalNote refusal={add.refusal ?? remove.refusal} />
      {passkeysPossible() ? (
        <div>
          <Button icon={Fingerprint} onPress={() => void add.run()} isPending={add.busy}>
            {words.add}
          </Button>
        </div>
      ) : (
        <p className="quiet">{words.notHere}</p>
      )}
    </section>
  );
}
