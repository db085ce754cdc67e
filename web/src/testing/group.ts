/** Conversations of several among the made-up people. */
import type { ChannelView, Command, ReaderView } from "../wire";
import type { World } from "./world";

export type GroupChange = Extract<Command, { do: "add_to_group" | "remove_from_group" | "hand_over_group" | "rename_group" | "leave_group" }>;

export function reader(world: World, user: string): ReaderView {
  const who = world.people.get(user) ?? { username: "x", display_name: "X" };
  return { user, ...who, right: "named", vouched: true, me: false, safety: "known" };
}

export function changeGroup(world: World, view: ChannelView, command: GroupChange): void {
  if (command.do === "add_to_group") view.people.push(reader(world, command.user));
  if (command.do === "remove_from_group") view.people = view.people.filter((one) => one.user !== command.user);
  if (command.do === "hand_over_group") for (const one of view.people) one.right = one.user === command.user ? "owner" : "named";
  if (command.do === "rename_group") {
    view.name = command.name;
    for (const dm of world.dms) if (dm.channel === view.id) dm.display_name = command.name;
  }
  if (command.do === "leave_group") {
    world.channels.delete(view.id);
    world.dms = world.dms.filter((dm) => dm.channel !== view.id);
  }
}
