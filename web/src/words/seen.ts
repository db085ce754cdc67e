/** What the server can see of a channel, and what the marks beside people and devices mean. */
import type { DeviceState, Fact, Safety } from "../wire";
import { plural } from "./plural";

export const seen = {
  title: "What the server can see",
  lead: "This list is made from Cloister's code: whatever your device sends about a channel stands behind one of these lines. Whoever runs the server, or breaks into it, can see the first part.",
  sees: "It can see",
  never: "It can't see",
  open: "What the server can see",
  names: "Names in the protocol",
  noNames: "No message carries this: every connection shows it.",
  notSent: "Never sent.",
  messages: (count: number) => plural(count, { one: "# message", other: "# messages" }),
  people: (count: number) => plural(count, { one: "# person", other: "# people" }),
  marks: "What the marks mean",
  peopleTitle: "Beside people",
  devicesTitle: "Beside your devices",
  web: "This page itself comes from the server. A server that turned on you could send another page that reads along. The terminal program doesn't have this weakness.",
};

export const facts: Record<Fact, { what: string; why: string }> = {
  sender: { what: "Who sent each message, and from which device", why: "It checks that only members write, and tells the others who it was." },
  time: { what: "When each message was sent, and in which order", why: "It keeps the order that everybody sees, and signs it, so that it can't show different people different ones." },
  size: { what: "Roughly how long a message is", why: "Lengths are rounded up before they leave your device: short messages all look alike." },
  kind: { what: "That something is a message, an edit or a deletion, which message it's about, and which are pinned", why: "So that nobody can edit or delete what others wrote, and everybody finds the same pins." },
  notified: { what: "Who is notified by name", why: "Only where your device says so, to wake the right people." },
  lifetime: { what: "When a disappearing message ends", why: "It deletes its copy then." },
  readers: { what: "Who reads here, on which devices", why: "It refuses messages that one of these devices couldn't read. Members check the list themselves." },
  reading: { what: "How far each person has read", why: "So that your devices agree on what is new." },
  channel: { what: "The name of the channel and its rules", why: "It shows them to members. The rules are signed by the owner; it can't change them." },
  key_handing: { what: "Which devices were handed which key, but not the key", why: "A message counts as sent only when every reader holds its key." },
  bookkeeping: { what: "Numbers that keep order, and a seal on each message", why: "Repeating a request does it once. The seal opens only if a reader reports the message." },
  connection: { what: "From which address and program you connect, and when", why: "Every server on the internet sees this." },
  reported: { what: "Messages that a reader reports, word for word", why: "Somebody who can read a message can show it to those who look after this Cloister, with proof of who wrote it. Nothing else is opened by that." },
  text: { what: "What is said", why: "It's encrypted on your device, for the devices of the readers." },
  keys: { what: "The keys that open it", why: "They travel sealed, each for one device." },
  search: { what: "What you search for, and what you find", why: "Your device searches by itself." },
  drafts: { what: "What you write and don't send", why: "Drafts travel sealed between your own devices." },
  link_seeds: { what: "The secret part of invite links", why: "It stands after the # of the link, which browsers don't send." },
};

export const safetyStates: Record<Safety, { name: string; means: string; next: string }> = {
  verified: {
    name: "Verified",
    means: "You and they have compared, so these keys are theirs.",
    next: "Nothing to do.",
  },
  known: { name: "Same keys as ever", means: "This person's keys are the ones that this device saw first.", next: "Nothing to do. To be sure that the first ones were theirs, compare outside Cloister." },
  unknown: { name: "Not seen yet", means: "This device hasn't met this person's keys.", next: "It checks them the first time you write to each other." },
  violation: { name: "Keys changed", means: "Their keys changed in a way that can't be right, so nothing is encrypted to them.", next: "Ask them outside Cloister what happened before you go on." },
};

export const deviceStates: Record<DeviceState, { name: string; means: string }> = {
  active: { name: "In use", means: "It can read and write as you." },
  pending: { name: "Waits for you", means: "Somebody signed in with your password on it. It reads nothing until you approve its code." },
  revoked: { name: "Removed", means: "It can't read or write any more. What it had read, it keeps." },
  started_over: { name: "From before", means: "The account has started over since. It can't read or write any more." },
  cloned: { name: "Stopped", means: "Its storage was copied or put back from an older copy, so nothing is sent to or from it." },
  signed_out: { name: "Signed out", means: "Its keys and messages were deleted." },
};
