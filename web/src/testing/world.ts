/** Made-up people, servers and talk for the engine that lives in memory. */
import { noRoom, setRoom } from "./room";
export { goOn } from "./room";
import type { Application, BackupView, CauseCount, ChannelView, ComparisonView, DeviceView, EmojiView, GuildView, InviteView, KeyChange, MemberView, MessageView, NoticeView, OutboxView, OwnApplication, OwnStatus, PinnedView, PresenceView, ReaderView, RecoveryView, RoleTerms, ScheduledView, SessionView, WayView } from "../wire";
import { changeFrom } from "./recovery";
import { addCrowd } from "./member";
import { addPins } from "./pin";
import { addThreads } from "./thread";
import { type Kept, keeping } from "./people";

export const id = (number: number): string => `0190c0de-0000-7000-8000-${String(number).padStart(12, "0")}`;

const minute = 60_000;
const day = 24 * 60 * minute;

/** What a picture or a test asks for, as words of the address: `?scene=offline,long`. */
export type Scene = ReadonlySet<string>;

/** A server with its members, who are told apart from it. */
export interface FakeGuild extends GuildView {
  members: MemberView[];
}

export interface World {
  session: SessionView;
  setUpNeeded: boolean;
  guilds: FakeGuild[];
  channels: Map<string, ChannelView>;
  messages: Map<string, MessageView[]>;
  /** Messages that only "the server" has: `load_history` moves them. */
  remote: Map<string, MessageView[]>;
  pending: OutboxView[];
  /** Names of those who are writing, by channel. */
  writing: Map<string, string[]>;
  /** Older messages are being brought for the search. */
  bringing: boolean;
  /** What one is told of, by channel and server; and words one listens for. */
  notices: Map<string, NoticeView>;
  keywords: string[];
  scheduled: ScheduledView[];
  presences: PresenceView[];
  status: OwnStatus;
  /** What is pinned, by channel, the newest first. */
  pins: Map<string, PinnedView[]>;
  unreadable: CauseCount[];
  kept: Kept;
  indexing: boolean;
  dms: Array<{ channel: string; peer: string | null; username: string; display_name: string; people: number }>;
  devices: DeviceView[];
  invites: InviteView[];
  /** Who wants to join, and how one's own application stands. */
  applicants: Application[];
  terms: RoleTerms[];
  applied: OwnApplication[];
  /** Codes of invites that are paused. */
  paused: string[];
  recovery: RecoveryView;
  comparisons: ComparisonView[];
  /** People whose keys were compared, and since when. */
  verified: Map<string, number>;
  changed: Map<string, KeyChange>;
  /** People who started over and whom nobody here had verified. */
  startedOver: Set<string>;
  backup: BackupView;
  ways: WayView[];
  people: Map<string, { username: string; display_name: string }>;
}

const cast: Array<[number, string, string]> = [
  [1, "ada", "Ada Lindqvist"],
  [2, "bruno", "Bruno Okafor"],
  [3, "chiara", "Chiara"],
  [4, "dov", "דוב לוי"],
  [5, "emil", "Emil"],
  [6, "farida", "Farida Rahmani-Vestergaard"],
  [7, "goran", "Göran"],
];

const lines: Array<[number, number, string]> = [
  [2, 0, "Water's at 1.40 m and falling. We can row on Saturday."],
  [2, 1, "I'll be at the boat house from **seven**. Coffee is on me, *bread is not*."],
  [3, 3, "I can bring bread. How many are we?"],
  [1, 4, "Seven so far:\n\n- Ada, Bruno, Chiara\n- Dov and Emil\n- Farida, if the train runs\n- Göran"],
  [6, 22, "The train runs. I'm there at 7:40, please keep me a seat near the front."],
  [4, 25, "אני מביא את המשוטים החדשים. מישהו יכול לעזור לפרוק?"],
  [5, 26, "I can help, Dov. The key is behind the third brick."],
  [1, 41, "Route as in May. If the lock is closed we turn at the island:\n\n> Upstream boats give way at the bend.\n\nDetails: https://example.org/river/levels?station=14"],
  [7, 44, "The rudder of the blue boat sticks again. I wrote down what I tried in `rudder.txt`:\n\n```\nloosen 2 bolts (13 mm)\ngrease: none left\nresult: ~~works~~ works until it's cold\n```"],
  [7, 45, "Somebody with smaller hands should look."],
  [3, 61, "Mine are small. Saturday, before we start?"],
];

