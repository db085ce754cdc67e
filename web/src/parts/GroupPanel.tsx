/** The people of a group, and what can be done with them. */
import { Crown, LogOut, MoreHorizontal, PenLine, UserMinus, UserPlus, X } from "lucide-react";
import type { ReactNode } from "react";
import { useGive, useTask } from "../state/engine";
import { Button, IconButton } from "../ui/Button";
import { Menu } from "../ui/Menu";
import { RefusalNote } from "../ui/Note";
import { SealMark } from "../ui/Seal";
import { channel as channelWords, conversations as words, member as memberWords } from "../words";
import type { ChannelView, ReaderView } from "../wire";
import { useDialogs } from "./open";
import { PresentAvatar } from "./Presence";
import "./member.css";

export function GroupPanel({ view, onClose, children }: { view: ChannelView; onClose: () => void; children: ReactNode }) {
  const open = useDialogs();
  const channel = view.id;
  return (
    <aside className="panel" aria-label={words.groupMembers} data-region>
      <header className="panel-head">
        <h2>{words.groupMembers}</h2>
        <IconButton icon={X} label={channelWords.hideMembers} onPress={onClose} />
      </header>
      {children}
      <div className="panel-scroll">
        <section className="panel-group" aria-label={words.people(view.people.length)}>
          <h3>{words.people(view.people.length)}</h3>
          <ul className="panel-list">
            {view.people.map((one) => (
              <li key={one.user} className="panel-member">
                <Person one={one} channel={channel} owner={view.people.some((other) => other.me && other.right === "owner")} />
              </li>
            ))}
          </ul>
        </section>
        <div className="panel-actions">
          <Button small icon={UserPlus} onPress={() => open({ dialog: "add-to-group", channel })}>
            {words.add}
          </Button>
          <Button small look="quiet" icon={PenLine} onPress={() => open({ dialog: "rename-group", channel, name: view.kind.kind === "group" ? (view.kind.title ?? "") : "" })}>
            {words.rename}
          </Button>
          <Button small look="danger-quiet" icon={LogOut} onPress={() => open({ dialog: "leave-group", channel, name: view.name })}>
            {words.leave}
          </Button>
        </div>
      </div>
    </aside>
  );
}

function Person({ one, channel, owner }: { one: ReaderView; channel: string; owner: boolean }) {
  const give = useGive();
  const remove = useTask(async () => {
    await give({ do: "remove_from_group", channel, user: one.user });
  });
  const handOver = useTask(async () => {
    await give({ do: "hand_over_group", channel, user: one.user });
  });
  const label = one.safety === "violation" ? memberWords.violation : one.vouched ? null : memberWords.unvouched;
  return (
    <div className="member member-row">
      <PresentAvatar id={one.user} name={one.display_name} size="small" />
      <span className="member-text">
        <span className="member-name" dir="auto">
          {one.display_name}
          {one.me && <span className="quiet"> ({memberWords.you})</span>}
        </span>
        {one.right === "owner" && <span className="member-label member-plain">{memberWords.owner}</span>}
        {label !== null && (
          <span className="member-label">
            <SealMark kind="attention" />
            {label}
          </span>
        )}
        <RefusalNote refusal={remove.refusal ?? handOver.refusal} />
      </span>
      {owner && !one.me && (
        <Menu
          label={memberWords.aboutNamed(one.display_name)}
          entries={[
            { label: words.makeOwner, icon: Crown, onAction: () => void handOver.run() },
            "rule",
            { label: words.take, icon: UserMinus, danger: true, onAction: () => void remove.run() },
          ]}
        >
          <IconButton icon={MoreHorizontal} size={16} label={memberWords.aboutNamed(one.display_name)} />
        </Menu>
      )}
    </div>
  );
}
