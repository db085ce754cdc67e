/** Make an invite link, hand it out, end it. */
import { useState } from "react";
import { useGive, useTask, useView } from "../state/engine";
import { useAct, useAsked } from "../state/govern";
import { useMembers } from "../state/members";
import { useNow } from "../state/page";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { CopyButton } from "../ui/CopyButton";
import { Dialog } from "../ui/Dialog";
import { RefusalNote } from "../ui/Note";
import { inviteDialog as words, wholeDate } from "../words";
import type { Gate, InviteView, Membership } from "../wire";
import { submit } from "./GuildDialogs";
import "./invite.css";

const day_s = 86_400;
const uses = [
  { value: "1", label: words.usesCount(1) },
  { value: "10", label: words.usesCount(10) },
  { value: "0", label: words.usesAny },
] as const;
const lasts = [
  { value: String(day_s / 24), label: words.hour },
  { value: String(day_s), label: words.day },
  { value: String(7 * day_s), label: words.week },
  { value: "0", label: words.never },
] as const;

const stays = [
  { value: "lasting", label: words.membershipLasting },
  { value: "temporary", label: words.membershipTemporary },
] as const;

export function InviteDialog({ guild, onClose }: { guild: string; onClose: () => void }) {
  const give = useGive();
  const view = useView({ ask: "guild", guild })?.guild;
  const members = useMembers(guild);
  const [count, setCount] = useState<string>("10");
  const [time, setTime] = useState<string>(String(7 * day_s));
  const [stay, setStay] = useState<Membership>("lasting");
  const [made, setMade] = useState<{ code: string; url: string } | null>(null);
  const create = useTask(async () => {
    const reply = await give({ do: "create_invite", guild, uses: Number(count), expires_in_s: Number(time), membership: stay });
    if (reply.outcome === "invite") setMade({ code: reply.code, url: reply.url });
  });
  return (
    <Dialog title={words.title(view?.name ?? "")} open onClose={onClose}>
      <p className="quiet">{words.lead}</p>
      {made === null ? (
        <form className="form" onSubmit={submit(() => void create.run())}>
          <Choice label={words.uses} value={count} options={uses} onChange={setCount} />
          <Choice label={words.expires} value={time} options={lasts} onChange={setTime} />
          <Choice label={words.membership} value={stay} options={stays} onChange={(value) => setStay(value === "temporary" ? "temporary" : "lasting")} />
          <p className="field-hint">{words.membershipHint}</p>
          <RefusalNote refusal={create.refusal} />
          <Button type="submit" look="primary" wide isPending={create.busy} autoFocus>
            {words.create}
          </Button>
        </form>
      ) : (
        <div className="form">
          <label className="field">
            <span className="field-label">{words.link}</span>
            <input className="input input-mono invite-link" readOnly value={made.url} dir="ltr" onFocus={(event) => event.target.select()} />
          </label>
          <CopyButton text={made.url} label={words.copyLink} look="primary" />
          <Button look="quiet" small onPress={() => setMade(null)}>
            {words.another}
          </Button>
        </div>
      )}
      <Existing guild={guild} except={made?.code ?? null} names={new Map(members?.map((member) => [member.user, member.display_name]))} />
    </Dialog>
  );
}

function Existing({ guild, except, names }: { guild: string; except: string | null; names: Map<string, string> }) {
  const answer = useView({ ask: "invites", guild });
  const now = useNow(60_000);
  const give = useGive();
  const { told, again } = useAsked(guild, "invites", { about: "invites" });
  const kept = new Map(told?.invites.map((one) => [one.code, one]));
  const act = useAct(guild);
  const pause = useTask(async (code: string, gate: Gate) => {
    await act({ act: "set_invite", code, gate });
    again();
  });
  const end = useTask(async (code: string) => {
    await give({ do: "end_invite", guild, code });
  });
  const live = (answer?.invites ?? []).filter((one) => one.code !== except && isLive(one, now));
  return (
    <section className="invites" aria-label={words.existing}>
      <h3>{words.existing}</h3>
      <RefusalNote refusal={end.refusal ?? pause.refusal} />
      {live.length === 0 ? (
        <p className="quiet invites-none">{words.none}</p>
      ) : (
        <ul className="invites-list">
          {live.map((one) => (
            <li key={one.code} className="invites-one">
              <div className="invites-text">
                <span className="invites-code" dir="ltr">
                  {one.code}
                </span>
                <span className="quiet">
                  {[kept.get(one.code)?.gate === "closed" ? words.paused : null, kept.get(one.code)?.membership === "temporary" ? words.guests : null, words.used(one.used, one.uses), one.expires_at === null ? words.untilEnded : words.until(wholeDate(one.expires_at)), words.by(names.get(one.created_by) ?? "…")].filter(Boolean).join(" · ")}
                </span>
                {one.url === null && <span className="quiet">{words.linkElsewhere}</span>}
              </div>
              <div className="invites-actions">
                {one.url !== null && <CopyButton text={one.url} label={words.copyLink} name={words.copyNamed(one.code)} look="quiet" small />}
                {kept.get(one.code)?.gate === "open" && (
                  <Button look="quiet" small onPress={() => void pause.run(one.code, "closed")} aria-label={words.pauseNamed(one.code)}>
                    {words.pause}
                  </Button>
                )}
                {kept.get(one.code)?.gate === "closed" && (
                  <Button small onPress={() => void pause.run(one.code, "open")} aria-label={words.resumeNamed(one.code)}>
                    {words.resume}
                  </Button>
                )}
                <Button look="danger-quiet" small onPress={() => void end.run(one.code)} aria-label={words.endNamed(one.code)}>
                  {words.end}
                </Button>
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function isLive(invite: InviteView, now: number): boolean {
  return (invite.expires_at === null || invite.expires_at > now) && (invite.uses === 0 || invite.used < invite.uses);
}