export function makeWorld(scene: Scene): World {
  const people = new Map(cast.map(([number, username, name]) => [id(number), { username, display_name: scene.has("names") && number === 2 ? "Maximiliana Konstantinopolitanskaja-Donaudampfschifffahrt von und zu Hohenbruck" : name }]));
  const now = Date.now();
  const start = new Date(now).setHours(9, 12, 0, 0) - (new Date(now).getHours() < 11 ? day : 0);
  const world: World = {
    session: { state: "active", connection: "online", me: { user: id(1), username: "ada", display_name: "Ada Lindqvist", device: id(901), operator: true }, pending_code: null, pending_qr: null, retry_at: null, instance_name: "Rowing on the Elbe", alarm: null, reports_new: false, deletion_at: scene.has("leaving") ? now + 29 * day : null },
    setUpNeeded: false,
    guilds: [],
    channels: new Map(),
    messages: new Map(),
    remote: new Map(),
    pending: [],
    writing: new Map(scene.has("writing") ? [[id(201), ["Bruno Okafor", "Chiara"]]] : []),
    unreadable: scene.has("states") ? [{ cause: "key_missing", count: 1 }, { cause: "withheld_unvouched", count: 3 }, { cause: "replayed", count: 2 }] : [],
    notices: new Map(scene.has("muted") ? [[id(202), { level: null, effective: null, muted_until: now + 8 * 3_600_000, muted: true }]] : []),
    keywords: scene.has("muted") ? ["oars", "boat house"] : [],
    scheduled: scene.has("later") ? [{ entry: id(851), channel: id(201), channel_name: "general", guild: id(101), body: "Good **morning**! The water is at 1.30 m.", due_at: now + 9 * 3_600_000 }] : [],
    presences: scene.has("alone") ? [] : [
      { user: id(1), state: "online", text: null },
      { user: id(2), state: "online", text: "Varnishing the oars until noon" },
      { user: id(3), state: "idle", text: null },
      { user: id(4), state: "do_not_disturb", text: "בפגישה" },
      { user: id(6), state: "online", text: null },
    ],
    status: { availability: "automatic", text: null, text_until: null },
    pins: new Map(),
    kept: keeping(),
    bringing: scene.has("bringing"),
    indexing: scene.has("indexing"),
    dms: [],
    devices: devices(now),
    paused: [],
    applied: scene.has("declined") ? [{ guild: id(101), guild_name: "Rowing club", at: now - 2 * day, declined_at: now - day / 2, reason: "We are full until May." }] : [],
    terms: [
      { role: id(403), automatic: null, constraints: { second_factor: true, verified_device: true, expires_at: null, hours: { days: 0b1_1111, from_min: 540, until_min: 1020, offset_min: 60 }, networks: ["203.0.113.0/24"] }, excludes: [] },
    ],
    applicants: [{ user: id(11), username: "nora", display_name: "Nora Quist", at: now - day / 3, code: "k7QmP2", invited_by: id(2), answers: [{ question: "What brings you to the river?", answer: "I rowed at school and miss it.\nSaturdays are best." }, { question: "Can you swim?", answer: "Yes." }] }],
    invites: [
      { code: "k7QmP2", url: "https://elbe.example/invite/k7QmP2#V2hvIHJlYWRzIHRoaXM", uses: 10, used: 3, expires_at: now + 5 * day, created_by: id(1), created_at: now - 2 * day },
      { code: "Zz81bb", url: null, uses: 0, used: 12, expires_at: null, created_by: id(2), created_at: now - 40 * day },
    ],
    ways: [{ id: "recovery", kind: "recovery_key", name: "", added_at: now - 40 * day }],
    backup: { missing: 0, saved: 412, restore: null, refused: 0, trouble: null },
    recovery: { key: "4K7P Q2MX 9TRD HH3V 81ZB W6YC NE5A JG0S", offer: false, change: null },
    people,
    comparisons: [],
    verified: new Map(scene.has("verified") ? [[id(2), now - 3 * day]] : []),
    changed: new Map(),
    startedOver: new Set(),
  };
  addGuild(world, { number: 101, name: scene.has("names") ? "Gesellschaft zur Förderung des gemeinschaftlichen Ruderns auf der Elbe" : "Rowing club", owner: 1, people: [1, 2, 3, 4, 5, 6, 7], start });
  addGuild(world, { number: 102, name: "Neighbours", owner: 2, people: [2, 1, 3], start });
  addGuild(world, { number: 103, name: "Choir", owner: 6, people: [6, 1], start });
  const club = world.guilds[0];
  if (club !== undefined) {
    if (scene.has("rules")) {
      club.rules = "- Nobody rows alone below **8 °C**.\n- The boat house is left as it was found.\n- What is said here stays here.";
      club.rules_wait = true;
    }
    club.icon = "boats";
    club.emoji = ["oar", "buoy"].map((name, at) => ({ id: id(701 + at), name, token: `<:${name}:${id(701 + at)}>`, picture: name }));
    club.banner = "river";
    const bruno = club.members.find((member) => member.username === "bruno");
    if (bruno !== undefined) bruno.display_name = bruno.nickname = "Coxswain Bruno";
  }
  if (club !== undefined) fillClub(world, club, scene, start, now);
  addDm(world, 2, [[2, "Did you see the new **oars**?"], [1, "Not yet. Are they good?"], [2, "They're *light*. You'll want a pair."]], now - 40 * minute, 1);
  addDm(world, 4, [[4, "תודה על אתמול"]], now - 26 * 60 * minute, 0);
  addDm(world, 6, [], 0, 0);
  if (scene.has("request")) {
    addDm(world, 7, [[7, "Hi! Is a seat in the double free on Sunday?"]], now - 12 * minute, 1);
    const view = world.channels.get(id(307));
    if (view !== undefined) view.request = "incoming";
  }
  if (!scene.has("new")) {
    const crew = addGroup(world, 321, [1, 2, 3, 6], "Saturday crew");
    addMessage(world, crew.id, id(2), "", now - 95 * minute).content = { content: "named", name: "Saturday crew" };
    addMessage(world, crew.id, id(3), "Who has the **key**?", now - 90 * minute);
    addMessage(world, crew.id, id(1), "Behind the third brick.", now - 88 * minute);
    crew.read_seq = crew.last_seq;
    if (club !== undefined) addPrivate(world, club);
  }
  if (scene.has("pins")) addPins(world, now);
  if (scene.has("crowd") && club !== undefined) addCrowd(club, 5_000, id);
  if (scene.has("threads")) addThreads(world, now);
  if (scene.has("newcomers")) for (const list of world.messages.values()) for (const message of list) if (message.content.content === "text" && message.content.body.includes("https://")) message.links_held_until = now + day;
  applyScene(world, scene, now);
  return world;
}

