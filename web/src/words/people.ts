/** Sentences of how people keep each other. */
import type { Contact, Relation } from "../wire";
import { fill } from "./plural";

export const people = {
  title: "Friends and blocks",
  contact: "Who may begin a conversation with you",
  contactHint: "Conversations that you have already go on. Nobody is told what you chose here.",
  none: "You haven't marked anybody as a friend, and blocked nobody. Open a person in the list of members to do so.",
  listed: "People",
  forget: "Remove",
  unblock: "Unblock",
  forgetNamed: (name: string) => fill("{name}: neither friend nor blocked", { name }),
  lead: (name: string) => fill("Friend or blocked? {name} is never told.", { name }),
  friend: "Friend",
  block: "Block",
  blockHint: "Who is blocked can't begin a conversation with you. In servers that you share, both of you read on.",
};

export const contacts: Record<Contact, string> = {
  guilds: "Whoever shares a server",
  friends: "Friends only",
  nobody: "Nobody",
};

export const relations: Record<Relation, string> = {
  none: "Neither",
  friend: "Friend",
  muted: "Muted",
  blocked: "Blocked",
};
