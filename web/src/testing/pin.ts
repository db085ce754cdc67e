/** Pinned messages in the fake engine. */
import type { MessageView } from "../wire";
import { id, type World } from "./world";

/** Pins or unpins; gives the channel. */
export function setPin(world: World, { channel, message }: { channel: string; message: MessageView }, pinned: boolean, at: number): string {
  const rest = (world.pins.get(channel) ?? []).filter((one) => one.message !== message.id);
  message.pinned = pinned;
  const by_name = world.session.me?.display_name ?? "";
  world.pins.set(channel, pinned ? [{ message: message.id, seq: message.seq, at, by_name, shown: message }, ...rest] : rest);
  return channel;
}

/** Two messages of the first channel, and one that is not on this device. */
export function addPins(world: World, now: number): void {
  const channel = id(201);
  const list = world.messages.get(channel) ?? [];
  for (const message of list.slice(-6, -4)) setPin(world, { channel, message }, true, message.at + 60_000);
  world.pins.get(channel)?.push({ message: id(7_777), seq: 1, at: now - 9 * 86_400_000, by_name: "Bruno Okafor", shown: null });
}