interface NewGuild {
  number: number;
  name: string;
  owner: number;
  people: number[];
  start: number;
}

function addGuild(world: World, { number, name, owner, people, start }: NewGuild): void {
  const members = people.map((person): MemberView => {
    const who = world.people.get(id(person)) ?? { username: "x", display_name: "X" };
    return { user: id(person), ...who, nickname: null, owner: person === owner, joined_at: start - person * 9 * day, vouched: person !== 5, me: person === 1, safety: person === 7 ? "unknown" : "known", roles: [], timed_out_until: null, membership: person === 5 ? "temporary" : "lasting", links_held_until: null, is_new: person === 7, quarantined_at: null };
  });
  const rights = owner === 1 ? (2n ** 64n - 1n).toString() : "65537";
  world.guilds.push({ id: id(number), name, icon: null, banner: null, emoji: [], rules: null, rules_wait: false, retention_days: null, questions: [], owner: id(owner), my_permissions: rights, my_roles: [], everyone: "9130047", roles: [], categories: [], channels: [], members, member_count: members.length, me: members.find((one) => one.me) ?? null, changed: null });
}

export function addChannel(world: World, guild: FakeGuild, number: number, name: string): ChannelView {
  const view: ChannelView = {
    id: id(number),
    kind: { kind: "text" },
    guild: guild.id,
    name,
    topic: "",
    slow_mode_s: 0, writers: "all", kept_days: null,
    draft: "",
    read_seq: 0,
    last_seq: 0,
    readers: guild.members.length,
    devices: guild.members.length * 2 - 1,
    unvouched: guild.members.filter((member) => !member.vouched).map((member) => member.user),
    unvouched_kept_out: false,
    people: [],
    history: "shared" as const,
    fork: null,
    history_asked_at: null,
    may_have_history: true,
    can_set_policy: guild.owner === id(1),
    can_send: true,
    room: noRoom(),
    request: null,
    blocked: null,
  };
  guild.channels.push({ id: view.id, name, topic: "", category: null, position: guild.channels.length, slow_mode_s: 0, writers: "all", retention_days: null, kept_days: null, my_permissions: guild.my_permissions, unread: 0, mentions: 0, threads: 0, last_seq: 0, private: false, muted: false, waiting: 0, waits: false, continues: null });
  world.channels.set(view.id, view);
  world.messages.set(view.id, []);
  return view;
}

