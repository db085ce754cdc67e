/** Who wants to join a server, and what they are asked. */
import { Plus, X } from "lucide-react";
import { useMemo, useState } from "react";
import { useTask, useTopic } from "../state/engine";
import { useAct, useAsked } from "../state/govern";
import { useThese } from "../state/members";
import { may } from "../state/permission";
import { Avatar } from "../ui/Arch";
import { Button, IconButton } from "../ui/Button";
import { Field } from "../ui/Field";
import { RefusalNote, Skeleton } from "../ui/Note";
import { app, applications as words, audit, wholeTime } from "../words";
import type { Application, GuildView } from "../wire";
import { submit } from "./GuildDialogs";
import { ReasonForm } from "./ReasonForm";

const most = 5;

export function Applications({ view }: { view: GuildView }) {
  return (
    <>
      {may(view.my_permissions, "vouch_members") && <Queue view={view} />}
      {may(view.my_permissions, "manage_guild") && <Questions key={view.questions.join("\n")} view={view} />}
    </>
  );
}

function Questions({ view }: { view: GuildView }) {
  const act = useAct(view.id);
  const [asked, setAsked] = useState(view.questions);
  const save = useTask(async () => {
    await act({ act: "set_questions", questions: asked.map((one) => one.trim()).filter((one) => one !== "") });
  });
  const change = (at: number, text: string) => setAsked(asked.map((one, index) => (index === at ? text : one)));
  return (
    <section className="own-section">
      <h2>{words.questionsTitle}</h2>
      <p className="quiet">{words.questionsLead}</p>
      <form className="form" onSubmit={submit(() => void save.run())}>
        {asked.map((one, at) => (
          // oxlint-disable-next-line no-array-index-key -- questions have no name but their place
          <div key={at} className="govern-row">
            <Field label={words.question(at + 1)} value={one} onChange={(text) => change(at, text)} maxLength={300} autoComplete="off" />
            <IconButton icon={X} label={words.take(at + 1)} onPress={() => setAsked(asked.filter((_, index) => index !== at))} />
          </div>
        ))}
        <RefusalNote refusal={save.refusal} />
        <div className="form-actions">
          {asked.length < most && (
            <Button icon={Plus} onPress={() => setAsked([...asked, ""])}>
              {words.add}
            </Button>
          )}
          <Button type="submit" look="primary" isDisabled={asked.join("\n") === view.questions.join("\n")} isPending={save.busy}>
            {words.save}
          </Button>
        </div>
      </form>
    </section>
  );
}

function Queue({ view }: { view: GuildView }) {
  const [after, setAfter] = useState<string | null>(null);
  const { told, refusal, again } = useAsked(view.id, "applications", { about: "applications", after });
  useTopic("applications", again);
  const act = useAct(view.id);
  const approve = useTask(async (user: string) => {
    await act({ act: "approve", user });
    again();
  });
  const [declines, setDeclines] = useState<Application | null>(null);
  const inviters = useMemo(() => (told?.applications ?? []).flatMap((one) => one.invited_by ?? []), [told]);
  const names = new Map(useThese(view.id, inviters).map((member) => [member.user, member.display_name]));
  const last = told?.applications.at(-1);
  return (
    <section className="own-section">
      <h2>{words.waitingTitle}</h2>
      <p className="quiet">
        {words.approveLead} {words.seen}
      </p>
      <RefusalNote refusal={refusal ?? approve.refusal} />
      {told === undefined && refusal === null && <Skeleton lines={4} label={app.loading} />}
      {told?.applications.length === 0 && <p>{words.none}</p>}
      <ul className="govern-list">
        {told?.applications.map((one) => (
          <li key={one.user} className="govern-item application">
            <Avatar id={one.user} name={one.display_name} size="small" />
            <span className="govern-text">
              <strong dir="auto">{one.display_name}</strong>
              <span className="quiet" dir="auto">
                {[`@${one.username}`, words.by(one.code, names.get(one.invited_by ?? "") ?? "…"), wholeTime(one.at)].join(" · ")}
              </span>
              <dl className="application-answers">
                {one.answers.map((answer) => (
                  <div key={answer.question}>
                    <dt dir="auto">{answer.question}</dt>
                    <dd dir="auto">{answer.answer}</dd>
                  </div>
                ))}
              </dl>
              <span className="form-actions">
                <Button small look="danger-quiet" onPress={() => setDeclines(one)} aria-label={words.declineNamed(one.display_name)}>
                  {words.decline}
                </Button>
                <Button small look="primary" onPress={() => void approve.run(one.user)} isPending={approve.busy} aria-label={words.approveNamed(one.display_name)}>
                  {words.approve}
                </Button>
              </span>
            </span>
          </li>
        ))}
      </ul>
      {told?.end === false && last !== undefined && (
        <Button look="quiet" onPress={() => setAfter(last.user)}>
          {audit.more}
        </Button>
      )}
      {declines !== null && (
        <Decline
          guild={view.id}
          of={declines}
          onClose={() => {
            setDeclines(null);
            again();
          }}
        />
      )}
    </section>
  );
}

function Decline({ guild, of, onClose }: { guild: string; of: Application; onClose: () => void }) {
  const act = useAct(guild);
  return (
    <ReasonForm
      title={words.declineTitle(of.display_name)}
      reason={{ label: words.reason, hint: words.reasonHint }}
      verb={words.decline}
      go={(reason) => act({ act: "decline", user: of.user, reason })}
      onClose={onClose}
    />
  );
}
