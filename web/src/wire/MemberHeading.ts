import type { RoleId } from "./RoleId";
export type MemberHeading = { "heading": "owner" } | { "heading": "role", role: RoleId, } | { "heading": "others" };