let nextMessage = 100_000;

/** What nothing was said about. */
export const plain = (mine: boolean) => ({ mentions: [] as MessageView["mentions"], edited_at: null, reply: null, forwarded_from: null as string | null, handed_by: null as string | null, reactions: [], changing: false, can_edit: mine, can_delete: true, can_react: true, pinned: false, can_pin: true, from_blocked: false, calls_me: false, expires_at: null as number | null, links_held_until: null as number | null, thread: null as MessageView["thread"], in_thread: null as string | null, can_thread: true });

export function addMessage(world: World, channel: string, author: string, body: string, at: number): MessageView {
  const list = world.messages.get(channel) ?? [];
  const view = world.channels.get(channel);
  const seq = (view?.last_seq ?? 0) + 1;
  nextMessage += 1;
  const message: MessageView = {
    id: id(nextMessage),
    seq,
    at,
    author,
    author_name: world.people.get(author)?.display_name ?? "Somebody",
    device: id(901),
    mine: author === world.session.me?.user,
    content: { content: "text", body },
    ...plain(author === world.session.me?.user),
  };
  list.push(message);
  world.messages.set(channel, list);
  if (view !== undefined) view.last_seq = seq;
  for (const guild of world.guilds) for (const one of guild.channels) if (one.id === channel) one.last_seq = seq;
  return message;
}

function addDm(world: World, peer: number, talk: Array<[number, string]>, last: number, unread: number): void {
  const who = world.people.get(id(peer));
  if (who === undefined) return;
  const channel = id(300 + peer);
  world.channels.set(channel, { id: channel, kind: { kind: "dm", peer: id(peer) }, guild: null, name: who.display_name, topic: "", slow_mode_s: 0, writers: "all", kept_days: null, draft: "", read_seq: 0, last_seq: 0, readers: 2, devices: 3, unvouched: [], unvouched_kept_out: false, people: [], history: null, fork: null, history_asked_at: null, may_have_history: false, can_set_policy: false, can_send: true, room: noRoom(), request: null, blocked: null });
  world.messages.set(channel, []);
  world.dms.push({ channel, peer: id(peer), people: 2, ...who });
  talk.forEach(([author, body], index) => addMessage(world, channel, id(author), body, last - (talk.length - index) * minute));
  const view = world.channels.get(channel);
  if (view !== undefined) view.read_seq = view.last_seq - unread;
}

/** Somebody as a reader. */
function reader(world: World, person: number, right: ReaderView["right"], vouched = true): ReaderView {
  const who = world.people.get(id(person)) ?? { username: "x", display_name: "X" };
  return { user: id(person), ...who, right, vouched, me: person === 1, safety: "known" };
}

