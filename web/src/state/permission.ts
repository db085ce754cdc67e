/** The rights the client asks about, as bits of the decimal string in a view. */
import type { Permissions, Role } from "../wire";

const bit = {
  view_channel: 0n,
  send_messages: 1n,
  mention_everyone: 6n,
  create_invite: 16n,
  change_nickname: 17n,
  manage_nicknames: 34n,
  timeout_members: 35n,
  kick_members: 36n,
  ban_members: 37n,
  vouch_members: 38n,
  view_audit_log: 40n,
  manage_messages: 32n,
  manage_channels: 48n,
  manage_roles: 49n,
  manage_guild: 50n,
  manage_emoji: 52n,
  manage_invites: 53n,
  administrator: 63n,
} as const;

export type Right = keyof typeof bit;

export function may(permissions: Permissions, right: Right): boolean {
  return /^\d+$/.test(permissions) && ((BigInt(permissions) >> bit[right]) & 1n) === 1n;
}

/** The rights as a number to reckon with. */
export function bitsOf(permissions: Permissions): bigint {
  return /^\d+$/.test(permissions) ? BigInt(permissions) : 0n;
}

/** How high somebody stands; the owner above all roles. */
export function rankOf(roles: Role[], held: string[], owner: boolean): number {
  if (owner) return Number.POSITIVE_INFINITY;
  return Math.max(0, ...roles.filter((role) => held.includes(role.id)).map((role) => role.position));
}

/** Whether somebody may see anything of the settings of a server. */
export function governs(permissions: Permissions): boolean {
  const rights: Right[] = ["manage_guild", "manage_roles", "manage_channels", "ban_members", "view_audit_log", "manage_invites", "manage_messages", "manage_emoji"];
  return rights.some((right) => may(permissions, right));
}
