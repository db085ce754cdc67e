/** Members of a server in the fake engine. */
import type { GuildView, MembersView, MemberView, Query, QueryReply } from "../wire";
import type { FakeGuild, World } from "./world";

/** The server itself, with what stands for its members. */
export function headOf({ members, ...guild }: FakeGuild): GuildView {
  return { ...guild, member_count: members.length, me: members.find((one) => one.me) ?? null, changed: members.find((one) => one.safety === "violation") ?? null };
}

const names = new Intl.Collator();

export function membersOf(world: World, query: Extract<Query, { ask: "members" }>): QueryReply {
  const guild = world.guilds.find((one) => one.id === query.guild);
  const wanted = query.search.toLowerCase();
  const fits = (one: MemberView) => (query.users === null || query.users.includes(one.user)) && (one.username.startsWith(wanted) || one.display_name.toLowerCase().startsWith(wanted) || one.display_name.toLowerCase().split(" ").some((part) => part.startsWith(wanted)));
  const sorted = (guild?.members ?? []).filter(fits).toSorted((a, b) => names.compare(a.display_name, b.display_name));
  const groups: MembersView["groups"] = [];
  const members: MemberView[] = [];
  const put = (heading: MembersView["groups"][number]["heading"], some: MemberView[]) => {
    const here = some.filter((one) => !members.includes(one));
    if (here.length > 0) groups.push({ heading, count: here.length });
    members.push(...here);
  };
  put({ heading: "owner" }, sorted.filter((one) => one.owner));
  for (const role of guild?.roles ?? []) if (role.hoisted) put({ heading: "role", role: role.id }, sorted.filter((one) => one.roles.includes(role.id)));
  put({ heading: "others" }, sorted);
  return { answer: "members", total: members.length, groups, members: members.slice(query.offset, query.offset + query.limit) };
}

/** A server of thousands. */
export function addCrowd(guild: FakeGuild, count: number, id: (number: number) => string): void {
  for (let at = 0; at < count; at += 1) guild.members.push({ user: id(60_000 + at), username: `rower${at}`, display_name: `Rower ${at}`, nickname: null, owner: false, joined_at: Date.now() - at * 60_000, vouched: true, me: false, safety: "known", roles: [], timed_out_until: null, membership: "lasting", links_held_until: null, is_new: false, quarantined_at: null });
}