/** A conversation of several people. */
export function addGroup(world: World, number: number, people: number[], title: string | null): ChannelView {
  const readers = people.map((person, index) => reader(world, person, index === 0 ? "owner" : "named"));
  const name = title ?? readers.filter((one) => !one.me).map((one) => one.display_name).join(", ");
  const view: ChannelView = { id: id(number), kind: { kind: "group", guild: id(number + 1000), owner: id(people[0] ?? 1), title }, guild: id(number + 1000), name, topic: "", slow_mode_s: 0, writers: "all", kept_days: null, draft: "", read_seq: 0, last_seq: 0, readers: people.length, devices: people.length * 2, unvouched: [], unvouched_kept_out: true, people: readers, history: "kept", fork: null, history_asked_at: null, may_have_history: true, can_set_policy: people[0] === 1, can_send: true, room: noRoom(), request: null, blocked: null };
  world.channels.set(view.id, view);
  world.messages.set(view.id, []);
  world.dms.push({ channel: view.id, peer: null, username: "", display_name: name, people: people.length });
  return view;
}

/** A channel that some members read, one of whom nobody vouches for. */
function addPrivate(world: World, club: FakeGuild): void {
  const view = addChannel(world, club, 204, "committee");
  Object.assign(view, { kind: { kind: "private" }, readers: 3, devices: 4, unvouched: [id(5)], unvouched_kept_out: true, people: [reader(world, 1, "owner"), reader(world, 2, "named"), reader(world, 5, "named", false)] });
  for (const one of club.channels) if (one.id === view.id) one.private = true;
}

function fillClub(world: World, club: FakeGuild, scene: Scene, start: number, now: number): void {
  const general = addChannel(world, club, 201, scene.has("names") ? "wasserstandsmeldungen-und-wettervorhersagen-oberelbe" : "general");
  const house = addChannel(world, club, 202, "boat-house");
  addChannel(world, club, 203, "races-2027");
  govern(club);
  const neighbours = world.guilds[1];
  if (neighbours !== undefined) addMessage(world, addChannel(world, neighbours, 211, "stairs").id, id(2), "The lamp is fixed.", now - 3 * day);
  const choir = world.guilds[2];
  if (choir !== undefined) addChannel(world, choir, 221, "rehearsals").read_seq = 0;

  if (scene.has("empty")) return;
  if (scene.has("one")) {
    addMessage(world, general.id, id(2), "First!", start);
    general.read_seq = 1;
    return;
  }
  if (scene.has("long")) addLong(world, general.id, start);
  addMessage(world, general.id, id(6), "Thanks for yesterday, everyone. My arms disagree.", start - day + 3 * minute);
  addMessage(world, general.id, id(1), "Mine too. Worth it.", start - day + 9 * minute);
  for (const [author, after, body] of lines) addMessage(world, general.id, id(author), body, start + after * minute);
  if (scene.has("huge")) addMessage(world, general.id, id(2), huge(), start + 62 * minute);
  general.read_seq = general.last_seq - (scene.has("away") ? 60 : scene.has("unread") ? 4 : 0);
  addMessage(world, house.id, id(7), "Who has the second key?", now - 50 * minute);
  addMessage(world, house.id, id(5), "Me.", now - 49 * minute);
}

/** Roles and a category, and who holds what. */
function govern(club: FakeGuild): void {
  const role = (number: number, name: string, position: number, color: string | null, permissions: bigint) => ({ id: id(number), name, position, color, hoisted: position > 1, mentionable: true, permissions: permissions.toString() });
  club.roles = [role(403, "Helm", 3, "#8a5a2b", (1n << 49n) | (1n << 37n) | (1n << 36n) | (1n << 35n)), role(402, "Crew", 2, "#4a7c59", 1n << 16n), role(401, "Guests", 1, null, 0n)];
  const hold = (person: number, ...numbers: number[]) => {
    const member = club.members.find((one) => one.user === id(person));
    if (member !== undefined) member.roles = numbers.map(id);
  };
  hold(2, 403, 402);
  hold(3, 402);
  hold(6, 402);
  hold(5, 401);
  club.categories = [{ id: id(501), name: "Season", position: 0 }];
  const races = club.channels.at(-1);
  if (races !== undefined) Object.assign(races, { category: id(501), position: 0, topic: "Dates, boats and who steers" });
}

