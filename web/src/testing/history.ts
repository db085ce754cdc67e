/** Earlier messages in the fake engine: handed over, awaited, and the switch for them. */
import type { Command, Query, QueryReply } from "../wire";
import { withThreads } from "./thread";
import { id, type Scene, type World } from "./world";

/** `handed`: the oldest messages came by a member; `awaited`: their keys have yet to come. */
export function setHistory(world: World, scene: Scene): void {
  const old = (world.messages.get(id(201)) ?? []).slice(0, 5);
  if (scene.has("handed")) for (const message of old) message.handed_by = "Bruno Okafor";
  const general = world.channels.get(id(201));
  if (scene.has("fork") && general !== undefined) general.fork = { sentence: "The server shows different people different histories of this channel.", proof: "iQBkYXdu".repeat(30), at: Date.now() - 4 * 60_000 };
  if (scene.has("fork") && general !== undefined) general.blocked = { code: "TRUST_VIOLATION", message: "The server shows different people different histories of this channel.", retry_after_ms: null };
  if (scene.has("awaited")) for (const message of old) message.content = { content: "before_you_joined" };
}

/** Whether the command was about earlier messages. */
export function changeHistory(world: World, command: Command): string | null {
  if (command.do !== "set_history" && command.do !== "ask_history" && command.do !== "accept_fork") return null;
  const view = world.channels.get(command.channel);
  if (view !== undefined && command.do === "set_history") view.history = command.rule;
  if (view !== undefined && command.do === "ask_history") view.history_asked_at = Date.now();
  if (view !== undefined && command.do === "accept_fork") Object.assign(view, { fork: null, blocked: null });
  return command.channel;
}

export function timelineOf(world: World, query: Extract<Query, { ask: "timeline" }>): QueryReply {
  const view = world.channels.get(query.channel);
  const all = withThreads(world, world.messages.get(query.channel) ?? []).filter((message) => query.before === null || message.seq < query.before);
  return {
    answer: "timeline",
    channel: query.channel,
    messages: all.slice(-query.limit),
    pending: world.pending.filter((entry) => entry.channel === query.channel),
    older_in_store: all.length > query.limit,
    older_on_server: (world.remote.get(query.channel)?.length ?? 0) > 0,
    since_joined: false,
    known_seq: view?.last_seq ?? 0,
    pins: (world.pins.get(query.channel) ?? []).map(({ message, at, by_name }) => ({ message, at, by_name })).toReversed(),
    read_seq: view?.read_seq ?? 0,
    last_seq: view?.last_seq ?? 0,
  };
}
