/** What one is told of, in the fake engine. */
import type { CallView, Command, GuildSummary, GuildView, NoticePlace, NoticeView } from "../wire";
import type { World } from "./world";

export const placeId = (about: NoticePlace): string => (about.place === "guild" ? about.guild : about.channel);

export function noticeOf(world: World, place: string): NoticeView {
  return world.notices.get(place) ?? { level: null, effective: null, muted_until: null, muted: false };
}

export function summaryOf(world: World, guild: GuildView, unread: (channel: string) => number): GuildSummary {
  const heard = guild.channels.filter((one) => !noticeOf(world, one.id).muted);
  const count = noticeOf(world, guild.id).muted ? 0 : heard.reduce((sum, one) => sum + unread(one.id), 0);
  return { id: guild.id, name: guild.name, icon: guild.icon, unread: count, mentions: 0, told: 0, usual: count, muted: noticeOf(world, guild.id).muted };
}

/** Whether the command was about this. */
export function changeNotice(world: World, command: Command): boolean {
  if (command.do === "set_keywords") world.keywords = command.words.map((word) => word.trim().toLowerCase()).filter((word) => word !== "");
  if (command.do === "set_notice") {
    const place = placeId(command.about);
    world.notices.set(place, { ...noticeOf(world, place), level: command.level, effective: command.level });
  }
  if (command.do === "mute") {
    const place = placeId(command.about);
    const until = command.for_s === null ? null : command.for_s === 0 ? 0 : Date.now() + command.for_s * 1000;
    world.notices.set(place, { ...noticeOf(world, place), muted_until: until, muted: until !== null });
  }
  return command.do === "set_keywords" || command.do === "set_notice" || command.do === "mute";
}

/** Messages that name this person. */
export function callsOf(world: World): CallView[] {
  return [...world.messages].flatMap(([channel, list]) => {
    const view = world.channels.get(channel);
    const guild = world.guilds.find((one) => one.id === view?.guild);
    return list.filter((one) => one.calls_me).map((message) => ({ channel, channel_name: view?.name ?? "", guild: guild?.id ?? null, guild_name: guild?.name ?? null, unread: message.seq > (view?.read_seq ?? 0), quiet: noticeOf(world, channel).muted, message }));
  });
}