/** 500 messages in the store, and 120 more on the server. */
function addLong(world: World, channel: string, start: number): void {
  for (let number = 0; number < 620; number += 1) {
    const author = id(1 + ((number * 7) % 6));
    const body = number % 17 === 0 ? `Line ${number}: ${"a longer thought that runs over a few lines so that heights differ, ".repeat(1 + (number % 5))}` : `Line ${number}`;
    addMessage(world, channel, author, body, start - 9 * day + number * 20 * minute);
  }
  const all = world.messages.get(channel) ?? [];
  world.remote.set(channel, all.splice(0, 120));
}

function huge(): string {
  const sentence = "The river remembers every boat that ever crossed it, and forgets all of their names by the evening. ";
  return sentence.repeat(40).slice(0, 3_990);
}

function devices(now: number): DeviceView[] {
  return [
    { id: id(901), name: "Chromium on Linux", platform: "web", state: "active", this_one: true, created_at: now - 60 * day, last_seen_at: now, code: null, approved_by: null, added: [] },
    { id: id(902), name: "Ada's phone", platform: "web android", state: "active", this_one: false, created_at: now - 20 * day, last_seen_at: now - 12 * minute, code: null, approved_by: id(901), added: [id(903)] },
    { id: id(903), name: "cloister on boathouse", platform: "cli", state: "active", this_one: false, created_at: now - 4 * day, last_seen_at: now - 2 * day, code: null, approved_by: id(902), added: [] },
    { id: id(904), name: "Old tablet", platform: "web", state: "revoked", this_one: false, created_at: now - 300 * day, last_seen_at: now - 200 * day, code: null, approved_by: id(901), added: [] },
  ];
}

function applyScene(world: World, scene: Scene, now: number): void {
  const general = world.channels.get(id(201));
  if (scene.has("out") || scene.has("set-up")) Object.assign(world.session, { state: "signed_out", me: null });
  world.setUpNeeded = scene.has("set-up");
  if (scene.has("pending")) Object.assign(world.session, { state: "pending", pending_code: "7QKM-2XPD-V49T-HB3C", pending_qr: "CLOISTER:DEVICE:1:034C1QHC000YG000G00000004W:7QKM2XPDV49THB3C7QKM2XPDV49THB3C7QKM2XPDV49THB3C7QKM" });
  if (scene.has("revoked")) world.session.state = "revoked";
  if (scene.has("cloned")) world.session.state = "cloned";
  if (scene.has("offline")) Object.assign(world.session, { connection: "offline", retry_at: now + 14_000 });
  if (scene.has("alarm")) world.session.alarm = "It showed two different member lists for Rowing club. Compare with the others outside Cloister before you write anything important.";
  if (scene.has("recovery")) world.recovery.offer = true;
  if (scene.has("behind")) world.backup.missing = 3;
  if (scene.has("restoring")) world.backup.restore = { taken: 120, total: 412 };
  if (scene.has("refused")) world.backup.refused = 2;
  if (scene.has("kept")) world.recovery = { key: null, offer: false, change: null };
  if (scene.has("changing")) world.recovery = { key: null, offer: false, change: changeFrom(world.devices.find((one) => !one.this_one)?.id ?? "", null) };
  if (scene.has("only")) world.devices = world.devices.slice(0, 1);
  if (scene.has("new")) Object.assign(world, { guilds: [], dms: [] });
  if (scene.has("waiting-device")) world.devices.push({ id: id(905), name: "Firefox on Windows", platform: "web", state: "pending", this_one: false, created_at: now, last_seen_at: now, code: "7QKM-2XPD-V49T-HB3C", approved_by: null, added: [] });
  if (scene.has("blocked-send") && general !== undefined) general.blocked = { code: "ROSTER_UNVERIFIABLE", message: "", retry_after_ms: null };
  if (scene.has("closed") && general !== undefined) general.can_send = false;
  setRoom(world, scene, general);
  if (scene.has("pending-emoji")) {
    Object.assign(world.session, { state: "pending", pending_code: "7QKM-2XPD-V49T-HB3C", pending_qr: null });
    world.comparisons.push({ id: "C1", user: id(1), name: "Ada Lindqvist", device: id(902), own_device: true, stage: { stage: "compare", emoji } });
  }
  if (scene.has("asks")) world.comparisons.push({ id: "C2", user: id(2), name: "Bruno Okafor", device: null, own_device: false, stage: { stage: "incoming" } });
  if (scene.has("emoji")) world.comparisons.push({ id: "C3", user: id(2), name: "Bruno Okafor", device: null, own_device: false, stage: { stage: "compare", emoji } });
  if (scene.has("code-read")) world.comparisons.push({ id: "C4", user: id(2), name: "Bruno Okafor", device: null, own_device: false, stage: { stage: "code_read" } });
  if (scene.has("emoji-differ")) world.comparisons.push({ id: "C5", user: id(2), name: "Bruno Okafor", device: null, own_device: false, stage: { stage: "ended", why: "different" } });
  for (const guild of world.guilds) for (const member of guild.members) if (world.verified.has(member.user)) member.safety = "verified";
  if (scene.has("violation")) world.changed.set(id(6), { change: "started_over" });
  if (scene.has("contradiction")) world.changed.set(id(2), { change: "contradiction", what: "" });
  if (scene.has("started-over")) world.startedOver.add(id(2));
  if (scene.has("replaced")) world.session.state = "started_over";
  if (scene.has("dm-changed")) world.changed.set(id(2), { change: "started_over" });
  for (const guild of world.guilds) for (const member of guild.members) if (world.changed.has(member.user)) member.safety = "violation";
  if (scene.has("violation")) for (const member of world.guilds[0]?.members ?? []) if (member.username === "farida") member.safety = "violation";
  if (scene.has("states")) addStates(world, now);
  if (scene.has("remarks")) addRemarks(world, scene, now);
}

