/** Messages that name this person, newest first. */
import { Link } from "wouter";
import { path } from "../paths";
import { useGive, useView } from "../state/engine";
import { useNow } from "../state/page";
import { Avatar } from "../ui/Arch";
import { Button } from "../ui/Button";
import { Markdown } from "../ui/Markdown";
import { Empty, Skeleton } from "../ui/Note";
import { ago, app, mentions as words } from "../words";
import { OwnPage } from "./Own";

const most = 100;

export function Mentions() {
  const answer = useView({ ask: "mentions", limit: most });
  const give = useGive();
  const now = useNow(60_000);
  return (
    <OwnPage title={words.title}>
      {answer === undefined ? (
        <Skeleton lines={5} label={app.loading} />
      ) : answer.mentions.length === 0 ? (
        <Empty level="h2" title={words.title}>
          {words.empty}
        </Empty>
      ) : (
        <>
          {answer.mentions.some((one) => one.unread) && <Button onPress={() => void give({ do: "mark_all_read", guild: null }).catch(() => undefined)}>{words.markAll}</Button>}
          <ul className="calls">
            {answer.mentions.map(({ channel, channel_name, guild, guild_name, unread, message }) => (
              <li key={message.id}>
                <Link href={path.message(guild, channel, message.id)} className={`call${unread ? " call-unread" : ""}`}>
                  <Avatar id={message.author} name={message.author_name} />
                  <span className="call-text">
                    <span className="call-head">
                      <strong dir="auto">{message.author_name}</strong>
                      <span className="quiet">{words.place(channel_name, guild_name)}</span>
                      <time className="quiet" dateTime={new Date(message.at).toISOString()}>
                        {ago(message.at, now)}
                      </time>
                    </span>
                    <span inert>
                      <Markdown body={message.content.content === "text" ? message.content.body : ""} mentions={message.mentions} />
                    </span>
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </OwnPage>
  );
}
