/** What a channel keeps at hand. */
import { fill, plural } from "./plural";

export const pins = {
  title: "Pinned messages",
  open: "Show pinned messages",
  close: "Close pinned messages",
  pin: "Pin",
  unpin: "Unpin",
  mark: "Pinned",
  count: (count: number) => plural(count, { one: "# pinned message", other: "# pinned messages" }),
  emptyTitle: "Nothing is pinned here",
  empty: (may: boolean) => (may ? "Pin what people come back for: open the menu of a message and choose Pin." : "What the people who run this channel pin stands here."),
  away: "This message isn't on this device yet. Open it to bring it.",
  by: (name: string, when: string) => fill("Pinned by {name}, {when}", { name, when }),
  line: (name: string) => fill("{name} pinned a message.", { name }),
  see: "See it",
  unpinNamed: (author: string) => fill("Unpin the message by {author}", { author }),
  goTo: (author: string, text: string) => fill("{author}: {text}. Go to this message", { author, text }),
};
