/** Messages that leave later, in the fake engine. */
import type { Command, CommandReply, Topic } from "../wire";
import { changeNotice } from "./notice";
import { changeStatus } from "./presence";
import type { World } from "./world";

/** The answer, if the command was about this. */
function changeLater(world: World, command: Command, draw: () => string): CommandReply | null {
  switch (command.do) {
    case "schedule": {
      const view = world.channels.get(command.channel);
      const entry = draw();
      world.scheduled.push({ entry, channel: command.channel, channel_name: view?.name ?? "", guild: view?.guild ?? null, body: command.body, due_at: Date.now() + command.after_s * 1000 });
      return { outcome: "queued", entry };
    }
    case "reschedule":
      for (const one of world.scheduled) if (one.entry === command.entry) Object.assign(one, { body: command.body, due_at: Date.now() + command.after_s * 1000 });
      return { outcome: "done" };
    case "unschedule": {
      const body = world.scheduled.find((one) => one.entry === command.entry)?.body ?? "";
      world.scheduled = world.scheduled.filter((one) => one.entry !== command.entry);
      return { outcome: "dropped", body };
    }
    default:
      return null;
  }
}

/** Later, a status, what one is told of: the answer, if the command was about one of these. */
export function everyday(world: World, command: Command, draw: () => string, tell: (...topics: Topic[]) => void): CommandReply | null {
  const reply = changeLater(world, command, draw);
  if (reply === null && !changeStatus(world, command) && !changeNotice(world, command)) return null;
  tell({ topic: "scheduled" }, { topic: "presences" }, { topic: "notices" }, { topic: "guilds" }, { topic: "dms" }, ...world.guilds.map((guild) => ({ topic: "guild" as const, guild: guild.id })));
  return reply ?? { outcome: "done" };
}
