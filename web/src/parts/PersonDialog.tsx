/** How sure this device is of somebody, and the ways to be sure. */
import { useState } from "react";
import { useGive, useTask, useView } from "../state/engine";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { Dialog } from "../ui/Dialog";
import { Note, RefusalNote, Skeleton } from "../ui/Note";
import { QrCode } from "../ui/QrCode";
import { Scanner } from "../ui/Scanner";
import { SealMark } from "../ui/Seal";
import { app, refusalSentence, trust as words, wholeDate, wholeTime } from "../words";
import type { PersonTrust } from "../wire";
import "./trust.css";

const isPersonCode = (text: string) => text.startsWith("CLOISTER:PERSON:");

export function PersonDialog({ user, name, onClose }: { user: string; name: string; onClose: () => void }) {
  const person = useView({ ask: "person", user })?.person;
  return (
    <Dialog title={words.about(name)} open onClose={onClose}>
      {person === undefined ? <Skeleton lines={6} label={app.loading} /> : person === null || person.safety_number === null ? <p dir="auto">{words.noKeys(name)}</p> : <Ways person={person} onClose={onClose} />}
    </Dialog>
  );
}

function Ways({ person, onClose }: { person: PersonTrust; onClose: () => void }) {
  const name = person.display_name;
  return (
    <>
      {person.change !== null && <KeyChange person={person} onClose={onClose} />}
      {person.verified_at !== null && person.safety === "verified" ? (
        <p className="person-verified" dir="auto">
          <SealMark kind="verified" />
          <span>{words.verifiedWhat(name, wholeDate(person.verified_at))}</span>
        </p>
      ) : (
        person.change === null && <p dir="auto">{words.lead(name)}</p>
      )}
      {person.started_over_at !== null && <Note kind="plain">{words.startedOver(wholeDate(person.started_over_at))}</Note>}
      {person.change?.change !== "contradiction" && (
        <>
          <ByEmoji person={person} onClose={onClose} />
          <ByCode person={person} />
          <ByNumber person={person} />
        </>
      )}
    </>
  );
}

function ByEmoji({ person, onClose }: { person: PersonTrust; onClose: () => void }) {
  const give = useGive();
  const start = useTask(async () => {
    await give({ do: "compare", user: person.user });
    onClose();
  });
  return (
    <section className="way">
      <h3>{words.emojiTitle}</h3>
      <p dir="auto">{words.emojiLead(person.display_name)}</p>
      <RefusalNote refusal={start.refusal} />
      <Button look={person.safety === "verified" ? "plain" : "primary"} onPress={() => void start.run()} isPending={start.busy}>
        {person.safety === "verified" ? words.again : words.emojiStart}
      </Button>
    </section>
  );
}

function ByCode({ person }: { person: PersonTrust }) {
  const give = useGive();
  const [reads, setReads] = useState(false);
  const read = useTask(async (code: string) => {
    await give({ do: "read_code", user: person.user, code });
    setReads(false);
  });
  const name = person.display_name;
  return (
    <section className="way">
      <h3>{words.codeTitle}</h3>
      <p dir="auto">{words.codeLead(name)}</p>
      {person.code !== null && (
        <>
          <QrCode text={person.code} label={words.codeLabel(name)} />
          <div className="way-row">
            <CopyButton text={person.code} label={words.codeCopy} small />
            {!reads && (
              <Button small onPress={() => setReads(true)}>
                {words.read(name)}
              </Button>
            )}
          </div>
        </>
      )}
      {reads && <Scanner accepts={isPersonCode} onRead={(code) => void read.run(code)} busy={read.busy} error={read.refusal === null ? null : refusalSentence(read.refusal)} />}
    </section>
  );
}

function ByNumber({ person }: { person: PersonTrust }) {
  const give = useGive();
  const number = person.safety_number ?? "";
  const matches = useTask(async () => {
    await give({ do: "number_matches", user: person.user, number });
  });
  return (
    <section className="way">
      <h3>{words.numberTitle}</h3>
      <p dir="auto">{words.numberLead(person.display_name)}</p>
      <output className="safety-number" aria-label={words.numberLabel} dir="ltr">
        {number.split(" ").map((group, index) => (
          <span key={index}>{group}</span>
        ))}
      </output>
      <RefusalNote refusal={matches.refusal} />
      {person.safety !== "verified" && (
        <Button onPress={() => void matches.run()} isPending={matches.busy}>
          {words.numberMatches}
        </Button>
      )}
    </section>
  );
}

/** Says what happened, what it may mean, and lets the person decide. */
export function KeyChange({ person, onClose, onVerify }: { person: PersonTrust; onClose?: () => void; onVerify?: () => void }) {
  const give = useGive();
  const [sure, setSure] = useState(false);
  const accept = useTask(async () => {
    await give({ do: "accept_keys", user: person.user });
    setSure(false);
    onClose?.();
  });
  const name = person.display_name;
  const contradiction = person.change?.change === "contradiction";
  return (
    <section className="key-change" role="alert" dir="auto">
      <h3>
        <SealMark kind="attention" />
        {contradiction ? words.contradictionTitle(name) : words.changedTitle(name)}
      </h3>
      <p>{contradiction ? words.contradictionWhat(name) : person.unverified_start && person.started_over_at !== null ? words.startedWhat(name, wholeTime(person.started_over_at)) : words.changedWhat(name)}</p>
      <p>{person.unverified_start && !contradiction ? words.startedNext(name) : words.changedNext(name)}</p>
      <RefusalNote refusal={accept.refusal} />
      {sure ? (
        <>
          <p>
            <strong>{words.acceptTitle(name)}</strong> {words.acceptLead(name)}
          </p>
          <div className="way-row">
            <Button small look="quiet" onPress={() => setSure(false)} autoFocus>
              {app.cancel}
            </Button>
            <Button small look="danger" onPress={() => void accept.run()} isPending={accept.busy}>
              {words.accept}
            </Button>
          </div>
        </>
      ) : (
        <div className="way-row">
          {onVerify !== undefined && !contradiction && (
            <Button small look="primary" onPress={onVerify}>
              {words.verifyAgain}
            </Button>
          )}
          <Button small onPress={() => setSure(true)}>
            {words.accept}
          </Button>
        </div>
      )}
    </section>
  );
}