/** Everything that a text can be. */
function dialect(now: number): string {
  const soon = Math.floor(now / 1000) + 2 * 3600;
  return `## Saturday\n**Bold**, *italic*, __underlined__, ~~struck~~, \`code\` and ||the cake is lemon||. We start <t:${soon}:R>, at <t:${soon}:t>.\n-# Small print: bring a towel.\n\n> Who quotes, listens.\n\n1. Warm up\n2. Row\n   - slowly\n   - then not\n\n\`\`\`rust\n// How long until we meet?\nfn wait(hours: u32) -> Duration {\n    let text = "soon";\n    Duration::from_hours(hours.into())\n}\n\`\`\`\n@everyone please say if you can't come: [the plan](https://example.org/plan)`;
}

/** Answers, reactions, edits and deletions. */
function addRemarks(world: World, scene: Scene, now: number): void {
  const channel = id(201);
  const list = world.messages.get(channel) ?? [];
  const question = addMessage(world, channel, id(3), "Who takes the cox's seat on the way back? I did it **twice** in a row.", now - 16 * minute);
  question.reactions = [
    { emoji: "🚣", name: "🚣", picture: null, count: 3, mine: true, names: ["Ada Lindqvist", "Bruno Okafor", "Emil"] },
    { emoji: `<:oar:${id(701)}>`, name: ":oar:", picture: "oar", count: 2, mine: false, names: ["Chiara", "Emil"] },
    { emoji: "😅", name: "😅", picture: null, count: 1, mine: false, names: ["Göran"] },
  ];
  const quote = (message: MessageView) => ({ message: message.id, seq: message.seq, author: message.author, author_name: message.author_name, preview: message.content.content === "text" ? message.mentions.reduce((text, one) => text.replaceAll(one.token, one.written), message.content.body) : null, gone: message.content.content === "removed" });
  const answer = addMessage(world, channel, id(2), `I can. My knees would thank you <:oar:${id(701)}> <:raft:${id(703)}>`, now - 14 * minute);
  answer.reply = quote(question);
  answer.mentions = [
    { token: `<:oar:${id(701)}>`, name: "oar", written: ":oar:", person: null, channel: null, picture: "oar" },
    { token: `<:raft:${id(703)}>`, name: "raft", written: ":raft:", person: null, channel: null, picture: null },
  ];
  answer.edited_at = now - 13 * minute;
  const spam = addMessage(world, channel, id(5), "", now - 12 * minute);
  spam.content = { content: "removed", by_name: "Ada Lindqvist" };
  const gone = addMessage(world, channel, id(6), "", now - 10 * minute);
  gone.content = { content: "removed", by_name: null };
  const late = addMessage(world, channel, id(4), "לא ראיתי, מה היה שם?", now - 8 * minute);
  late.reply = quote(gone);
  const mine = addMessage(world, channel, id(1), "Settled then. Bruno coxes, Chiara rests.", now - 6 * minute);
  mine.reply = quote(answer);
  mine.reactions = [{ emoji: "❤️", name: "❤️", picture: null, count: 12, mine: false, names: ["Bruno Okafor", "Chiara", "Emil"] }];
  const called = addMessage(world, channel, id(7), `<@${id(1)}>, can you bring the *blue* key to <#${id(202)}>?`, now - 4 * minute);
  called.calls_me = true;
  called.mentions = [
    { token: `<@${id(1)}>`, name: "Ada Lindqvist", written: "@ada", person: id(1), channel: null, picture: null },
    { token: `<#${id(202)}>`, name: "boat-house", written: "#boat-house", person: null, channel: id(202), picture: null },
  ];
  if (scene.has("dialect")) addMessage(world, channel, id(2), dialect(now), now - 3 * minute);
  if (scene.has("poll")) {
    addMessage(world, channel, id(4), "", now - 3 * minute).content = {
      content: "poll",
      question: "Which boat do we take on Saturday?",
      options: [
        { text: "The blue one", count: 3, mine: false, names: ["Bruno Okafor", "Chiara", "Emil"] },
        { text: "The old wooden one, if the rudder holds", count: 2, mine: true, names: ["Ada Lindqvist", "Göran"] },
        { text: "Whatever floats", count: 0, mine: false, names: [] },
      ],
      many: false,
      ends_at: now + 26 * 60 * minute,
      over: false,
      voters: 5,
    };
    addMessage(world, channel, id(6), "Train 7:02 is cancelled, take the 6:48.", now - 2 * minute).forwarded_from = "Emil";
  }
  if (scene.has("dialect")) addMessage(world, channel, id(3), "🎉 🚣‍♀️", now - 2 * minute);
  const view = world.channels.get(channel);
  if (view !== undefined) view.read_seq = list.at(-1)?.seq ?? 0;
}

