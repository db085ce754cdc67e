/**
 * What can be done with a message, in the order of its menu. Whoever adds something to the menu
 * adds one entry here: the hover bar, the menu and the keys all read this list.
 */
import { Copy, type LucideIcon, TextQuote } from "lucide-react";
import { plainText } from "../ui/Markdown";
import { messageMenu as words } from "../words";
import type { Command, CommandReply, MessageView } from "../wire";
import type { DialogName } from "./open";

/** What an action may use. */
export interface About {
  message: MessageView;
  give: (command: Command) => Promise<CommandReply>;
  open: (dialog: DialogName) => void;
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

const textOf = (message: MessageView): string | null => (message.content.content === "text" ? message.content.body : null);
const copy = (text: string): void => void navigator.clipboard.writeText(text).catch(() => undefined);

export const messageActions: readonly MessageAction[] = [
  { id: "copy-text", label: words.copyText, icon: Copy, group: "copy", quick: true, key: "c", shown: ({ message }) => textOf(message) !== null, run: ({ message }) => copy(plainText(textOf(message) ?? "")) },
  { id: "copy-markdown", label: words.copyMarkdown, icon: TextQuote, group: "copy", shown: ({ message }) => textOf(message) !== null, run: ({ message }) => copy(textOf(message) ?? "") },
];
