/** A channel that is full: said to who waits, to who can do something, and where it goes on. */
import { ArrowRight, Plus } from "lucide-react";
import { useLocation } from "wouter";
import { path } from "../paths";
import { Button } from "../ui/Button";
import { Empty } from "../ui/Note";
import { room as words } from "../words";
import type { ChannelLink, ChannelView } from "../wire";
import { useDialogs } from "./open";
import "./room.css";

function GoOn({ guild, to }: { guild: string; to: ChannelLink }) {
  const [, go] = useLocation();
  return (
    <Button small icon={ArrowRight} onPress={() => go(path.channel(guild, to.id))}>
      {words.goTo(to.name)}
    </Button>
  );
}

/** In place of everything, for somebody who has no place in the audience. */
export function NoPlace({ view }: { view: ChannelView }) {
  const next = view.room.continued_in;
  return (
    <div className="room-none">
      <Empty title={words.fullTitle} level="h2" action={next !== null && view.guild !== null ? <GoOn guild={view.guild} to={next} /> : undefined}>
        {words.waits} {next === null ? words.ask : words.goesOn(next.name)}
      </Empty>
    </div>
  );
}

/** Above the composer, for those who read. */
export function RoomNote({ view }: { view: ChannelView }) {
  const open = useDialogs();
  const { room, guild } = view;
  if (guild === null || (room.continued_in === null && room.waiting === 0)) return null;
  const next = room.continued_in;
  return (
    <div className="room-note" role="status">
      <p>{next !== null ? words.goesOn(next.name) : room.can_continue ? `${words.full(room.waiting)} ${words.fullNext}` : words.full(room.waiting)}</p>
      {next !== null ? (
        <GoOn guild={guild} to={next} />
      ) : (
        room.can_continue && (
          <Button small icon={Plus} onPress={() => open({ dialog: "create-channel", guild, continues: { id: view.id, name: view.name } })}>
            {words.continue}
          </Button>
        )
      )}
    </div>
  );
}

/** At the beginning of a channel that continues another one. */
export function Continues({ view }: { view: ChannelView }) {
  const old = view.room.continues;
  if (old === null || view.guild === null) return null;
  return (
    <div className="room-continues">
      <p className="beginning-lead">{words.continues(old.name)}</p>
      <GoOn guild={view.guild} to={old} />
    </div>
  );
}
