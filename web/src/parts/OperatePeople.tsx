/** Everybody with an account, and what an operator can do for one. */
import { useDeferredValue, useState } from "react";
import { useLocation } from "wouter";
import { path } from "../paths";
import { useTask } from "../state/engine";
import { useOperate, useOperated } from "../state/operate";
import { useNow } from "../state/page";
import { Avatar } from "../ui/Arch";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { Note, RefusalNote, Skeleton } from "../ui/Note";
import { Select } from "../ui/Select";
import { agoInSentence, app, operate, operatePeople as words, peopleStates, timeOfDay, wholeDate } from "../words";
import type { Deed, MeView, PeopleState, PersonSeenView } from "../wire";
import { useProved } from "./Proof";

const states = (Object.keys(peopleStates) as PeopleState[]).map((value) => ({ value, label: peopleStates[value] }));

export function OperatePeople({ me }: { me: MeView }) {
  const [typed, setTyped] = useState("");
  const [state, setState] = useState<PeopleState>("everybody");
  const [after, setAfter] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const wanted = useDeferredValue(typed.trim());
  const { told, refusal, again } = useOperated("everybody", { act: "everybody", with: wanted, state, after });
  const person = told?.people.find((one) => one.user === chosen);
  const next = told?.next ?? null;
  return (
    <section className="own-section" aria-label={operate.people}>
      <p className="quiet">{words.lead}</p>
      <div className="govern-row">
        <Field
          label={words.with}
          value={typed}
          onChange={(text) => {
            setTyped(text);
            setAfter(null);
          }}
          type="search"
          maxLength={48}
          autoComplete="off"
          spellCheck="false"
        />
        <Select
          label={words.state}
          value={state}
          options={states}
          onChange={(one) => {
            setState(one);
            setAfter(null);
          }}
        />
      </div>
      <RefusalNote refusal={refusal} />
      {told === undefined && refusal === null && <Skeleton lines={6} label={app.loading} />}
      <p role="status">{told?.people.length === 0 && next === null ? words.none : ""}</p>
      <ul className="govern-list">
        {told?.people.map((one) => (
          <PersonRow key={one.user} one={one} onOpen={() => setChosen(one.user)} />
        ))}
      </ul>
      <div className="govern-buttons">
        {after !== null && (
          <Button look="quiet" onPress={() => setAfter(null)}>
            {operate.backToStart}
          </Button>
        )}
        {next !== null && (
          <Button look="quiet" onPress={() => setAfter(next)}>
            {operate.more}
          </Button>
        )}
      </div>
      {person !== undefined && <PersonDialog key={person.user} one={person} own={person.user === me.user} onChanged={again} onClose={() => setChosen(null)} />}
    </section>
  );
}

function facts(one: PersonSeenView, now: number): string[] {
  const all = [
    `@${one.username}`,
    one.operator ? words.operator : null,
    one.disabled_at === null ? null : words.disabled(wholeDate(one.disabled_at)),
    one.deletion_at === null ? null : words.deletion(wholeDate(one.deletion_at)),
    one.locked_until === null ? null : words.locked(timeOfDay(one.locked_until)),
    one.last_seen_at === null ? words.neverHere : words.lastSeen(agoInSentence(one.last_seen_at, now)),
  ];
  return all.filter((fact) => fact !== null);
}

function PersonRow({ one, onOpen }: { one: PersonSeenView; onOpen: () => void }) {
  const now = useNow(60_000);
  return (
    <li className="govern-item">
      <Avatar id={one.user} name={one.display_name} size="small" />
      <span className="govern-text">
        <strong>
          <bdi>{one.display_name}</bdi>
        </strong>
        <span className="quiet">{facts(one, now).join(" · ")}</span>
      </span>
      <Button small onPress={onOpen} aria-label={words.lookAfterNamed(one.display_name)}>
        {words.lookAfter}
      </Button>
    </li>
  );
}

type Sure = keyof typeof words.sure;

function PersonDialog({ one, own, onChanged, onClose }: { one: PersonSeenView; own: boolean; onChanged: () => void; onClose: () => void }) {
  const now = useNow(60_000);
  const ask = useOperate();
  const proved = useProved();
  const [, go] = useLocation();
  const [asked, setAsked] = useState<Sure | null>(null);
  const [done, setDone] = useState<Deed | null>(null);
  const [link, setLink] = useState<string | null>(null);
  const act = useTask(async (deed: Deed) => {
    await proved(() => ask({ act: "look_after", user: one.user, deed }));
    setAsked(null);
    setDone(deed);
    onChanged();
  });
  const reset = useTask(async () => {
    const reply = await proved(() => ask({ act: "reset_link", user: one.user }));
    if (reply.reply === "reset_link") setLink(reply.url);
  });
  const lines = [words.since(wholeDate(one.created_at)), ...facts(one, now).slice(1), words.signIns(one.sign_ins), one.second_factor_at === null ? words.noFactor : words.factor, one.mail ? words.mail : words.noMail];
  return (
    <Dialog title={one.display_name} open onClose={onClose}>
      <p className="quiet">
        <bdi>{`@${one.username}`}</bdi>
      </p>
      <ul className="operate-facts">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <div role="status">{done !== null && <Note kind="accent">{words.done[done]}</Note>}</div>
      {link !== null && (
        <Note kind="plain">
          <p>{words.resetLinkLead}</p>
          <code className="operate-link" dir="ltr">
            {link}
          </code>
          <CopyButton text={link} label={words.copyLink} small />
        </Note>
      )}
      <RefusalNote refusal={act.refusal ?? reset.refusal} />
      {own ? (
        <p>{words.own}</p>
      ) : asked !== null ? (
        <div role="alert">
          <p>{words.sure[asked]}</p>
          <div className="form-actions">
            <Button look="quiet" onPress={() => setAsked(null)}>
              {app.cancel}
            </Button>
            <Button look="danger" autoFocus onPress={() => void act.run(asked)} isPending={act.busy}>
              {words.deed[asked]}
            </Button>
          </div>
        </div>
      ) : (
        <div className="operate-deeds">
          <Button onPress={() => void reset.run()} isPending={reset.busy}>
            {words.resetLink}
          </Button>
          {one.locked_until !== null && (
            <Button onPress={() => void act.run("unlock")} isPending={act.busy}>
              {words.deed.unlock}
            </Button>
          )}
          {one.sign_ins > 0 && <Button onPress={() => setAsked("end_sessions")}>{words.deed.end_sessions}</Button>}
          {one.second_factor_at !== null && (
            <Button look="danger-quiet" onPress={() => setAsked("remove_factors")}>
              {words.deed.remove_factors}
            </Button>
          )}
          {one.deletion_at === null ? (
            <Button look="danger-quiet" onPress={() => setAsked("delete")}>
              {words.deed.delete}
            </Button>
          ) : (
            <Button onPress={() => void act.run("keep")} isPending={act.busy}>
              {words.deed.keep}
            </Button>
          )}
          {one.disabled_at === null ? (
            <Button look="danger-quiet" onPress={() => setAsked("disable")}>
              {words.deed.disable}
            </Button>
          ) : (
            <Button onPress={() => void act.run("enable")} isPending={act.busy}>
              {words.deed.enable}
            </Button>
          )}
        </div>
      )}
      <Button look="quiet" small onPress={() => go(`${path.operate("activity")}#${one.username}`)}>
        {words.activity}
      </Button>
    </Dialog>
  );
}
