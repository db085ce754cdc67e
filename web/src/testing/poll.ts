/** Polls of the made-up world. */
import type { Command, CommandReply } from "../wire";
import { addMessage, type World } from "./world";

export function asked(world: World, command: Extract<Command, { do: "poll" }>, tell: () => void): CommandReply {
  const message = addMessage(world, command.channel, world.session.me?.user ?? "", "", Date.now());
  message.content = { content: "poll", question: command.question, options: command.options.map((text) => ({ text, count: 0, mine: false, names: [] })), many: command.many, ends_at: command.ends_in_s === 0 ? null : Date.now() + command.ends_in_s * 1000, over: false, voters: 0 };
  message.can_edit = false;
  tell();
  return { outcome: "queued", entry: message.id };
}
