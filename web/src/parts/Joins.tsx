/** Who came by which invite; several of them can be banned at once. */
import { useMembers } from "../state/members";
import { useState } from "react";
import { useTask } from "../state/engine";
import { useAct, useAsked } from "../state/govern";
import { may } from "../state/permission";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { Tick } from "../ui/Tick";
import { app, govern, order, overview as words, wholeDate } from "../words";
import type { GuildView, JoinView } from "../wire";
import { submit } from "./GuildDialogs";
import { removals } from "./MemberOrder";

export function Joins({ view }: { view: GuildView }) {
  const { told, refusal, again } = useAsked(view.id, "joins", { about: "joins" });
  const [chosen, setChosen] = useState<string[]>([]);
  const [asks, setAsks] = useState(false);
  const members = useMembers(view.id) ?? [];
  const names = new Map(members.map((member) => [member.user, member.display_name]));
  const mine = new Set(members.filter((member) => member.me || member.owner).map((member) => member.user));
  const bans = may(view.my_permissions, "ban_members");
  const choose = (user: string, now: boolean) => setChosen(now ? [...chosen, user] : chosen.filter((one) => one !== user));
  const line = (one: JoinView) => [words.joined(one.code, names.get(one.invited_by ?? "") ?? "…"), wholeDate(one.at), one.here ? null : words.left].filter(Boolean).join(" · ");
  return (
    <section className="own-section">
      <h2>{words.joinsTitle}</h2>
      <RefusalNote refusal={refusal} />
      {told !== undefined && told.joins.length === 0 && <p className="quiet">{words.joinsNone}</p>}
      <ul className="govern-list">
        {told?.joins.map((one) => (
          <li key={`${one.user} ${one.at}`} className="govern-item">
            {bans && one.here && !mine.has(one.user) && <Tick label="" name={words.chooseNamed(one.display_name)} isSelected={chosen.includes(one.user)} onChange={(now) => choose(one.user, now)} />}
            <span className="govern-text">
              <strong dir="auto">{one.display_name}</strong>
              <span className="quiet">{line(one)}</span>
            </span>
          </li>
        ))}
      </ul>
      {chosen.length > 0 && (
        <div className="form-actions">
          <Button look="danger" onPress={() => setAsks(true)}>
            {order.banMany(chosen.length)}
          </Button>
        </div>
      )}
      {asks && (
        <BanMany
          guild={view.id}
          users={chosen}
          onClose={(done) => {
            setAsks(false);
            if (!done) return;
            setChosen([]);
            again();
          }}
        />
      )}
    </section>
  );
}

function BanMany({ guild, users, onClose }: { guild: string; users: string[]; onClose: (done: boolean) => void }) {
  const act = useAct(guild);
  const [reason, setReason] = useState("");
  const [removes, setRemoves] = useState("86400");
  const go = useTask(async () => {
    await act({ act: "ban_many", users, reason: reason.trim() === "" ? null : reason.trim(), for_s: 0, delete_s: Number(removes) });
    onClose(true);
  });
  return (
    <Dialog title={order.banManyTitle(users.length)} open onClose={() => onClose(false)} firm>
      <p>{order.banLead}</p>
      <form className="form" onSubmit={submit(() => void go.run())}>
        <Choice label={order.banRemoves} value={removes} onChange={setRemoves} options={removals} />
        <Field label={govern.reason} hint={govern.reasonHint} value={reason} onChange={setReason} maxLength={512} autoComplete="off" />
        <RefusalNote refusal={go.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={() => onClose(false)}>
            {app.cancel}
          </Button>
          <Button type="submit" look="danger" isPending={go.busy}>
            {order.banMany(users.length)}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
