/** Members of a server, as many of them as a part of the page needs. */
import { useMemo } from "react";
import type { MemberView, MembersView } from "../wire";
import { useView } from "./engine";

const all = 10_000;

/** Everybody: for screens that are opened to choose among them. */
export function useMembers(guild: string | null): MemberView[] | undefined {
  const answer = useView(guild === null ? { ask: "session" } : { ask: "members", guild, search: "", users: null, offset: 0, limit: all });
  return answer?.answer === "members" ? answer.members : undefined;
}

/** Those whose names begin so. */
export function useMembersNamed(guild: string | null, search: string, limit: number): MemberView[] {
  const answer = useView(guild === null ? { ask: "session" } : { ask: "members", guild, search, users: null, offset: 0, limit });
  return answer?.answer === "members" ? answer.members : [];
}

/** These people, as far as they are members. */
export function useThese(guild: string | null, users: readonly string[]): MemberView[] {
  const answer = useView(guild === null || users.length === 0 ? { ask: "session" } : { ask: "members", guild, search: "", users: [...users], offset: 0, limit: all });
  return answer?.answer === "members" ? answer.members : [];
}

export function useMember(guild: string, user: string): MemberView | undefined {
  return useThese(guild, useMemo(() => [user], [user]))[0];
}

/** The list from `offset` on. */
export function useMemberPage(guild: string, search: string, offset: number, limit: number): MembersView | undefined {
  const answer = useView({ ask: "members", guild, search, users: null, offset, limit });
  return answer?.answer === "members" ? answer : undefined;
}
