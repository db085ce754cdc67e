/** What one is told of in one place: a level, and a while of quiet. */
import { BellOff, CheckCheck } from "lucide-react";
import { useState } from "react";
import { useGive, useTask, useView } from "../state/engine";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Dialog } from "../ui/Dialog";
import { RefusalNote } from "../ui/Note";
import { Select } from "../ui/Select";
import { notice as words, wholeTime } from "../words";
import type { NoticeLevel, NoticePlace } from "../wire";
import "./notice.css";

type Lasting = keyof typeof words.muteFor;
const lastings: readonly Lasting[] = ["900", "3600", "28800", "86400", "0"];

export function NoticeDialog({ about, name, onClose }: { about: NoticePlace; name: string; onClose: () => void }) {
  const view = useView({ ask: "notice", about });
  const channel = useView(about.place === "channel" ? { ask: "channel", channel: about.channel } : { ask: "session" });
  const give = useGive();
  const [lasting, last] = useState<Lasting>("3600");
  const choose = useTask(async (level: NoticeLevel | "usual") => {
    await give({ do: "set_notice", about, level: level === "usual" ? null : level });
  });
  const mute = useTask(async (for_s: number | null) => {
    await give({ do: "mute", about, for_s });
  });
  const read = useTask(async () => {
    if (about.place === "guild") await give({ do: "mark_all_read", guild: about.guild });
    else if (channel?.answer === "channel" && channel.channel !== null) await give({ do: "mark_read", channel: about.channel, seq: channel.channel.last_seq });
    onClose();
  });
  if (view === undefined) return null;
  const ofGuild = channel?.answer === "channel" && channel.channel?.guild !== null;
  return (
    <Dialog title={words.title(name)} open onClose={onClose}>
      <div className="form">
        <p className="quiet">{words.lead}</p>
        <Choice
          label={words.level}
          value={view.level ?? "usual"}
          onChange={(level: NoticeLevel | "usual") => void choose.run(level)}
          options={[
            { value: "usual", label: ofGuild ? words.asServer : words.asDevice },
            { value: "all", label: words.all },
            { value: "mentions", label: words.mentions },
            { value: "nothing", label: words.nothing },
          ]}
        />
        {view.muted_until !== null ? (
          <div className="notice-muted">
            <BellOff size={16} strokeWidth={1.75} aria-hidden />
            <span>{view.muted_until === 0 ? words.muted : words.mutedUntil(wholeTime(view.muted_until))}</span>
            <Button small onPress={() => void mute.run(null)} isPending={mute.busy}>
              {words.unmute}
            </Button>
          </div>
        ) : (
          <>
            <p className="quiet">{words.muteLead}</p>
            <div className="notice-mute">
              <Select label={words.mute} value={lasting} onChange={last} options={lastings.map((value) => ({ value, label: words.muteFor[value] }))} />
              <Button icon={BellOff} onPress={() => void mute.run(Number(lasting))} isPending={mute.busy}>
                {words.mute}
              </Button>
            </div>
          </>
        )}
        <RefusalNote refusal={choose.refusal ?? mute.refusal ?? read.refusal} />
        <div className="form-actions">
          <Button icon={CheckCheck} onPress={() => void read.run()} isPending={read.busy}>
            {words.markRead}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
