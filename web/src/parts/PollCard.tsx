/** A poll in the conversation: options with their share, and one's own choice. */
import { Check } from "lucide-react";
import { Button as AriaButton } from "react-aria-components";
import { useGive } from "../state/engine";
import { Hinted } from "../ui/Button";
import { poll as words, relative } from "../words";
import { useNow } from "../state/page";
import type { MessageView, PollView } from "../wire";
import "./poll.css";

export function PollCard({ message, poll, inOrder }: { message: MessageView; poll: PollView; inOrder: boolean }) {
  const give = useGive();
  const now = useNow(poll.ends_at === null ? null : 30_000);
  const over = poll.over || (poll.ends_at !== null && now >= poll.ends_at);
  const chosen = poll.options.flatMap((one, index) => (one.mine ? [index] : []));
  const choose = (index: number) => {
    const has = chosen.includes(index);
    const choices = poll.many ? (has ? chosen.filter((one) => one !== index) : [...chosen, index]) : has ? [] : [index];
    void give({ do: "vote", message: message.id, choices }).catch(() => undefined);
  };
  return (
    <section className="poll" aria-label={words.label(poll.question)}>
      <p className="poll-question" dir="auto">
        {poll.question}
      </p>
      <p className="poll-note">{poll.many ? words.many : words.one}</p>
      <div className="poll-options" role="group" aria-label={poll.question}>
        {poll.options.map((one, index) => {
          const share = poll.voters === 0 ? 0 : Math.round((one.count / poll.voters) * 100);
          return (
            // oxlint-disable-next-line no-array-index-key -- options never move
            <Hinted key={index} hint={one.names.length === 0 ? words.nobody : one.names.join(", ")}>
              <AriaButton className={`poll-option${one.mine ? " poll-mine" : ""}`} aria-pressed={one.mine} aria-label={words.option(one.text, one.count, share)} onPress={() => choose(index)} isDisabled={over || !message.can_react} excludeFromTabOrder={!inOrder}>
                <span className="poll-share" style={{ inlineSize: `${share}%` }} aria-hidden />
                <span className="poll-text" dir="auto">
                  {one.text}
                </span>
                {one.mine && <Check size={16} strokeWidth={2.25} aria-hidden />}
                <span className="poll-count">{one.count}</span>
              </AriaButton>
            </Hinted>
          );
        })}
      </div>
      <p className="poll-note">
        {words.voters(poll.voters)}
        {poll.ends_at !== null && <> · {over ? words.over : words.ends(relative(poll.ends_at, now))}</>}
      </p>
    </section>
  );
}
