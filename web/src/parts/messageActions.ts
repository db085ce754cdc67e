/**
 * What can be done with a message, in the order of its menu. Whoever adds something to the menu
 * adds one entry here: the hover bar, the menu and the keys all read this list.
 */
import { Copy, Flag, Forward, History, Link, ListChecks, MessagesSquare, Pencil, Pin, PinOff, Reply, TextQuote, Trash2, type LucideIcon } from "lucide-react";
import { showThread } from "../state/threads";
import { plainText } from "../ui/Markdown";
import { messageMenu as words, pins, report as reportWords, threads } from "../words";
import type { Command, CommandReply, MessageView } from "../wire";
import type { DialogName } from "./open";

/** What an action may use. */
export interface About {
  message: MessageView;
  channel: string;
  give: (command: Command) => Promise<CommandReply>;
  open: (dialog: DialogName) => void;
  reply: (message: MessageView) => void;
  edit: (message: string) => void;
  choose: (message: string) => void;
  /** The address of a message of this conversation. */
  address: (message: string) => string;
}

export interface MessageAction {
  id: string;
  label: string;
  icon: LucideIcon;
  /** Actions of one group stand together, with a rule between groups. */
  group: "talk" | "copy" | "look" | "end";
  /** Also stands in the bar that appears on hover and focus. */
  quick?: true;
  danger?: true;
  /** The key that does it while the message has the focus. */
  key?: string;
  shown: (about: About) => boolean;
  run: (about: About) => void;
}

/** The text with its mentions as one writes them. */
const textOf = (message: MessageView): string | null => (message.content.content === "text" ? message.mentions.reduce((text, one) => text.replaceAll(one.token, one.written), message.content.body) : null);
const copy = (text: string): void => void navigator.clipboard.writeText(text).catch(() => undefined);

export const messageActions: readonly MessageAction[] = [
  { id: "reply", label: words.reply, icon: Reply, group: "talk", quick: true, key: "r", shown: ({ message }) => message.can_react, run: ({ message, reply }) => reply(message) },
  { id: "thread", label: threads.start, icon: MessagesSquare, group: "talk", quick: true, key: "t", shown: ({ message }) => message.can_thread && message.thread === null, run: ({ message, channel }) => showThread(channel, message.id) },
  { id: "open-thread", label: threads.show, icon: MessagesSquare, group: "talk", key: "t", shown: ({ message }) => message.thread !== null, run: ({ message, channel }) => showThread(channel, message.id) },
  { id: "forward", label: words.forward, icon: Forward, group: "talk", shown: ({ message }) => textOf(message) !== null, run: ({ message, open }) => open({ dialog: "forward", message: message.id }) },
  { id: "edit", label: words.edit, icon: Pencil, group: "talk", quick: true, key: "e", shown: ({ message }) => message.can_edit, run: ({ message, edit }) => edit(message.id) },
  { id: "copy-text", label: words.copyText, icon: Copy, group: "copy", key: "c", shown: ({ message }) => textOf(message) !== null, run: ({ message }) => copy(plainText(textOf(message) ?? "")) },
  { id: "copy-markdown", label: words.copyMarkdown, icon: TextQuote, group: "copy", shown: ({ message }) => textOf(message) !== null, run: ({ message }) => copy(textOf(message) ?? "") },
  { id: "copy-link", label: words.copyLink, icon: Link, group: "copy", shown: () => true, run: ({ message, address }) => copy(address(message.id)) },
  { id: "pin", label: pins.pin, icon: Pin, group: "look", key: "p", shown: ({ message }) => message.can_pin && !message.pinned, run: ({ message, give }) => void give({ do: "pin", message: message.id }).catch(() => undefined) },
  { id: "unpin", label: pins.unpin, icon: PinOff, group: "look", key: "p", shown: ({ message }) => message.can_pin && message.pinned, run: ({ message, give }) => void give({ do: "unpin", message: message.id }).catch(() => undefined) },
  { id: "edits", label: words.edits, icon: History, group: "look", shown: ({ message }) => message.edited_at !== null, run: ({ message, open, channel }) => open({ dialog: "edits", channel, message: message.id }) },
  { id: "report", label: reportWords.action, icon: Flag, group: "end", shown: ({ message }) => !message.mine && textOf(message) !== null, run: ({ message, open }) => open({ dialog: "report", message: message.id }) },
  { id: "choose", label: words.choose, icon: ListChecks, group: "end", shown: ({ message }) => message.can_delete, run: ({ message, choose }) => choose(message.id) },
  { id: "delete", label: words.remove, icon: Trash2, group: "end", danger: true, key: "Delete", shown: ({ message }) => message.can_delete, run: ({ message, open }) => open({ dialog: "delete-messages", messages: [message.id], author: message.mine ? null : message.author_name }) },
];
