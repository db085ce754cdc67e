/** Governing in memory: what the acts change, and what the server would tell. */
import type { Act, AuditView, CommandReply, GuildView, Question, RoleTerms } from "../wire";
import { id, type World } from "./world";

const minute = 60_000;

export function governs(world: World, guild: string, act: Act, draw: () => string): CommandReply {
  const view = world.guilds.find((one) => one.id === guild);
  if (view === undefined) return { outcome: "done" };
  switch (act.act) {
    case "rename":
      view.name = act.name;
      break;
    case "set_nickname":
      for (const member of view.members) if (member.user === act.user) Object.assign(member, { nickname: act.nickname, display_name: act.nickname ?? world.people.get(act.user)?.display_name ?? "" });
      break;
    case "set_rules":
      view.rules = act.rules;
      break;
    case "accept_rules":
      view.rules_wait = false;
      break;
    case "set_picture":
      if (act.of === "emoji") break;
      view[act.of] = act.picture === null ? null : `data:image/webp;base64,${act.picture.replaceAll("-", "+").replaceAll("_", "/")}`;
      break;
    case "create_role": {
      const role = { id: draw(), name: act.name, position: 1, color: act.color, hoisted: act.hoisted, mentionable: act.mentionable, permissions: act.permissions };
      for (const one of view.roles) one.position += 1;
      view.roles.push(role);
      return { outcome: "role", role: role.id };
    }
    case "edit_role":
      Object.assign(view.roles.find((role) => role.id === act.role) ?? {}, { name: act.name, color: act.color, hoisted: act.hoisted, mentionable: act.mentionable, permissions: act.permissions });
      break;
    case "delete_role":
      view.roles = view.roles.filter((role) => role.id !== act.role);
      break;
    case "move_role": {
      const role = view.roles.find((one) => one.id === act.role);
      if (role === undefined) break;
      const rest = view.roles.filter((one) => one !== role);
      rest.splice(view.roles.length - act.position, 0, role);
      view.roles = rest.map((one, at) => ({ ...one, position: rest.length - at }));
      break;
    }
    case "set_roles":
      Object.assign(view.members.find((member) => member.user === act.user) ?? {}, { roles: act.roles });
      break;
    case "time_out":
      Object.assign(view.members.find((member) => member.user === act.user) ?? {}, { timed_out_until: act.for_s === 0 ? null : Date.now() + act.for_s * 1000 });
      break;
    case "quarantine":
      Object.assign(view.members.find((member) => member.user === act.user) ?? {}, { quarantined_at: Date.now() });
      break;
    case "lift_quarantine":
      Object.assign(view.members.find((member) => member.user === act.user) ?? {}, { quarantined_at: null });
      break;
    case "settle":
      Object.assign(view.members.find((member) => member.user === act.user) ?? {}, { is_new: false, links_held_until: null });
      break;
    case "create_emoji":
      view.emoji = [...view.emoji, { id: draw(), name: act.name, token: `<:${act.name}:${draw()}>`, picture: null }].toSorted((a, b) => a.name.localeCompare(b.name));
      break;
    case "rename_emoji":
      view.emoji = view.emoji.map((one) => (one.id === act.emoji ? { ...one, name: act.name } : one));
      break;
    case "delete_emoji":
      view.emoji = view.emoji.filter((one) => one.id !== act.emoji);
      break;
    case "set_automatic":
    case "set_constraints": {
      const before = termsOf(world, act.role);
      const { act: _, role: __, ...some } = act;
      world.terms = [...world.terms.filter((one) => one.role !== act.role), { ...before, ...some }];
      break;
    }
    case "set_questions":
      view.questions = act.questions;
      break;
    case "approve":
    case "decline":
      world.applicants = world.applicants.filter((one) => one.user !== act.user);
      break;
    case "ban_many":
      view.members = view.members.filter((member) => !act.users.includes(member.user));
      break;
    case "set_invite":
      world.paused = act.gate === "closed" ? [...world.paused, act.code] : world.paused.filter((code) => code !== act.code);
      break;
    case "kick":
    case "ban":
      view.members = view.members.filter((member) => member.user !== act.user);
      break;
    default:
      changeStructure(world, view, act, draw);
  }
  return { outcome: "done" };
}

function termsOf(world: World, role: string): RoleTerms {
  const known = world.terms.find((one) => one.role === role);
  return known ?? { role, automatic: null, constraints: { second_factor: false, verified_device: false, expires_at: null, hours: null, networks: [] }, excludes: [] };
}

