/** Says new messages to a screen reader, author first, then text. */
import { useEffect, useRef, useState } from "react";
import { talk } from "../words";
import type { MessageView } from "../wire";

/** A burst is not read out whole. */
const mostAtOnce = 3;
const forget_ms = 1_500;

export function Announcer({ messages }: { messages: readonly MessageView[] }) {
  const last = useRef<number | null>(null);
  const [said, say] = useState<string[]>([]);
  useEffect(() => {
    const newest = messages.at(-1)?.seq ?? 0;
    const from = last.current;
    last.current = Math.max(newest, from ?? 0);
    if (from === null || newest <= from) return;
    const fresh = messages.filter((message) => message.seq > from && !message.mine && !message.from_blocked);
    say(fresh.slice(-mostAtOnce).map((message) => talk.announced(message.author_name, message.content.content === "text" ? message.content.body : talk.unreadableShort)));
  }, [messages]);
  useEffect(() => {
    if (said.length === 0) return;
    const timer = setTimeout(() => say([]), forget_ms);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <div className="unseen" aria-live="polite" aria-atomic="false">
      {said.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </div>
  );
}
