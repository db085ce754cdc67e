/** The rights the client asks about, as bits of the decimal string in a view. */
import type { Permissions } from "../wire";

const bit = {
  mention_everyone: 6n,
  create_invite: 16n,
  vouch_members: 38n,
  manage_channels: 48n,
  manage_guild: 50n,
  manage_invites: 53n,
} as const;

export function may(permissions: Permissions, right: keyof typeof bit): boolean {
  return /^\d+$/.test(permissions) && ((BigInt(permissions) >> bit[right]) & 1n) === 1n;
}
