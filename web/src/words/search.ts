/** Sentences of the search. */
import type { SearchNote } from "../wire";
import { fill, plural } from "./plural";

export const search = {
  title: "Search",
  label: "Search messages",
  placeholder: "Words, or from: in: has:",
  close: "Close the search",
  clear: "Clear",
  filters: "Filters",
  filterNames: ["from:", "in:", "has:link", "before:", "after:", "mentions:me"],
  addFilter: (filter: string) => fill("Add {filter}", { filter }),
  where: "Where",
  everywhere: "Everywhere",
  order: "Order",
  newest: "Newest",
  relevance: "Best match",
  results: "Messages found",
  found: (count: number, more: boolean) => (more ? plural(count, { other: "More than # messages" }) : plural(count, { one: "# message", other: "# messages" })),
  noneTitle: "Nothing found",
  none: "No message on this device has all of that. Try fewer or shorter words.",
  more: "Show more",
  tooMany: (count: number) => plural(count, { other: "These are the first #. Add a word or a filter to see others." }),
  inChannel: (channel: string, guild: string) => fill("#{channel} in {guild}", { channel, guild }),
  withPerson: (name: string) => fill("Conversation with {name}", { name }),
  resultLabel: (author: string, text: string, place: string, when: string) => fill("{author}: {text}. {place}, {when}", { author, text, place, when }),
  indexing: (done: number, all: number) => fill("Preparing the search: {done} of {all} messages.", { done: plural(done, { other: "#" }), all: plural(all, { other: "#" }) }),
  indexingLabel: "Messages that can be searched",
  older: (channels: number, one: boolean) =>
    one ? "Older messages of this conversation are only on the server, where nobody can search them. Bring them here first." : plural(channels, { one: "Older messages of # channel are only on the server, where nobody can search them. Bring them here first.", other: "Older messages of # channels are only on the server, where nobody can search them. Bring them here first." }),
  bring: "Bring older messages",
  bringing: (brought: number, channels: number) => fill("Bringing older messages: {brought} so far, {channels} to go.", { brought: plural(brought, { other: "#" }), channels: plural(channels, { one: "# channel", other: "# channels" }) }),
  bringingLabel: "Older messages are on their way",
  stop: "Stop",
  lead: "Your device searches what you can read. What you look for never leaves it.",
  examples: [
    ["boat house", "both words, also as parts of longer ones"],
    ['"boat house"', "these words in a row"],
    ["from:bruno", "written by somebody; from:me for yourself"],
    ["in:general", "in a channel, a server, or with @somebody"],
    ["has:link", "with a link; also has:code, has:mention"],
    ["before:2026-11", "before a day, month or year; also after:yesterday"],
    ["mentions:me", "that speak to you"],
  ] as const satisfies ReadonlyArray<readonly [string, string]>,
  notHere: "This message isn't on this device. It may be older than what was brought here, or deleted.",
};

/** What in a search was not understood. */
export function searchNote(note: SearchNote): string {
  switch (note.note) {
    case "nobody_called":
      return fill("Nobody here is called {name}.", { name: note.name });
    case "no_channel_called":
      return fill("No channel here is called {name}.", { name: note.name });
    case "no_date":
      return fill("{text} is no date. Write 2026-11-21, 2026-11, today or 3d.", { text: note.text });
    case "no_such_kind":
      return fill("has:{text} isn't known. There are has:link, has:code and has:mention.", { text: note.text });
    case "empty":
      return fill("{filter}: needs something after it.", { filter: note.filter });
  }
}
