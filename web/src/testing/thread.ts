/** Threads in the fake engine. */
import type { Command, CommandReply, MessageView, Query, QueryReply, ThreadMark, ThreadState } from "../wire";
import { addMessage, id, type World } from "./world";

interface FakeThread {
  root: string;
  channel: string;
  readSeq: number;
  archivedAt: number | null;
  following: boolean;
  draft: string;
}

const kept = new WeakMap<World, Map<string, FakeThread>>();

function threadsOf(world: World): Map<string, FakeThread> {
  const known = kept.get(world) ?? new Map<string, FakeThread>();
  kept.set(world, known);
  return known;
}

const all = (world: World): MessageView[] => [...world.messages.values()].flat();
const within = (world: World, root: string): MessageView[] => all(world).filter((one) => one.in_thread === root);

function rootOf(world: World, root: string): { channel: string; message: MessageView } | null {
  for (const [channel, list] of world.messages) {
    const message = list.find((one) => one.id === root);
    if (message !== undefined) return { channel, message };
  }
  return null;
}

function markOf(world: World, thread: FakeThread): ThreadMark {
  const list = within(world, thread.root);
  return {
    count: list.length,
    last_at: list.at(-1)?.at ?? 0,
    unread: list.filter((one) => one.seq > thread.readSeq && !one.mine).length,
    mentions: 0,
    following: thread.following,
    archived: thread.archivedAt !== null,
  };
}

/** What stands in the channel itself, each with its thread. */
export function withThreads(world: World, messages: readonly MessageView[]): MessageView[] {
  return messages
    .filter((one) => one.in_thread === null)
    .map((one) => {
      const thread = threadsOf(world).get(one.id);
      return thread === undefined ? one : { ...one, thread: markOf(world, thread) };
    });
}

/** How many threads of a channel have something new. */
export function newThreads(world: World, channel: string): number {
  return [...threadsOf(world).values()].filter((one) => one.channel === channel && one.following && markOf(world, one).unread > 0).length;
}

export function threadAnswer(world: World, query: Extract<Query, { ask: "thread" | "threads" }>): QueryReply {
  if (query.ask === "threads") {
    const lines = [...threadsOf(world).values()].filter((one) => one.channel === query.channel && (one.archivedAt === null) === (query.state === "open"));
    return {
      answer: "threads",
      threads: lines.map((one) => ({ thread: one.root, channel: one.channel, root: rootOf(world, one.root)?.message ?? null, started_by_name: "Emil", mark: markOf(world, one) })).toSorted((a, b) => b.mark.last_at - a.mark.last_at),
    };
  }
  const root = rootOf(world, query.thread);
  if (root === null) return { answer: "thread", thread: null };
  const thread = threadsOf(world).get(query.thread);
  const messages = within(world, query.thread);
  return {
    answer: "thread",
    thread: {
      channel: root.channel,
      thread: query.thread,
      root: root.message,
      messages: messages.slice(-query.limit),
      pending: world.pending.filter((one) => one.channel === query.thread),
      older_in_store: messages.length > query.limit,
      count: messages.length,
      read_seq: thread?.readSeq ?? 0,
      last_seq: messages.at(-1)?.seq ?? 0,
      archived_at: thread?.archivedAt ?? null,
      following: thread?.following ?? false,
      can_close: thread !== undefined,
      can_send: thread?.archivedAt === undefined || thread.archivedAt === null,
      draft: thread?.draft ?? "",
    },
  };
}

function begin(world: World, root: string, following: boolean): FakeThread | null {
  const known = threadsOf(world).get(root);
  const place = rootOf(world, root);
  if (known !== undefined || place === null) return known ?? null;
  const made: FakeThread = { root, channel: place.channel, readSeq: 0, archivedAt: null, following, draft: "" };
  threadsOf(world).set(root, made);
  return made;
}

function write(world: World, root: string, author: string, body: string, at: number): void {
  const thread = begin(world, root, true);
  if (thread === null) return;
  addMessage(world, thread.channel, author, body, at).in_thread = root;
  for (const one of within(world, root)) Object.assign(one, { can_thread: false });
}

/** The channel that changed, if the command was about threads; the reply goes with it. */
export function changeThread(world: World, command: Command): { channel: string; reply: CommandReply } | null {
  const done: CommandReply = { outcome: "done" };
  switch (command.do) {
    case "send_in_thread": {
      write(world, command.thread, world.session.me?.user ?? "", command.body, Date.now());
      const thread = threadsOf(world).get(command.thread);
      if (thread !== undefined) thread.draft = "";
      return { channel: thread?.channel ?? "", reply: { outcome: "queued", entry: command.thread } };
    }
    case "set_thread":
    case "follow_thread":
    case "mark_thread_read":
    case "save_thread_draft": {
      const thread = threadsOf(world).get(command.thread);
      if (thread === undefined) return { channel: "", reply: done };
      if (command.do === "set_thread") thread.archivedAt = command.state === ("archived" satisfies ThreadState) ? Date.now() : null;
      else if (command.do === "follow_thread") thread.following = command.follow ?? true;
      else if (command.do === "mark_thread_read") thread.readSeq = Math.max(thread.readSeq, command.seq);
      else thread.draft = command.body;
      return { channel: thread.channel, reply: done };
    }
    case "load_thread":
      return { channel: "", reply: { outcome: "history", loaded: 0, reached_start: true } };
    case "load_threads":
      return { channel: "", reply: { outcome: "threads", next: null } };
    default:
      return null;
  }
}

/** Two threads on messages of the first channel, one with something new. */
export function addThreads(world: World, now: number): void {
  const minute = 60_000;
  const list = (world.messages.get(id(201)) ?? []).filter((one) => one.content.content === "text");
  const [first, second] = [list.at(-2), list.at(-3)];
  if (first === undefined || second === undefined) return;
  write(world, second.id, id(5), "My knees say the same.", now - 40 * minute);
  write(world, second.id, id(1), "Then we all cox, and nobody rows.", now - 39 * minute);
  write(world, first.id, id(3), "The blue key is at mine, I think.", now - 3 * minute);
  write(world, first.id, id(1), "Can you look? I'd rather not climb through the window again.", now - 2 * minute);
  write(world, first.id, id(3), "Found it. It was in the *bread tin*.", now - minute);
  const read = threadsOf(world).get(second.id);
  if (read !== undefined) read.readSeq = world.channels.get(id(201))?.last_seq ?? 0;
  const fresh = threadsOf(world).get(first.id);
  if (fresh !== undefined) fresh.readSeq = within(world, first.id)[1]?.seq ?? 0;
  const view = world.channels.get(id(201));
  if (view !== undefined) view.read_seq = view.last_seq;
}