const emoji: EmojiView[] = [
  ["🐙", "Octopus"],
  ["🌳", "Tree"],
  ["✂️", "Scissors"],
  ["🚲", "Bicycle"],
  ["⌛", "Hourglass"],
  ["🍓", "Strawberry"],
  ["⚓", "Anchor"],
].map(([symbol, name]) => ({ symbol: symbol ?? "", name: name ?? "" }));

/** One of everything that can happen to a message. */
function addStates(world: World, now: number): void {
  const channel = id(201);
  const list = world.messages.get(channel) ?? [];
  for (const message of list.slice(0, 2)) message.content = { content: "before_you_joined" };
  const causes = ["key_missing", "withheld_unvouched", "withheld_violation", "withheld_no_keys", "corrupt", "wrong_sender", "replayed", "before_this_device", "keys_lost"] as const;
  causes.forEach((cause, index) => {
    addMessage(world, channel, id(3 + (index % 3)), "", now - (20 - index) * minute).content = { content: "undecryptable", cause };
  });
  addMessage(world, channel, id(6), "", now - 9 * minute).content = { content: "waiting" };
  const view = world.channels.get(channel);
  if (view !== undefined) view.read_seq = view.last_seq;
  world.pending.push(
    { entry: id(801), channel, kind: "message", target: null, reply: null, mentions: [], body: "Can somebody check the lock before Saturday?", at: now - minute, delivery: { state: "failed", code: "OFFLINE", message: "" } },
    { entry: id(802), channel, kind: "message", target: null, reply: null, mentions: [], body: "And the **life jackets**.", at: now - minute / 2, delivery: { state: "sending" } },
  );
}
