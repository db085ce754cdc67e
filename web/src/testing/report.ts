/** Reports of the made-up people, and what could be reported. */
import type { MessageView, MyReport, ReportableView, ReportShown } from "../wire";
import { id, type World } from "./world";

/** A message and those around it. */
export function reportable(world: World, channel: string, message: MessageView): ReportableView {
  const list = world.messages.get(channel) ?? [];
  const at = list.indexOf(message);
  const messages = list.slice(Math.max(0, at - 5), at + 6).flatMap((one) => (one.content.content === "text" ? [{ message: one.id, at: one.at, author: one.author, author_name: one.author_name, body: one.content.body }] : []));
  return { channel, guild: world.channels.get(channel)?.guild ?? null, provable: true, messages };
}

export const myReports: MyReport[] = [
  { id: id(7001), channel: id(201), message: id(100_003), to: "guild", reason: "spam", at: Date.now() - 3_600_000, resolution: null },
  { id: id(7000), channel: id(202), message: id(100_017), to: "guild", reason: "harassment", at: Date.now() - 90_000_000, resolution: "action_taken" },
];

export function reports(world: World): ReportShown[] {
  const said = (world.messages.get(id(201)) ?? []).slice(2, 5);
  const messages = said.map((one) => ({ message: one.id, seq: one.seq, at: one.at, sender: one.author, sender_name: one.author_name, body: one.content.content === "text" ? one.content.body : null }));
  return [{ id: id(7002), channel: id(201), guild: id(101), reporter: id(3), reporter_name: "Chiara", reason: "harassment", note: "He does this every day.", at: Date.now() - 600_000, messages, resolution: null, resolved_at: null, claimed_by: id(2), claimed_by_name: "Bruno Okafor", finding: "He was asked to stop twice." }];
}
