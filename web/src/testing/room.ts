/** Full audiences in the fake engine. */
import type { ChannelView } from "../wire";
import type { Scene, World } from "./world";

/** An audience with places left. */
export const noRoom = (): ChannelView["room"] => ({ waiting: 0, waits: false, continues: null, continued_in: null, can_continue: false, large: false });

/** Two channels name each other. */
export function goOn(old: ChannelView | undefined, next: ChannelView): void {
  if (old === undefined) return;
  next.room.continues = { id: old.id, name: old.name };
  Object.assign(old.room, { continued_in: { id: next.id, name: next.name }, can_continue: false });
}

/** `full`: others wait, and one can do something; `no-place`: one waits; `continued`: it goes on in the next channel. */
export function setRoom(world: World, scene: Scene, general: ChannelView | undefined): void {
  if (general === undefined) return;
  if (scene.has("full")) Object.assign(general.room, { waiting: 14, can_continue: true, large: true });
  if (scene.has("no-place")) {
    Object.assign(general.room, { waiting: 14, waits: true });
    general.can_send = false;
    for (const one of world.guilds[0]?.channels ?? []) if (one.id === general.id) Object.assign(one, { waiting: 14, waits: true });
  }
  const next = [...world.channels.values()].find((one) => one.guild === general.guild && one.id !== general.id);
  if (scene.has("continued") && next !== undefined) goOn(general, next);
}
