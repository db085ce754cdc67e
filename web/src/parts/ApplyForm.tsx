/** What a server asks whoever wants to join, and how one's application stands. */
import { useCallback, useEffect, useState } from "react";
import { Label, TextArea, TextField } from "react-aria-components";
import { useGive, useTask, useTopic } from "../state/engine";
import { useNow } from "../state/page";
import { Button } from "../ui/Button";
import { Note, RefusalNote, Skeleton } from "../ui/Note";
import { app, applications as words, wholeTime } from "../words";
import type { InvitePreview, OwnApplication } from "../wire";
import { submit } from "./GuildDialogs";

const again_ms = 24 * 3_600_000;

export function ApplyForm({ link, preview }: { link: string; preview: InvitePreview }) {
  const give = useGive();
  const now = useNow(60_000);
  const [own, setOwn] = useState<OwnApplication | null | undefined>(undefined);
  const [answers, setAnswers] = useState<string[]>(preview.questions.map(() => ""));
  const look = useTask(async () => {
    const reply = await give({ do: "applications" });
    if (reply.outcome === "told" && reply.on === "own_applications") setOwn(reply.applications.find((one) => one.guild === preview.guild) ?? null);
  });
  const { run } = look;
  useEffect(() => void run(), [run]);
  useTopic("applications", useCallback(() => void run(), [run]));
  const send = useTask(async () => {
    await give({ do: "apply", invite: link, answers: answers.map((one) => one.trim()) });
    await run();
  });
  const withdraw = useTask(async () => {
    if (preview.guild !== null) await give({ do: "withdraw", guild: preview.guild });
    await run();
  });
  if (own === undefined) return look.refusal === null ? <Skeleton lines={4} label={app.loading} /> : <RefusalNote refusal={look.refusal} />;
  if (own !== null && own.declined_at === null)
    return (
      <div className="form" aria-live="polite">
        <Note kind="accent">{words.waits}</Note>
        <p className="quiet">{words.waitsNext}</p>
        <RefusalNote refusal={withdraw.refusal} />
        <Button look="quiet" onPress={() => void withdraw.run()} isPending={withdraw.busy}>
          {words.withdraw}
        </Button>
      </div>
    );
  const until = own?.declined_at == null ? 0 : own.declined_at + again_ms;
  return (
    <>
      {own !== null && <Note kind="amber">{own.reason === null ? words.declined : words.declinedBecause(own.reason)}</Note>}
      {until > now ? (
        <p className="quiet">{words.again(wholeTime(until))}</p>
      ) : (
        <form className="form" onSubmit={submit(() => void send.run())}>
          <p className="quiet">{words.formLead}</p>
          {preview.questions.map((question, at) => (
            <TextField key={question} value={answers[at] ?? ""} onChange={(text) => setAnswers(answers.map((one, index) => (index === at ? text : one)))} maxLength={1_000} isRequired className="field">
              <Label className="field-label" dir="auto">
                {question}
              </Label>
              <TextArea className="input rules-input" rows={3} dir="auto" />
            </TextField>
          ))}
          <p className="field-hint">{words.formSeen}</p>
          <RefusalNote refusal={send.refusal} />
          <Button type="submit" look="primary" wide isDisabled={answers.some((one) => one.trim() === "")} isPending={send.busy}>
            {words.send}
          </Button>
        </form>
      )}
    </>
  );
}
