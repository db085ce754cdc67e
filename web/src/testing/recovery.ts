/** Ways back into the account and the key backup, in the fake engine. */
import { Refused } from "../engine/contract";
import type { Command, CommandReply, RecoveryChangeView, Topic } from "../wire";
import type { World } from "./world";

const names = ["recovery_kept", "recovery_later", "add_passkey", "remove_way", "unlock_with_passkey", "unlock_with_passphrase", "unlock_with_recovery_key", "replace_recovery", "propose_recovery", "cancel_recovery", "make_passphrase", "back_up", "start_over", "reenrol"] as const;
type Recovers = Extract<Command, { do: (typeof names)[number] }>;

export const isRecovery = (command: Command): command is Recovers => (names as readonly string[]).includes(command.do);

const newKey = "7C2M-9QXT-HN4B-R8ZD-5KVP-1WYE-J6AS-GF03-2KTQ";
const days = 86_400_000;

/** A key that this device or another one has asked for. */
export const changeFrom = (device: string, key: string | null): RecoveryChangeView => ({ key, proposed_at: Date.now() - 3_600_000, ripe_at: Date.now() - 3_600_000 + 3 * days, device, this_device: key !== null });

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
      world.recovery = { key: null, offer: false, change: world.recovery.change };
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
    case "unlock_with_passphrase":
      return command.words.split(" ").length === 6 ? letIn() : wrong();
    case "reenrol":
      Object.assign(world.session, { state: "pending", pending_code: "7QKM-2XPD-V49T-HB3C", pending_qr: null });
      tell({ topic: "session" });
      return { outcome: "signed_in", state: "pending" };
    case "start_over":
      if (command.password === "soon") throw new Refused({ code: "START_OVER_TOO_SOON", message: "", retry_after_ms: 2 * days });
      world.recovery = { key: newKey, offer: true, change: null };
      return letIn();
    case "replace_recovery":
      if (command.recovery_key !== null && command.recovery_key.length < 20) return wrong();
      world.recovery = { key: newKey, offer: false, change: null };
      tell({ topic: "recovery" });
      return { outcome: "recovery_key", recovery_key: newKey };
    case "propose_recovery":
      world.recovery = { key: null, offer: false, change: changeFrom(world.session.me?.device ?? "", newKey) };
      tell({ topic: "recovery" });
      return { outcome: "recovery_key", recovery_key: newKey };
    case "cancel_recovery":
      world.recovery.change = null;
      tell({ topic: "recovery" });
      break;
    case "make_passphrase":
      world.ways = [...world.ways.filter((way) => way.kind !== "passphrase"), { id: "words", kind: "passphrase", name: "", added_at: Date.now() }];
      tell({ topic: "recovery" });
      return { outcome: "passphrase", words: "orbit velvet harbor sting canal mushroom" };
    case "unlock_with_recovery_key":
      return command.recovery_key.length < 20 ? wrong() : letIn();
    case "back_up":
      Object.assign(world.backup, { saved: world.backup.saved + world.backup.missing, missing: 0 });
      tell({ topic: "backup" });
  }
  return { outcome: "done" };
}
