/** Friends and blocks of the made-up person. */
import type { Command, CommandReply, Contact, RelationView } from "../wire";
import { id, type World } from "./world";

export interface Kept {
  relations: RelationView[];
  contact: Contact;
}

export const keeping = (): Kept => ({
  relations: [
    { user: id(2), username: "bruno", display_name: "Bruno Okafor", relation: "friend", at: Date.now() - 86_400_000 },
    { user: id(6), username: "dov", display_name: "דוב לוי", relation: "blocked", at: Date.now() - 3 * 86_400_000 },
  ],
  contact: "requests",
});

/** Changes how others are kept, or says it. */
export function keeps(world: World, command: Extract<Command, { do: "relations" | "relate" | "set_contact" | "answer_request" }>): CommandReply {
  if (command.do === "relations") return { outcome: "told", on: "relations", ...world.kept };
  if (command.do === "answer_request") {
    const view = world.channels.get(command.channel);
    if (view !== undefined) view.request = command.answer === "accept" ? null : "declined";
    if (command.answer === "decline") world.dms = world.dms.filter((dm) => dm.channel !== command.channel);
  } else if (command.do === "set_contact") world.kept.contact = command.who;
  else {
    const who = world.people.get(command.user) ?? { username: "x", display_name: "X" };
    const rest = world.kept.relations.filter((one) => one.user !== command.user);
    world.kept.relations = command.relation === "none" ? rest : [{ user: command.user, ...who, relation: command.relation, at: Date.now() }, ...rest];
  }
  return { outcome: "done" };
}
