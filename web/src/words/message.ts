/** What is said around messages: what can be done with them, what they name, who writes. */
import { fill, plural } from "./plural";

export const code = { copy: "Copy the code", copyShort: "Copy" };

export const slash = {
  help: "Show the keyboard shortcuts",
  join: "Join by an invite link",
  leave: "Leave this server",
  me: "Say what you do",
  nick: "Change your nickname in this server",
  roll: "Throw dice: 2d6",
  rolled: (dice: string, parts: string, sum: number) => (parts.includes("+") ? fill("🎲 {dice}: {parts} = **{sum}**", { dice, parts, sum: String(sum) }) : fill("🎲 {dice}: **{sum}**", { dice, sum: String(sum) })),
  shrug: "¯\\_(ツ)_/¯ at the end",
  spoiler: "Hide the text until it is pressed",
  tableflip: "(╯°□°)╯︵ ┻━┻ at the end",
  unknown: (name: string) => fill("There is no command /{name}. Put a space before the slash to send it as text.", { name }),
  wrong: (name: string) => fill("/{name} can't do anything with that.", { name }),
};

export const spoiler = {
  show: "Hidden text. Press to show it",
  lostPerson: "@somebody",
  lostChannel: "#a channel you can't see",
  lostTime: "an impossible time",
};

export const suggest = {
  people: "People",
  channels: "Channels",
  emoji: "Emoji",
  commands: "Commands",
  count: (count: number) => plural(count, { one: "# suggestion", other: "# suggestions" }),
  everyone: "Tells everybody who reads here",
};

export const typing = {
  line: (names: readonly string[]) => (names.length === 1 ? fill("{name} is writing", { name: names[0] ?? "" }) : names.length === 2 ? fill("{one} and {two} are writing", { one: names[0] ?? "", two: names[1] ?? "" }) : "Several people are writing"),
};

export const mentions = {
  title: "Mentions",
  open: "Mentions",
  empty: "Nobody has mentioned you yet. When somebody writes your name with an @, it stands here.",
  place: (channel: string, guild: string | null) => (guild === null ? channel : fill("#{channel} in {guild}", { channel, guild })),
  markAll: "Mark all as read",
};

export const switcher = {
  title: "Go to",
  label: "Find a channel, a person or a command",
  none: "Nothing by that name.",
  channel: (guild: string) => guild,
  person: "Conversation",
  action: "Command",
  markAllRead: "Mark everything as read",
  mentions: "See your mentions",
  appearance: "Change how things look",
  devices: "See your devices",
  help: "Keyboard shortcuts",
};

export const notices = {
  title: "Notifications",
  typingTitle: "Writing",
  typing: "Others see when you write",
  desktop: "Desktop notifications",
  desktopOff: "Off",
  desktopForMe: "Mentions and direct messages",
  desktopAll: "All messages",
  blocked: "Your browser blocks notifications for this page. Allow them in its settings for this site.",
  content: "What they show",
  contentPlace: "Only where it was",
  contentName: "Who wrote and where",
  contentText: "The text as well",
  newIn: (place: string) => fill("New message in {place}", { place }),
  newFrom: (author: string, place: string) => fill("{author} in {place}", { author, place }),
};

export const switchWords = { yes: "Yes", no: "No" };

export const poll = {
  title: "Make a poll",
  label: (question: string) => fill("Poll: {question}", { question }),
  one: "Choose one",
  many: "Choose as many as you like",
  nobody: "Nobody yet",
  option: (text: string, count: number, share: number) => fill(plural(count, { one: "{text}, # vote, {share} percent", other: "{text}, # votes, {share} percent" }), { text, share: String(share) }),
  voters: (count: number) => plural(count, { one: "# person has chosen", other: "# people have chosen" }),
  over: "over",
  ends: (when: string) => fill("ends {when}", { when }),
  question: "Question",
  optionNumber: (number: number) => fill("Option {number}", { number: String(number) }),
  addOption: "Another option",
  dropOption: (number: number) => fill("Remove option {number}", { number: String(number) }),
  several: "May people choose several?",
  lasts: "How long it lasts",
  hour: "An hour",
  day: "A day",
  week: "A week",
  never: "No end",
  make: "Ask",
};

export const forward = {
  title: "Forward to",
  find: "Find a channel or a person",
  places: "Channels and people",
  none: "Nothing by that name.",
};

export const exporting = {
  open: "Save as a file",
  title: (place: string) => fill("Save {place} as a file", { place }),
  lead: "The file is made on this device and holds every message you can read, unencrypted. Keep it where only you get at it.",
  form: "Form",
  html: "A page to read",
  json: "Data (JSON)",
  busy: (count: number) => plural(count, { one: "# message so far", other: "# messages so far" }),
  make: "Save",
  page: {
    title: (place: string) => fill("{place}, from Cloister", { place }),
    gone: "not readable",
    answer: (author: string) => fill("Answer to {author}", { author }),
  },
};

export const reactions = {
  label: "Reactions",
  add: "Add a reaction",
  reaction: (emoji: string, count: number) => fill(plural(count, { one: "{emoji}, # person", other: "{emoji}, # people" }), { emoji }),
  who: (names: readonly string[], count: number) => {
    const rest = count - names.length;
    return rest > 0 ? fill(plural(rest, { one: "{names} and # more", other: "{names} and # more" }), { names: names.join(", ") }) : names.join(", ");
  },
};

export const emoji = {
  search: "Find an emoji",
  groups: "Groups",
  list: "Emoji",
  loading: "Loading emoji",
  none: "No emoji by that name.",
  group: { [-2]: "This server", [-1]: "Recent", 0: "Faces", 1: "People", 3: "Nature", 4: "Food", 5: "Places", 6: "Activities", 7: "Objects", 8: "Symbols", 9: "Flags" } as Record<number, string>,
};

export const messageMenu = {
  forward: "Forward",
  label: "What to do with this message",
  more: "More",
  copyText: "Copy text",
  copyMarkdown: "Copy as Markdown",
  copyLink: "Copy link",
  reply: "Reply",
  edit: "Edit",
  edits: "Earlier versions",
  editsTitle: "What this message said",
  rewrite: "Change your message",
  save: "Save",
  cancel: "Cancel",
  remove: "Delete",
  removeTitle: (count: number) => plural(count, { one: "Delete this message", other: "Delete # messages" }),
  removeOwn: "Its text goes from the server and from everybody's devices as they hear of it. Whoever has read it has read it.",
  choose: "Choose several",
  removeOthers: (author: string) => fill("What {author} wrote goes from the server and from everybody's devices as they hear of it. People see that you removed it.", { author }),
};
