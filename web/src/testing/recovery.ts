/** Ways back into the account and the key backup, in the fake engine. */
import { Refused } from "../engine/contract";
import type { Command, CommandReply, Topic } from "../wire";
import type { World } from "./world";

const names = ["recovery_kept", "recovery_later", "add_passkey", "remove_way", "unlock_with_passkey", "unlock_with_recovery_key", "back_up"] as const;
type Recovers = Extract<Command, { do: (typeof names)[number] }>;

export const isRecovery = (command: Command): command is Recovers => (names as readonly string[]).includes(command.do);

const wrong = (): never => {
  throw new Refused({ code: "RECOVERY_KEY_WRONG", message: "", retry_after_ms: null });
};

export function recovers(world: World, command: Recovers, tell: (...topics: Topic[]) => void): CommandReply {
  const letIn = (): CommandReply => {
    world.session.state = "active";
    tell({ topic: "session" });
    return { outcome: "signed_in", state: "active" };
  };
  switch (command.do) {
    case "recovery_kept":
      world.recovery = { key: null, offer: false };
      tell({ topic: "recovery" });
      break;
    case "recovery_later":
      world.recovery.offer = false;
      tell({ topic: "recovery" });
      break;
    case "add_passkey":
      world.ways.push({ id: command.credential, kind: "passkey", name: command.name, added_at: Date.now() });
      tell({ topic: "recovery" });
      break;
    case "remove_way":
      world.ways = world.ways.filter((way) => way.id !== command.id);
      tell({ topic: "recovery" });
      break;
    case "unlock_with_passkey":
      return world.ways.some((way) => way.id === command.credential) || world.ways.length <= 1 ? letIn() : wrong();
    case "unlock_with_recovery_key":
      return command.recovery_key.length < 20 ? wrong() : letIn();
    case "back_up":
      Object.assign(world.backup, { saved: world.backup.saved + world.backup.missing, missing: 0 });
      tell({ topic: "backup" });
  }
  return { outcome: "done" };
}
