/** An engine that lives in memory: for tests of the view, and for working on screens. */
import { type EngineBridge, type EngineStatus, Refused, type ReplyTo } from "../engine/contract";
import type { Command, CommandReply, ErrorCode, OutboxView, Query, QueryReply, Topic } from "../wire";
import { FakeAccount } from "./account";
import { asks, governs } from "./govern";
import { changeGroup, type GroupChange, reader } from "./group";
import { invitedTo, joins } from "./joining";
import { changeHistory, setHistory, timelineOf } from "./history";
import { everyday } from "./later";
import { callsOf, noticeOf, placeId, summaryOf } from "./notice";
import { pause } from "./pause";
import { keeps } from "./people";
import { editsOf, withReaction } from "./reaction";
import { isRecovery, recovers } from "./recovery";
import { myReports, reportable, reports } from "./report";
import { setPin } from "./pin";
import { search, seenLines } from "./search";
import { changeThread, newThreads, threadAnswer } from "./thread";
import { FakeTrust } from "./trust";
import { headOf, membersOf } from "./member";
import { addChannel, addGroup, addMessage, id, makeWorld, type FakeGuild, type Scene, type World, goOn } from "./world";
import { painted } from "./picture";
import { asked } from "./poll";

const refuse = (code: ErrorCode): never => {
  throw new Refused({ code, message: "", retry_after_ms: null });
};

export class FakeEngine implements EngineBridge {
  readonly world: World;
  readonly given: Command[] = [];
  readonly open: boolean;
  readonly mail: boolean;
  readonly #listeners = new Set<(topics: Topic[]) => void>();
  readonly #status: EngineStatus;
  #next = 5_000;
  readonly #account: FakeAccount;
  readonly #trust: FakeTrust;

  constructor(scene: Scene = new Set()) {
    this.open = scene.has("open");
    this.mail = !scene.has("no-mail");
    this.world = makeWorld(scene);
    setHistory(this.world, scene);
    this.#trust = new FakeTrust(this.world, (...topics) => this.tell(...topics));
    const owned = this.world.guilds.filter((one) => one.owner === this.world.session.me?.user).map((one) => one.id);
    const leaves = (at: number | null) => this.tell(Object.assign(this.world.session, { deletion_at: at }) && { topic: "session" });
    this.#account = new FakeAccount(scene, () => this.tell({ topic: "security" }), leaves, owned);
    this.#status = scene.has("blocked") ? "blocked" : "leader";
  }

