import type { MessageView, ReactionView } from "../wire";

/** The reactions after somebody gave one or took it back. */
export function withReaction(all: readonly ReactionView[], emoji: string, on: boolean, name: string): ReactionView[] {
  const known = all.find((one) => one.emoji === emoji);
  if (known === undefined) return on ? [...all, { emoji, name: emoji.startsWith("<:") ? emoji.slice(1, emoji.indexOf(":", 2) + 1) : emoji, picture: emoji.startsWith("<:") ? "oar" : null, count: 1, mine: true, names: [name] }] : [...all];
  if (known.mine === on) return [...all];
  const changed = { ...known, count: known.count + (on ? 1 : -1), mine: on, names: on ? [...known.names, name] : known.names.filter((one) => one !== name) };
  return all.map((one) => (one === known ? changed : one)).filter((one) => one.count > 0);
}

/** What a message said first, and what it says. */
export function editsOf(message: MessageView) {
  const body = message.content.content === "text" ? message.content.body : "";
  return [{ at: message.at, body: body.replace(".", "?"), mentions: [] }, ...(message.edited_at === null ? [] : [{ at: message.edited_at, body, mentions: [] }])];
}
