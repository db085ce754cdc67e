/** Under a message: the thread that hangs on it. */
import { BellOff, MessagesSquare } from "lucide-react";
import { Button as AriaButton } from "react-aria-components";
import { useNow } from "../state/page";
import { usePlace } from "../state/place";
import { showThread } from "../state/threads";
import { relative, threads as words } from "../words";
import type { MessageView, ThreadMark } from "../wire";
import "./thread.css";

export function ThreadChip({ message, mark, inOrder }: { message: MessageView; mark: ThreadMark; inOrder: boolean }) {
  const { channel } = usePlace();
  const fresh = mark.following && mark.unread > 0;
  return (
    <AriaButton className={`thread-chip${fresh ? " thread-chip-new" : ""}`} onPress={() => showThread(channel, message.id)} aria-label={words.chip(mark.count, mark.unread)} {...(inOrder ? {} : { excludeFromTabOrder: true })}>
      <MessagesSquare size={16} strokeWidth={1.75} aria-hidden />
      <ThreadFigures mark={mark} />
    </AriaButton>
  );
}

/** How many messages, since when, and what is new. */
export function ThreadFigures({ mark }: { mark: ThreadMark }) {
  const now = useNow(60_000);
  return (
    <>
      <span className="thread-count">{words.count(mark.count)}</span>
      <span className="thread-last">{words.last(relative(mark.last_at, now))}</span>
      {mark.unread > 0 && <span className={mark.following ? "thread-new" : "thread-last"}>{words.fresh(mark.unread)}</span>}
      {mark.archived && <span className="thread-last">{words.archived}</span>}
      {!mark.following && mark.unread > 0 && <BellOff size={12} strokeWidth={1.75} aria-hidden />}
    </>
  );
}