  async query<Q extends Query>(query: Q): Promise<ReplyTo<Q>> {
    await pause();
    return structuredClone(this.#answer(query)) as ReplyTo<Q>;
  }

  async command(command: Command): Promise<CommandReply> {
    this.given.push(command);
    await pause();
    return this.#do(command);
  }

  subscribe(listener: (topics: Topic[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  status(): EngineStatus {
    return this.#status;
  }

  onStatus(): () => void {
    return () => undefined;
  }

  blockedBy() {
    return this.#status === "blocked" ? { code: "STORE_FAILED" as const, message: "", retry_after_ms: null } : null;
  }

  /** Something came in from the outside. */
  arrives(channel: string, author: string, body: string): void {
    addMessage(this.world, channel, author, body, Date.now());
    this.#tellOf(channel);
  }

  tell(...topics: Topic[]): void {
    for (const listener of this.#listeners) listener(topics);
  }

  #tellOf(channel: string): void {
    const guild = this.world.channels.get(channel)?.guild;
    this.tell({ topic: "timeline", channel }, { topic: "channel", channel }, { topic: "guilds" }, { topic: "dms" }, ...(guild ? [{ topic: "guild" as const, guild }] : []));
  }

  #unread(channel: string): number {
    const view = this.world.channels.get(channel);
    return view === undefined ? 0 : (this.world.messages.get(channel) ?? []).filter((message) => message.seq > view.read_seq && !message.mine && message.in_thread === null).length;
  }

  #answer(query: Query): QueryReply {
    const { world } = this;
    switch (query.ask) {
      case "session":
        return { answer: "session", ...world.session };
      case "guilds":
        return { answer: "guilds", guilds: world.guilds.map((guild) => summaryOf(world, guild, (channel) => this.#unread(channel))) };
      case "guild": {
        const guild = world.guilds.find((one) => one.id === query.guild);
        return { answer: "guild", guild: guild ? { ...headOf(guild), channels: guild.channels.map((one) => ({ ...one, unread: this.#unread(one.id), threads: newThreads(world, one.id), muted: noticeOf(world, one.id).muted })) } : null };
      }
      case "members":
        return membersOf(world, query);
      case "picture":
        return { answer: "picture", url: painted(query.picture) };
      case "dms":
        return { answer: "dms", dms: world.dms.map((dm) => this.#dm(dm)).toSorted((a, b) => b.last_at - a.last_at) };
      case "people":
        return { answer: "people", people: [...world.people].filter(([user]) => user !== world.session.me?.user && world.guilds.length > 0).map(([user, who]) => ({ user, ...who, safety: "known" as const })) };
      case "channel":
        return { answer: "channel", channel: world.channels.get(query.channel) ?? null };
      case "timeline":
        return timelineOf(this.world, query);
      case "thread":
      case "threads":
        return threadAnswer(world, query);
      case "notice":
        return { answer: "notice", ...noticeOf(world, placeId(query.about)) };
      case "scheduled":
        return { answer: "scheduled", entries: world.scheduled.filter((one) => query.channel === null || one.channel === query.channel) };
      case "keywords":
        return { answer: "keywords", words: world.keywords };
      case "presences":
        return { answer: "presences", people: world.presences, mine: world.status };
      case "pins":
        return { answer: "pins", pins: world.pins.get(query.channel) ?? [] };
      case "mentions":
        return { answer: "mentions", mentions: callsOf(world) };
      case "typing":
        return { answer: "typing", names: this.world.writing.get(query.channel) ?? [] };
      case "places":
        return { answer: "places", places: world.guilds.flatMap((guild) => guild.channels.map((one) => ({ guild: guild.id, guild_name: guild.name, channel: one.id, name: one.name, unread: this.#unread(one.id), mentions: 0 }))) };
      case "edits":
        return { answer: "edits", edits: editsOf(this.#message(query.message).message) };
      case "devices":
        return { answer: "devices", devices: world.devices };
      case "person":
        return { answer: "person", person: this.#trust.person(query.user) };
      case "comparisons":
        return { answer: "comparisons", comparisons: world.comparisons };
      case "recovery":
        return { answer: "recovery", ...world.recovery };
      case "ways":
        return { answer: "ways", ways: world.ways };
      case "backup":
        return { answer: "backup", ...world.backup };
      case "outbox":
        return { answer: "outbox", entries: world.pending };
      case "sent":
        return { answer: "sent", message: [...world.messages.values()].flat().find((message) => message.id === query.entry)?.id ?? null };
      case "invites":
        return { answer: "invites", invites: world.invites };
      case "reportable": {
        const { channel, message } = this.#message(query.message);
        return { answer: "reportable", view: reportable(world, channel, message) };
      }
      case "seen":
        return { answer: "seen", seen: { channel: query.channel, name: "general", lines: seenLines } };
      case "locate": {
        const message = [...world.messages.entries()].flatMap(([channel, list]) => list.map((one) => ({ channel, one }))).find(({ one }) => one.id === query.message);
        return { answer: "locate", place: message === undefined ? null : { channel: message.channel, guild: world.channels.get(message.channel)?.guild ?? null, seq: message.one.seq, thread: message.one.in_thread } };
      }
      case "search":
        return { answer: "search", ...search(world, query) };
      case "status":
        return { answer: "status", connection: world.session.connection, outbox: world.pending.length, failed: 0, reads_due: 0, undecryptable: world.unreadable, waiting: world.unreadable.length, devices: world.devices.length, not_backed_up: world.backup.missing, queue_seq: 0, last_error: null };
    }
  }

  #dm(dm: World["dms"][number]) {
    const last = this.world.messages.get(dm.channel)?.at(-1);
    const request = this.world.channels.get(dm.channel)?.request ?? null;
    const waits = request === "incoming";
    return { ...dm, request, safety: this.#trust.safety(dm.peer), unread: waits ? 0 : this.#unread(dm.channel), mentions: 0, muted: noticeOf(this.world, dm.channel).muted, quiet: false, last_at: last?.at ?? 0, preview: !waits && last?.content.content === "text" ? last.content.body : null };
  }

  #message(wanted: string) {
    for (const [channel, list] of this.world.messages) {
      const message = list.find((one) => one.id === wanted);
      if (message !== undefined) return { channel, message };
    }
    return refuse("NOT_FOUND");
  }

  #vote(wanted: string, choices: number[]): CommandReply {
    const { channel, message } = this.#message(wanted);
    const poll = message.content.content === "poll" ? message.content : refuse("INVALID");
    const before = poll.options.some((one) => one.mine);
    message.content = {
      ...poll,
      voters: poll.voters - Number(before) + Number(choices.length > 0),
      options: poll.options.map((one, index) => ({ ...one, mine: choices.includes(index), count: one.count - Number(one.mine) + Number(choices.includes(index)) })),
    };
    this.#tellOf(channel);
    return { outcome: "queued", entry: wanted };
  }

  #forward(wanted: string, channel: string): CommandReply {
    const { message } = this.#message(wanted);
    const body = message.content.content === "text" ? message.content.body : refuse("INVALID");
    addMessage(this.world, channel, this.world.session.me?.user ?? "", body, Date.now()).forwarded_from = message.author_name;
    this.#tellOf(channel);
    return { outcome: "queued", entry: wanted };
  }

  #remark(command: Extract<Command, { do: "edit" | "react" | "unreact" }>): CommandReply {
    const { channel, message } = this.#message(command.message);
    if (command.do === "edit") Object.assign(message, { content: { content: "text", body: command.body }, edited_at: Date.now() });
    else message.reactions = withReaction(message.reactions, command.emoji, command.do === "react", this.world.session.me?.display_name ?? "");
    this.#tellOf(channel);
    return { outcome: "queued", entry: id(this.#id()) };
  }

  #delete(messages: string[]): CommandReply {
    for (const one of messages) {
      const { channel, message } = this.#message(one);
      Object.assign(message, { content: { content: "removed", by_name: message.mine ? null : (this.world.session.me?.display_name ?? null) }, reactions: [], reply: null, can_edit: false, can_delete: false, can_react: false });
      this.#tellOf(channel);
    }
    return { outcome: "done" };
  }

  #do(command: Command): CommandReply {
    const { world } = this;
    if (isRecovery(command)) return recovers(world, command, (...topics) => this.tell(...topics));
    const done = everyday(world, command, () => id(this.#id()), (...topics) => this.tell(...topics));
    if (done !== null) return done;
    const threaded = changeThread(world, command);
    if (threaded !== null) {
      this.#tellOf(threaded.channel);
      return threaded.reply;
    }
    const earlier = changeHistory(world, command);
    if (earlier !== null) {
      this.#tellOf(earlier);
      return { outcome: "done" };
    }
    switch (command.do) {
      case "preview":
        return this.#preview(command.invite);
      case "register":
        return this.#register(command);
      case "sign_in":
        if (command.password === "wrong") refuse("WRONG_CREDENTIALS");
        if (command.password === "code" && command.code === null) refuse("SECOND_FACTOR_REQUIRED");
        Object.assign(world, { session: makeWorld(new Set()).session });
        this.tell({ topic: "session" });
        return { outcome: "signed_in", state: "active" };
      case "sign_out":
        if (world.backup.missing > 0 && !command.anyway) return refuse("NOT_BACKED_UP");
        Object.assign(world.session, { state: "signed_out", me: null });
        this.tell({ topic: "session" });
        break;
      case "create_guild":
        return this.#createGuild(command.name);
      case "create_channel":
        return this.#createChannel(command.guild, command.name, command.readers, command.continues);
      case "set_readers": {
        const view = world.channels.get(command.channel);
        if (view !== undefined) view.people = [...view.people.filter((one) => one.right !== "named"), ...command.users.map((user) => reader(this.world, user))];
        this.#tellOf(command.channel);
        break;
      }
      case "create_group": {
        const people = [1, ...command.users.map((user) => Number(user.slice(-3)))];
        const made = addGroup(world, this.#id(), people, command.name);
        this.tell({ topic: "dms" });
        return { outcome: "channel", channel: made.id };
      }
      case "add_to_group":
      case "remove_from_group":
      case "hand_over_group":
      case "rename_group":
      case "leave_group":
        return this.#changeGroup(command);
      case "leave_guild":
      case "delete_guild":
        world.guilds = world.guilds.filter((guild) => guild.id !== command.guild);
        this.tell({ topic: "guilds" }, { topic: "guild", guild: command.guild });
        break;
      case "join_guild":
        return { outcome: "guild", guild: id(102) };
      case "apply":
      case "withdraw":
      case "applications":
      case "create_invite":
        if (command.do === "create_invite") this.tell({ topic: "invites", guild: command.guild });
        return joins(world, command, () => this.#id());
      case "end_invite":
        world.invites = world.invites.filter((invite) => invite.code !== command.code);
        this.tell({ topic: "invites", guild: command.guild });
        break;
      case "vouch":
        for (const guild of world.guilds) for (const member of guild.members) if (member.user === command.user) member.vouched = true;
        for (const view of world.channels.values()) view.unvouched = view.unvouched.filter((user) => user !== command.user);
        this.tell({ topic: "guild", guild: command.guild }, ...[...world.channels.keys()].map((channel) => ({ topic: "channel" as const, channel })));
        break;
      case "govern": {
        const reply = governs(world, command.guild, command.act, () => id(this.#id()));
        this.tell({ topic: "guild", guild: command.guild });
        return reply;
      }
      case "ask":
        return asks(world, command.guild, command.question);
      case "relations":
      case "relate":
      case "set_contact":
      case "answer_request":
        this.tell({ topic: "dms" }, ...(command.do === "answer_request" ? [{ topic: "channel" as const, channel: command.channel }] : []));
        return keeps(world, command);
      case "open_dm":
        return { outcome: "channel", channel: id(300 + Number(command.user.slice(-3))) };
      case "send":
      case "send_fleeting":
        return this.#send(command.channel, command.body, (command.do === "send" ? null : command.reply) ?? undefined);
      case "reply":
        return this.#send(this.#message(command.message).channel, command.body, command.message);
      case "edit":
      case "react":
      case "unreact":
        return this.#remark(command);
      case "delete":
        return this.#delete(command.messages);
      case "pin":
      case "unpin":
        this.#tellOf(setPin(this.world, this.#message(command.message), command.do === "pin", Date.now()));
        break;
      case "retry":
      case "drop":
        return this.#settle(command.entry, command.do);
      case "mark_read": {
        const view = world.channels.get(command.channel);
        if (view !== undefined) view.read_seq = Math.max(view.read_seq, command.seq);
        this.#tellOf(command.channel);
        break;
      }
      case "poll":
        return asked(this.world, command, () => this.#tellOf(command.channel));
      case "vote":
        return this.#vote(command.message, command.choices);
      case "forward":
        return this.#forward(command.message, command.channel);
      case "mark_all_read":
        for (const [channel, view] of world.channels) {
          if (command.guild !== null && view.guild !== command.guild) continue;
          view.read_seq = view.last_seq;
          this.#tellOf(channel);
        }
        break;
      case "load_history":
        return this.#loadHistory(command.channel);
      case "save_draft":
        Object.assign(world.channels.get(command.channel) ?? {}, { draft: command.body });
        break;
      case "approve_device":
      case "revoke_device":
      case "rename_device":
        return this.#changeDevice(command);
      case "compare":
      case "compare_device":
      case "accept_comparison":
      case "judge_comparison":
      case "end_comparison":
        return this.#trust.compare(command);
      case "read_code":
        refuse("PERSON_CODE_WRONG");
        break;
      case "number_matches":
        world.verified.set(command.user, Date.now());
        this.#trust.trusts(command.user);
        break;
      case "accept_keys":
        this.#trust.trusts(command.user);
        break;
      case "account":
        return { outcome: "account", reply: this.#account.act(command.act) };
      case "operate":
        return this.#account.operate(command.act);
      case "report":
        return { outcome: "reported", report: id(this.#id()) };
      case "load_reports":
        return command.of.of === "mine" ? { outcome: "my_reports", reports: myReports } : { outcome: "reports", reports: reports(world), end: true };
      case "bring_older":
      case "stop_bringing":
        world.bringing = command.do === "bring_older";
        this.tell({ topic: "search" });
        break;
      case "reconnect":
        Object.assign(world.session, { connection: "online", retry_at: null });
        this.tell({ topic: "session" });
        break;
    }
    return { outcome: "done" };
  }

  #preview(invite: string | null): CommandReply {
    const code = invite?.split("#")[0] ?? "";
    if (code === "gone") refuse("INVITE_INVALID");
    const preview = invite === null ? null : invitedTo(code, invite);
    return { outcome: "instance", name: "Rowing on the Elbe", mail: this.mail, set_up_needed: this.world.setUpNeeded, open: this.world.session.state === "signed_out" && this.open, questions: this.#account.questions, lock_after_ms: this.#account.lockAfter, invite: preview };
  }

  #register(command: Extract<Command, { do: "register" }>): CommandReply {
    if (command.username === "taken") refuse("USERNAME_TAKEN");
    Object.assign(this.world, { session: makeWorld(new Set()).session });
    if (command.invite === null) this.world.guilds = [];
    this.tell({ topic: "session" }, { topic: "guilds" });
    return { outcome: "registered", recovery_key: this.world.recovery.key ?? "", guild: command.invite === null ? null : id(101) };
  }

  #createGuild(name: string): CommandReply {
    const me = this.world.session.me;
    const guild: FakeGuild = { member_count: 1, me: null, changed: null, id: id(this.#id()), name, icon: null, banner: null, emoji: [], rules: null, rules_wait: false, retention_days: null, questions: [], owner: me?.user ?? "", my_permissions: (2n ** 64n - 1n).toString(), my_roles: [], everyone: "9130047", roles: [], categories: [], channels: [], members: me === null ? [] : [{ user: me.user, username: me.username, display_name: me.display_name, nickname: null, owner: true, joined_at: Date.now(), vouched: true, me: true, safety: "known" as const, roles: [], timed_out_until: null, membership: "lasting" as const, links_held_until: null, is_new: false, quarantined_at: null }] };
    this.world.guilds.push(guild);
    addChannel(this.world, guild, this.#id(), "general");
    this.tell({ topic: "guilds" });
    return { outcome: "guild", guild: guild.id };
  }

  #createChannel(guild: string, name: string, readers: string[] | null, continues: string | null): CommandReply {
    const view = this.world.guilds.find((one) => one.id === guild) ?? refuse("NOT_FOUND");
    const made = addChannel(this.world, view, this.#id(), name);
    if (readers !== null) Object.assign(made, { kind: { kind: "private" }, people: readers.map((user) => reader(this.world, user)) });
    for (const one of view.channels) if (one.id === made.id) Object.assign(one, { private: readers !== null, continues });
    goOn(this.world.channels.get(continues ?? ""), made);
    this.tell({ topic: "guild", guild });
    return { outcome: "channel", channel: made.id };
  }

  #changeGroup(command: GroupChange): CommandReply {
    changeGroup(this.world, this.world.channels.get(command.channel) ?? refuse("NOT_FOUND"), command);
    this.#tellOf(command.channel);
    return { outcome: "done" };
  }

  #send(channel: string, body: string, answered?: string): CommandReply {
    const entry: OutboxView = { entry: id(this.#id()), channel, kind: "message", target: null, mentions: [], reply: answered === undefined ? null : this.#quote(answered), body, at: Date.now(), delivery: { state: "sending" } };
    this.world.pending.push(entry);
    this.#tellOf(channel);
    if (this.world.session.connection === "online") setTimeout(() => this.#acknowledge(entry), 350);
    return { outcome: "queued", entry: entry.entry };
  }

  #quote(wanted: string): OutboxView["reply"] {
    const { message } = this.#message(wanted);
    return { message: wanted, seq: message.seq, author: message.author, author_name: message.author_name, preview: message.content.content === "text" ? message.content.body : null, gone: message.content.content === "removed" };
  }

  #acknowledge(entry: OutboxView): void {
    this.world.pending = this.world.pending.filter((one) => one.entry !== entry.entry);
    Object.assign(addMessage(this.world, entry.channel, this.world.session.me?.user ?? "", entry.body, entry.at), { id: entry.entry, reply: entry.reply });
    this.#tellOf(entry.channel);
  }

  #settle(entry: string, how: "retry" | "drop"): CommandReply {
    const found = this.world.pending.find((one) => one.entry === entry) ?? refuse("NOT_FOUND");
    if (how === "retry") {
      found.delivery = { state: "sending" };
      setTimeout(() => this.#acknowledge(found), 600);
    } else {
      this.world.pending = this.world.pending.filter((one) => one !== found);
    }
    this.#tellOf(found.channel);
    return how === "retry" ? { outcome: "done" } : { outcome: "dropped", body: found.body };
  }

  #loadHistory(channel: string): CommandReply {
    const remote = this.world.remote.get(channel) ?? [];
    const loaded = remote.splice(-50);
    this.world.messages.get(channel)?.unshift(...loaded);
    this.tell({ topic: "timeline", channel });
    return { outcome: "history", loaded: loaded.length, reached_start: remote.length === 0 };
  }

  #changeDevice(command: Extract<Command, { do: "approve_device" | "revoke_device" | "rename_device" }>): CommandReply {
    const device = this.world.devices.find((one) => (command.do === "approve_device" ? one.code === command.code : one.id === command.device)) ?? refuse(command.do === "approve_device" ? "CODE_UNKNOWN" : "NOT_FOUND");
    if (command.do === "rename_device") device.name = command.name;
    else Object.assign(device, { state: command.do === "approve_device" ? "active" : "revoked", code: null });
    this.tell({ topic: "devices" });
    return { outcome: "done" };
  }

  #id(): number {
    this.#next += 1;
    return this.#next;
  }
}
