/** Who is there in the fake engine, and what one lets others see. */
import type { Command } from "../wire";
import type { World } from "./world";

/** Whether the command was about this. */
export function changeStatus(world: World, command: Command): boolean {
  if (command.do === "set_status") world.status = { availability: command.availability, text: command.text, text_until: null };
  return command.do === "set_status" || command.do === "note_activity";
}
