/** Who reads a channel, and by what right. */
import { useState } from "react";
import { useGive, useTask, useView } from "../state/engine";
import { useMembers } from "../state/members";
import { Avatar } from "../ui/Arch";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Dialog } from "../ui/Dialog";
import { RefusalNote, Skeleton } from "../ui/Note";
import { SealMark } from "../ui/Seal";
import { app, channel as words, member as memberWords, room } from "../words";
import type { ChannelView, EarlierMessages, MemberView, ReaderRight, ReaderView } from "../wire";
import { PeoplePicker } from "./PeoplePicker";
import "./picker.css";

export function AboutChannel({ channel, onClose }: { channel: string; onClose: () => void }) {
  const view = useView({ ask: "channel", channel })?.channel;
  const [editing, edit] = useState(false);
  if (view === undefined) return null;
  return (
    <Dialog title={words.readersTitle} open onClose={onClose}>
      {view === null ? (
        <p>{words.gone}</p>
      ) : editing && view.guild !== null ? (
        <EditReaders view={view} guild={view.guild} onDone={() => edit(false)} />
      ) : (
        <>
          {view.kind.kind === "private" ? (
            <>
              <p className="quiet">{words.readersLead}</p>
              <ul className="reader-list">
                {view.people.map((one) => (
                  <Reader key={one.user} one={one} />
                ))}
              </ul>
              {view.can_set_policy && (
                <Button small onPress={() => edit(true)}>
                  {words.editReaders}
                </Button>
              )}
            </>
          ) : (
            <p>{view.kind.kind === "group" ? words.groupReads : words.everybodyReads}</p>
          )}
          {view.kept_days !== null && <p className="quiet">{words.kept(view.kept_days)}</p>}
          {view.room.large && <p className="quiet">{room.large}</p>}
          {view.history !== null && <History view={view} rule={view.history} />}
        </>
      )}
    </Dialog>
  );
}

const rules = [
  { value: "shared", label: words.historyChoice.shared },
  { value: "kept", label: words.historyChoice.kept },
] as const satisfies ReadonlyArray<{ value: EarlierMessages; label: string }>;

/** Whether those who come later read what was said before; the switch for who may sign it. */
function History({ view, rule }: { view: ChannelView; rule: EarlierMessages }) {
  const give = useGive();
  const [wanted, want] = useState(rule);
  const save = useTask(async () => {
    await give({ do: "set_history", channel: view.id, rule: wanted });
  });
  return (
    <section className="about-history" aria-label={words.historyTitle}>
      {view.can_set_policy ? (
        <>
          <Choice label={words.historyTitle} value={wanted} options={rules} onChange={want} />
          <p className="quiet">{wanted === "shared" ? words.historyShared : words.historyKept}</p>
          {wanted !== rule && (
            <>
              <p className="quiet">{words.historyNote}</p>
              <RefusalNote refusal={save.refusal} />
              <div className="form-actions">
                <Button look="quiet" onPress={() => want(rule)}>
                  {app.cancel}
                </Button>
                <Button look="primary" onPress={() => void save.run()} isPending={save.busy}>
                  {words.saveReaders}
                </Button>
              </div>
            </>
          )}
        </>
      ) : (
        <>
          <h3>{words.historyTitle}</h3>
          <p className="quiet">{rule === "shared" ? words.historyShared : words.historyKept}</p>
        </>
      )}
    </section>
  );
}

function rightOf(right: ReaderRight): string {
  return { owner: words.rightOwner, role: words.rightRole, named: "" }[right];
}

function Reader({ one }: { one: ReaderView }) {
  return (
    <li className="reader">
      <Avatar id={one.user} name={one.display_name} size="small" />
      <span className="reader-name" dir="auto">
        {one.display_name}
        {one.me && <span className="quiet"> ({memberWords.you})</span>}
      </span>
      {!one.vouched && (
        <span className="member-label">
          <SealMark kind="attention" />
          {memberWords.unvouched}
        </span>
      )}
      <span className="reader-right">{rightOf(one.right)}</span>
    </li>
  );
}

/** Members who can be named as readers: everybody but those who read anyway. */
export function nameable(members: readonly MemberView[]) {
  return members.filter((one) => !one.owner).map((one) => ({ ...one, label: one.vouched ? null : memberWords.unvouched }));
}

function EditReaders({ view, guild, onDone }: { view: ChannelView; guild: string; onDone: () => void }) {
  const give = useGive();
  const members = useMembers(guild);
  const [picked, setPicked] = useState(view.people.filter((one) => one.right === "named").map((one) => one.user));
  const save = useTask(async () => {
    await give({ do: "set_readers", channel: view.id, users: picked });
    onDone();
  });
  if (members === undefined) return <Skeleton lines={4} label={app.loading} />;
  return (
    <div className="form">
      <PeoplePicker label={words.readersTitle} people={nameable(members)} picked={picked} onPick={setPicked} autoFocus />
      <RefusalNote refusal={save.refusal} />
      <div className="form-actions">
        <Button look="quiet" onPress={onDone}>
          {app.cancel}
        </Button>
        <Button look="primary" onPress={() => void save.run()} isPending={save.busy}>
          {words.saveReaders}
        </Button>
      </div>
    </div>
  );
}