function changeStructure(world: World, view: GuildView, act: Act, draw: () => string): void {
  switch (act.act) {
    case "create_category":
      view.categories.push({ id: draw(), name: act.name, position: view.categories.length });
      break;
    case "edit_channel":
      Object.assign(view.channels.find((channel) => channel.id === act.channel) ?? {}, { name: act.name, topic: act.topic, slow_mode_s: act.slow_mode_s, ...(act.writers === null ? {} : { writers: act.writers }) });
      break;
    case "set_retention": {
      if (act.channel === null) view.retention_days = act.days;
      for (const channel of view.channels) {
        if (channel.id === act.channel) channel.retention_days = act.days;
        const all = [channel.retention_days, view.retention_days].filter((days) => days !== null);
        channel.kept_days = all.length === 0 ? null : Math.min(...all);
        const shown = world.channels.get(channel.id);
        if (shown !== undefined) shown.kept_days = channel.kept_days;
      }
      break;
    }
    case "delete_channel":
      view.channels = view.channels.filter((channel) => channel.id !== act.channel);
      break;
    case "move_channel": {
      const moved = view.channels.find((channel) => channel.id === act.channel);
      if (moved === undefined) break;
      const there = view.channels.filter((channel) => channel.category === act.category && channel !== moved);
      const rest = view.channels.filter((channel) => channel.category !== act.category && channel !== moved);
      moved.category = act.category;
      there.splice(act.position, 0, moved);
      for (const [position, channel] of there.entries()) channel.position = position;
      view.channels = [...rest, ...there].toSorted((a, b) => Number(a.category !== null) - Number(b.category !== null));
      break;
    }
    default:
  }
}

export function asks(world: World, guild: string, question: Question): CommandReply {
  const view = world.guilds.find((one) => one.id === guild);
  switch (question.about) {
    case "gate":
      return { outcome: "told", on: "gate", joins: "open", invites: "open", newcomer_s: 0, links_s: 86_400, mentions_s: 0 };
    case "joins":
      return { outcome: "told", on: "joins", joins: [{ user: id(5), username: "emil", display_name: "Emil", code: "k7QmP2", invited_by: id(2), at: Date.now() - 3 * 24 * 60 * minute, here: true }, { user: id(4), username: "dora", display_name: "Dora", code: "k7QmP2", invited_by: id(2), at: Date.now() - 4 * 24 * 60 * minute, here: true }] };
    case "applications":
      return { outcome: "told", on: "applications", applications: world.applicants, end: true };
    case "invites":
      return { outcome: "told", on: "invites", invites: world.invites.map((one) => ({ ...one, gate: world.paused.includes(one.code) ? "closed" : "open", membership: one.code.startsWith("g") ? "temporary" : "lasting" })) };
    case "bans":
      return { outcome: "told", on: "bans", bans: [{ user: id(9), username: "spammer", display_name: "Cheap Oars 24", by: id(1), reason: "Advertising in every channel", at: Date.now() - 90 * minute, until: null }], end: true };
    case "overwrites":
      return { outcome: "told", on: "overwrites", overwrites: [] };
    case "terms":
      return { outcome: "told", on: "terms", terms: (view?.roles ?? []).map((role) => termsOf(world, role.id)) };
    case "as_role":
      return { outcome: "told", on: "as_role", channels: (view?.channels ?? []).map((channel) => ({ channel: channel.id, permissions: "7" })) };
    case "right":
      return {
        outcome: "told",
        on: "right",
        user: question.user,
        channel: question.channel,
        right: question.right,
        permissions: "7",
        explanation: { allowed: true, steps: [{ step: "everyone", decision: "refuses" }, { step: "role", role: id(403) }], decided_by: { step: "role", role: id(403) } },
      };
    case "audit":
      return { outcome: "told", on: "audit", entries: entries(question.action), end: true };
    case "audit_file":
      return { outcome: "told", on: "file", name: "audit.json", text: JSON.stringify(entries(null)) };
    case "audit_checkpoint":
      return { outcome: "told", on: "checkpoint", seq: 4, checkpoint: "" };
  }
}

function entries(action: string | null): AuditView[] {
  const now = Date.now();
  const entry = (seq: number, rest: Partial<AuditView>): AuditView => ({ seq, at: now - (6 - seq) * 47 * minute, actor: id(1), actor_name: "ada", device: id(901), action: "guild.edit", target: `guild:${id(101)}`, target_name: null, before: null, after: null, reason: null, digest: "", head: "", ...rest });
  const all = [
    entry(5, { action: "member.ban", target: `member:${id(9)}`, target_name: "spammer", reason: "Advertising in every channel", after: '{"until":null}' }),
    entry(4, { actor: id(2), actor_name: "bruno", action: "channel.edit", target: `channel:${id(203)}`, before: '{"name":"races","slow_mode_s":0,"topic":""}', after: '{"name":"races-2027","slow_mode_s":0,"topic":"Dates, boats and who steers"}' }),
    entry(3, { action: "member.roles", target: `member:${id(2)}`, target_name: "bruno", before: '{"roles":[]}', after: '{"roles":["Helm"]}' }),
    entry(2, { action: "role.create", target: `role:${id(403)}`, after: '{"name":"Helm"}' }),
    entry(1, { action: "guild.create", after: '{"name":"Rowing club"}' }),
  ];
  return all.filter((one) => action === null || one.action === action);
}
