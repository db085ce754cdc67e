/** Tells the desktop of messages while nobody looks at the page, with as much as was allowed. */
import { useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { path } from "../paths";
import { useView } from "../state/engine";
import { useAttention } from "../state/page";
import { useActivity, useQuiet } from "../state/presence";
import { type Settings, settings } from "../state/settings";
import { plainText } from "../ui/Markdown";
import { mentions as mentionWords, notices as words } from "../words";
import type { GuildSummary } from "../wire";

interface Notice {
  key: string;
  at: number;
  place: string;
  author: string;
  text: string;
  href: string;
}

const most = 20;

export function Notices() {
  const attentive = useAttention();
  const quiet = useQuiet();
  useActivity();
  const [, go] = useLocation();
  const calls = useView({ ask: "mentions", limit: most })?.mentions;
  const dms = useView({ ask: "dms" })?.dms;
  const guilds = useView({ ask: "guilds" })?.guilds;
  const since = useRef<number | null>(null);
  const counts = useRef<Map<string, number> | null>(null);
  useEffect(() => {
    if (calls === undefined || dms === undefined || guilds === undefined) return;
    const { desktop, notice } = settings();
    const found: Notice[] = [
      ...calls.filter((one) => one.unread && !one.quiet && one.guild !== null).map(({ channel, channel_name, guild, guild_name, message }) => ({ key: message.id, at: message.at, place: mentionWords.place(channel_name, guild_name), author: message.author_name, text: message.content.content === "text" ? message.mentions.reduce((text, one) => text.replaceAll(one.token, one.written), message.content.body) : "", href: path.message(guild, channel, message.id) })),
      ...dms.filter((one) => one.unread > 0 && !one.quiet).map((dm) => ({ key: `${dm.channel} ${dm.last_at}`, at: dm.last_at, place: dm.display_name, author: dm.display_name, text: dm.preview ?? "", href: path.conversation(dm.channel) })),
    ];
    const from = since.current ?? Date.now();
    const fresh = found.filter((one) => one.at > from);
    since.current = Math.max(from, ...found.map((one) => one.at));
    const before = counts.current;
    counts.current = new Map(guilds.map((guild) => [guild.id, loud(guild, desktop)]));
    if (attentive || quiet || desktop === "off" || typeof Notification === "undefined" || Notification.permission !== "granted") return;
    for (const one of fresh) {
      const title = notice === "place" ? words.newIn(one.place) : one.place === one.author ? one.author : words.newFrom(one.author, one.place);
      show(title, notice === "text" ? plainText(one.text) : "", one.key, () => go(one.href));
    }
    if (before === null || fresh.length > 0) return;
    for (const guild of guilds) if (loud(guild, desktop) > (before.get(guild.id) ?? 0)) show(words.newIn(guild.name), "", guild.id, () => go(path.guild(guild.id)));
  }, [attentive, quiet, calls, dms, guilds, go]);
  return null;
}

/** What is to be told of: what was asked for, and the rest as this device is set. */
const loud = (guild: GuildSummary, desktop: Settings["desktop"]): number => guild.told + (desktop === "all" ? guild.usual : 0);

function show(title: string, body: string, tag: string, open: () => void): void {
  const notice = new Notification(title, { body, tag });
  notice.addEventListener("click", () => {
    window.focus();
    open();
    notice.close();
  });
}
