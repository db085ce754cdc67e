/** What a channel keeps at hand: who pinned what, and the way there. */
import { PinOff, X } from "lucide-react";
import type { KeyboardEvent } from "react";
import { Button as AriaButton } from "react-aria-components";
import { useLocation } from "wouter";
import { path } from "../paths";
import { useGive, useTask, useView } from "../state/engine";
import { narrow, useMedia, useNow } from "../state/page";
import { showPins } from "../state/pins";
import { Avatar } from "../ui/Arch";
import { IconButton } from "../ui/Button";
import { Empty, RefusalNote, Skeleton } from "../ui/Note";
import { plainText } from "../ui/Markdown";
import { ago, app, pins as words, wholeTime } from "../words";
import type { MessageView, PinnedView } from "../wire";
import "./pin.css";

export function PinPanel({ guild, channel }: { guild: string | null; channel: string }) {
  const pins = useView({ ask: "pins", channel })?.pins;
  const timeline = useView({ ask: "timeline", channel, before: null, limit: 1 });
  const may = pins?.some((pin) => pin.shown?.can_pin) === true || timeline?.messages.some((message) => message.can_pin) === true;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    showPins(false);
  };
  return (
    // Escape closes the panel from anywhere in it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <aside className="panel pins" aria-label={words.title} data-region onKeyDown={onKeyDown}>
      <header className="panel-head">
        <h2>{words.title}</h2>
        <IconButton icon={X} label={words.close} onPress={() => showPins(false)} />
      </header>
      <div className="panel-scroll">
        {pins === undefined ? (
          <Skeleton lines={5} label={app.loading} />
        ) : pins.length === 0 ? (
          <Empty title={words.emptyTitle} level="h2">
            {words.empty(may)}
          </Empty>
        ) : (
          <>
            <p className="pins-count">{words.count(pins.length)}</p>
            <ol className="pins-list">
              {pins.map((pin) => (
                <li key={pin.message}>
                  <Pinned pin={pin} guild={guild} channel={channel} />
                </li>
              ))}
            </ol>
          </>
        )}
      </div>
    </aside>
  );
}

/** What it says, in one line. */
function textOf(message: MessageView | null): string {
  if (message === null) return words.away;
  if (message.content.content === "poll") return message.content.question;
  if (message.content.content !== "text") return words.away;
  const body = message.mentions.reduce((text, one) => text.replaceAll(one.token, one.written), message.content.body);
  return plainText(body);
}

function Pinned({ pin, guild, channel }: { pin: PinnedView; guild: string | null; channel: string }) {
  const [, go] = useLocation();
  const give = useGive();
  const small = useMedia(narrow);
  const now = useNow(60_000);
  const unpin = useTask(async () => {
    await give({ do: "unpin", message: pin.message });
  });
  const { shown } = pin;
  const text = textOf(shown);
  const jump = () => {
    go(path.message(guild, channel, pin.message));
    // With one pane the message would stay covered.
    if (small) showPins(false);
  };
  return (
    <>
      <div className="pin">
        <AriaButton className="pin-message" onPress={jump} aria-label={words.goTo(shown?.author_name ?? "", text)}>
          {shown !== null && (
            <span className="pin-head">
              <Avatar id={shown.author} name={shown.author_name} size="small" />
              <bdi className="pin-author">{shown.author_name}</bdi>
              <time dateTime={new Date(shown.at).toISOString()} title={wholeTime(shown.at)}>
                {ago(shown.at, now)}
              </time>
            </span>
          )}
          <span className={shown === null ? "pin-text quiet" : "pin-text"} dir="auto">
            {text}
          </span>
          <span className="pin-by" dir="auto">
            {words.by(pin.by_name, ago(pin.at, now))}
          </span>
        </AriaButton>
        {shown?.can_pin === true && <IconButton icon={PinOff} size={16} label={words.unpinNamed(shown.author_name)} onPress={() => void unpin.run()} isPending={unpin.busy} />}
      </div>
      <RefusalNote refusal={unpin.refusal} />
    </>
  );
}
