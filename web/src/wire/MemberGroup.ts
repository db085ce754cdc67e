import type { MemberHeading } from "./MemberHeading";
export type MemberGroup = { heading: MemberHeading, count: number, };
