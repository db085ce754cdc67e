/** Invites and applications in memory. */
import type { Command, CommandReply, InvitePreview } from "../wire";
import { id, type World } from "./world";

export function invitedTo(code: string, invite: string): InvitePreview {
  return { code, guild: id(101), guild_name: "Rowing club", icon: null, rules: "- Nobody rows alone.", inviter_name: "Bruno Okafor", members: 7, expires_at: Date.now() + 5 * 86_400_000, seeded: invite.includes("#"), questions: invite.startsWith("ask") ? ["What brings you to the river?", "Can you swim?"] : [], membership: invite.startsWith("guest") ? ("temporary" as const) : ("lasting" as const) };
}

export function joins(world: World, command: Extract<Command, { do: "apply" | "withdraw" | "applications" | "create_invite" }>, draw: () => number): CommandReply {
  switch (command.do) {
    case "apply":
      world.applied = [{ guild: id(101), guild_name: "Rowing club", at: Date.now(), declined_at: null, reason: null }];
      return { outcome: "done" };
    case "withdraw":
      world.applied = [];
      return { outcome: "done" };
    case "applications":
      return { outcome: "told", on: "own_applications", applications: world.applied };
    case "create_invite": {
      const code = `n${draw()}Q`;
      const url = `https://elbe.example/invite/${code}#pX3v9bQ0tT7mJk2LwQ5dRA`;
      world.invites.unshift({ code, url, uses: command.uses, used: 0, expires_at: command.expires_in_s === 0 ? null : Date.now() + command.expires_in_s * 1000, created_by: id(1), created_at: Date.now() });
      return { outcome: "invite", code, url };
    }
  }
}
