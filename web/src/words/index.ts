/**
 * Every sentence that people read, apart from refusals (errors.ts) and times (time.ts).
 * Short, plain, second person. A guild is called "server".
 */
import { fill, listed, plural } from "./plural";

export { failedSend, refusalSentence, unreadable } from "./errors";
export { certificateHelp } from "./certificate";
export { listed } from "./plural";
export { email, forgot, notMe, verify } from "./mail";
export { deletion } from "./deletion";
export { happened, placeName, reset, security } from "./security";
export * from "./message";
export * from "./recovery";
export * from "./emoji";
export * from "./health";
export * from "./later";
export * from "./lock";
export * from "./notice";
export * from "./operate";
export * from "./people";
export * from "./pin";
export * from "./term";
export * from "./thread";
export * from "./presence";
export * from "./report";
export * from "./room";
export * from "./search";
export * from "./seen";
export * from "./time";
export * from "./govern";
export { trust } from "./trust";

export const app = {
  name: "Cloister",
  title: (place: string, unread: number) =>
    unread > 0 ? fill("({count}) {place} – Cloister", { count: String(unread), place }) : fill("{place} – Cloister", { place }),
  skip: "Skip to the conversation",
  loading: "Loading",
  close: "Close",
  cancel: "Cancel",
  back: "Back",
  copy: "Copy",
  copied: "Copied",
  notFound: "This page doesn't exist, or you can't see it.",
  toStart: "Go to your conversations",
};

export const account = {
  username: "Username",
  usernameHint: "Small letters, digits and underscores. This is how people find you.",
  displayName: "Your name",
  displayNameHint: "What people see beside your messages.",
  password: "Password",
  passwordHint: "At least 8 characters. A few unrelated words are easy to keep and hard to guess.",
  showPassword: "Show password",
  hidePassword: "Hide password",
  signOut: "Sign out",
  you: "You",
  menu: (name: string) => fill("Your account, {name}", { name }),
  operator: "Runs this Cloister",
};

export const setUp = {
  title: "Open the gate",
  lead: "You're the first one here. This account runs the place.",
  promise: "What people write here is encrypted on their devices: even you, who run the machine, can't read what isn't addressed to you.",
  submit: "Set up Cloister",
  noToken: "This page needs the link that Cloister printed when it started. Open that whole link, with everything after the # sign.",
  again: "Sign in",
};

export const invite = {
  temporary: "You're invited as a guest: you leave when your last connection ends, unless somebody gives you a role.",
  pageTitle: (guild: string) => fill("Join {guild}", { guild }),
  toInstance: (instance: string) => fill("Join {instance}", { instance }),
  invitedBy: (name: string) => fill("{name} invites you", { name }),
  invitedPlain: "You're invited",
  members: (count: number) => plural(count, { one: "# member", other: "# members" }),
  expires: (when: string) => fill("This invite ends on {when}.", { when }),
  seeded: "You came by a whole link, so the members can check that you were really invited.",
  bare: "This link came without its second half, the part after #. You can join, but members will see that nobody has vouched for you. Ask for the whole link if you can.",
  submit: "Create account and join",
  submitInstance: "Create account",
  haveAccount: "I have an account here",
  joinAs: (name: string) => fill("Join as {name}", { name }),
  gone: "This invite can't be used",
  checking: "Looking at the invite",
};

export const inviteDialog = {
  title: (guild: string) => fill("Invite people to {guild}", { guild }),
  lead: "Whoever has the link can join, so send it only to people you mean. Its last part stays between you and them: the server never gets it.",
  uses: "How many people",
  usesAny: "Any number",
  usesCount: (count: number) => plural(count, { one: "# person", other: "# people" }),
  expires: "Good for",
  hour: "1 hour",
  day: "1 day",
  week: "7 days",
  never: "Until you end it",
  create: "Make a link",
  another: "Make another link",
  link: "Invite link",
  copyLink: "Copy link",
  existing: "Links that work now",
  none: "No other links work now.",
  end: "End",
  endNamed: (code: string) => fill("End link {code}", { code }),
  copyNamed: (code: string) => fill("Copy link {code}", { code }),
  used: (used: number, uses: number) => (uses === 0 ? plural(used, { one: "# joined", other: "# joined" }) : fill("{used} of {uses} joined", { used: String(used), uses: String(uses) })),
  until: (when: string) => fill("until {when}", { when }),
  untilEnded: "until you end it",
  by: (name: string) => fill("by {name}", { name }),
  membership: "Who comes by it",
  membershipLasting: "Stays",
  membershipTemporary: "Is a guest",
  membershipHint: "A guest leaves when their last connection ends, unless they get a role.",
  guests: "for guests",
  paused: "paused",
  pause: "Pause",
  pauseNamed: (code: string) => fill("Pause link {code}", { code }),
  resume: "Resume",
  resumeNamed: (code: string) => fill("Resume link {code}", { code }),
  linkElsewhere: "Only the device that made it has the whole link.",
};

export const signIn = {
  title: "Welcome back",
  lead: (instance: string) => fill("Sign in to {instance}.", { instance }),
  submit: "Sign in",
  recovery: "I've lost my other devices",
  recoveryTitle: "Use your recovery key",
  recoveryHint: "Nine groups of letters and digits, from when you kept it. Spaces and case don't matter.",
  recoveryKey: "Recovery key",
  recoveryBack: "I still have a device",
  code: "Code",
  codeHint: "Six digits from your authenticator app, or one of your backup codes.",
  invitePlaceholder: "Invite link or code",
  openInvite: "Open invite",
  inviteWrong: "This doesn't look like an invite. Paste the whole link.",
  certificate: "About the browser's warning",
};

export const signUp = {
  link: "Create an account",
  title: (instance: string) => fill("Join {instance}", { instance }),
  lead: "This Cloister is open: anybody may have an account.",
  submit: "Create account",
};

export const pending = {
  title: "One more step",
  lead: "Compare this code on a device where you're already signed in. That's how your other devices know that this one is yours.",
  code: "This device's code",
  step1: "Open Cloister on the other device.",
  step2: "Go to You, then Devices.",
  step3: "Check that it shows this same code, and approve it.",
  waiting: "This page goes on by itself once you've approved it.",
};

export const ended = {
  revokedTitle: "This device was removed",
  revoked: "Somebody signed in to your account removed this device, so it can no longer read or write. If that was you, sign in again. If not, look at Devices on another device of yours, and tell whoever runs this Cloister.",
  startedOverTitle: "Your account started over",
  startedOver: "Somebody signed in with your password and began this account anew, with new keys, on another device. This device belongs to what it was before and can no longer read or write. If that was you, sign in again. If not, change your password at once and tell whoever runs this Cloister and the people you write with.",
  clonedTitle: "This device was stopped",
  cloned: "The server has seen a later state of this device: its storage was copied, or put back from an older copy. Two devices with the same keys would give each other's messages away, so nothing is sent from here. Go on as a new device: everything you've read here stays, another device of yours or your recovery key lets it in, and the old one ends. If you didn't copy or restore anything, somebody else may have a copy; the old keys are worth nothing to them from then on.",
  goOn: "Go on as a new device",
  forget: "Sign out and forget what is here",
  again: "Sign in again",
};

export const blocked = {
  title: "Cloister can't open its storage here",
  lead: "Your messages and keys live encrypted in this browser's storage, and the browser doesn't hand it out. This happens in private windows, in old browsers, and when the disk is full.",
  next: "Open Cloister in an ordinary window of an up-to-date browser, or free some space, then reload.",
  reload: "Reload",
};

export const places = {
  rail: "Servers",
  channels: "Channels",
  channelsOf: (guild: string) => fill("Channels of {guild}", { guild }),
  conversations: "Messages",
  talk: "Conversation",
  members: "Members",
  navigation: "Main",
  list: "Channels and conversations",
  resizeList: "Width of the channel list",
  resizePanel: "Width of the member list",
};

export const guild = {
  add: "Add a server",
  create: "Create a server",
  createTitle: "Create a server",
  createLead: "A place of your own: channels for talk, people you invite, and only they can read it.",
  name: "Name",
  namePlaceholder: "Rowing club",
  createSubmit: "Create server",
  join: "Join with an invite",
  menu: (name: string) => fill("{name}, server menu", { name }),
  invite: "Invite people",
  createChannel: "Create a channel",
  leave: "Leave server",
  leaveTitle: (name: string) => fill("Leave {name}?", { name }),
  leaveLead: "You'll stop getting its messages. What you've already read stays on your devices until you sign out. To come back you need a new invite.",
  remove: "Delete server",
  removeTitle: (name: string) => fill("Delete {name}?", { name }),
  removeLead: "Its channels end for everybody, and the server forgets its messages. This can't be undone.",
  removeType: (name: string) => fill("Type {name} to go on", { name }),
  unread: (name: string, count: number) => fill(plural(count, { one: "{name}, # unread message", other: "{name}, # unread messages" }), { name }),
};

export const channel = {
  more: "More about this channel",
  called: (name: string, count: number, mentions: number) => fill("{name}, {count} unread, {mentions}", { name, count: String(count), mentions: plural(mentions, { one: "# mention", other: "# mentions" }) }),
  createTitle: "Create a channel",
  createLead: "What is written here is end-to-end encrypted.",
  forWhom: "Who reads it",
  forEverybody: "Everybody",
  forSome: "Only some",
  forSomeHint: "You read it too. Others don't see that it exists.",
  private: (name: string) => fill("{name}, for some members", { name }),
  about: "About this channel",
  kept: (days: number) => plural(days, { one: "Messages are kept for a day here. Then they go everywhere, also from this device.", other: "Messages are kept for # days here. Then they go everywhere, also from this device." }),
  keptShort: (days: number) => plural(days, { one: "kept for a day", other: "kept for # days" }),
  readersTitle: "Who reads this",
  readersLead: "By what members signed. The server can leave people out, but can't add anybody.",
  everybodyReads: "Every member of the server reads this channel.",
  groupReads: "Everybody in this conversation reads it.",
  historyTitle: "Earlier messages",
  historyShared: "Members whom somebody has vouched for also read what was said before they came. A member hands them the keys; the server can't.",
  historyKept: "Who comes later reads from when they came. Nobody hands them what was said before.",
  historyChoice: { shared: "Shared with newcomers", kept: "Kept from newcomers" },
  historyNote: "What members read already, they keep. A change counts for people who come from now on, and for what is said from now on.",
  rightOwner: "Owner",
  rightRole: "Reads every channel",
  editReaders: "Change who reads",
  saveReaders: "Save",
  name: "Channel name",
  namePlaceholder: "boat-house",
  createSubmit: "Create channel",
  heading: "Channels",
  empty: "No channels yet.",
  unread: (name: string, count: number) => fill(plural(count, { one: "{name}, # unread message", other: "{name}, # unread messages" }), { name }),
  topReaders: (people: number, devices: number) =>
    people === 0 ? "its readers" : fill("{people} on {devices}", { people: plural(people, { one: "# person", other: "# people" }), devices: plural(devices, { one: "# device", other: "# devices" }) }),
  showMembers: "Show members",
  hideMembers: "Hide members",
  invite: "Invite people",
  backToList: "Back to the list",
  goneTitle: "This channel isn't here",
  gone: "It was removed, or you can't see it.",
};

export const safety = {
  encrypted: "End-to-end encrypted",
  encryptedWhat: (readers: string) => fill("Messages here are encrypted on your device, and only {readers} can read them. The server passes them on and can't.", { readers }),
  attention: "Look before you write",
  unvouchedWhat: (names: string[], count: number) =>
    fill(plural(count, { one: "{names} came here without an invite link that your device could check, and receives what you write.", other: "{names} came here without invite links that your device could check, and receive what you write." }), { names: listed(names) }),
  unvouchedNext: "If you know them, vouch for them in the member list. If not, ask the owner.",
  keptOutWhat: (names: string[], count: number) =>
    fill(plural(count, { one: "{names} came here without an invite link that your device could check, and doesn't get what you write.", other: "{names} came here without invite links that your device could check, and don't get what you write." }), { names: listed(names) }),
  ghost: "Look who reads",
  seen: "I've seen it",
  others: (count: number) => plural(count, { one: "# other", other: "# others" }),
  violationWhat: (name: string) => fill("{name}'s keys changed in a way that doesn't check out. They may have reset their account, or somebody interferes.", { name }),
  violationNext: "Nothing is encrypted to them. Ask them outside Cloister what happened before you go on.",
  unknownWhat: (name: string) => fill("This device hasn't seen {name}'s keys yet. It checks them the first time you write to each other.", { name }),
  knownWhat: (name: string) => fill("{name}'s keys are the ones this device has seen from the start.", { name }),
  unvouchedMember: (name: string) => fill("{name} joined without an invite link that your device could check, and nobody has vouched for them yet.", { name }),
};

export const member = {
  search: "Find a member",
  found: (count: number) => plural(count, { one: "# member", other: "# members" }),
  nobody: "Nobody here has a name like that.",
  owner: "Owner",
  unvouched: "Not vouched for",
  violation: "Keys changed",
  you: "you",
  groupOwner: "Owner",
  group: (count: number) => plural(count, { one: "Member – #", other: "Members – #" }),
  groupRole: (role: string, count: number) => fill(plural(count, { other: "{role} – #" }), { role }),
  vouch: "Vouch",
  vouchNamed: (name: string) => fill("Vouch for {name}", { name }),
  vouchLead: "You say that this is the person you think it is. Everybody in the server sees them as vouched for.",
  message: "Message",
  messageNamed: (name: string) => fill("Message {name}", { name }),
  joined: (when: string) => fill("Joined on {when}", { when }),
  aboutNamed: (name: string) => fill("About {name}", { name }),
};

export const fork = {
  title: "The server contradicted itself",
  what: (when: string) => fill("It signed two accounts that can't both be true; your device noticed {when}. Somebody may be shown something else than you. Compare with the others outside Cloister. Nothing you write here is sent until you go on.", { when }),
  copy: "Copy the proof",
  goOn: "I've seen it, go on",
};

export const talk = {
  fromBlocked: "A message from somebody whom you blocked.",
  showBlocked: "Show it",
  choose: "Choose this message",
  chosenLabel: "Chosen messages",
  chosen: (count: number) => plural(count, { one: "# message chosen", other: "# messages chosen" }),
  chosenMost: (count: number) => plural(count, { one: "# message chosen", other: "# messages chosen, which is as many as go at once" }),
  chosenEnd: "Stop choosing",
  chosenDelete: (count: number) => plural(count, { one: "Delete # message", other: "Delete # messages" }),
  chosenAuthors: "their authors",
  label: (place: string) => fill("Messages in {place}", { place }),
  beginning: (channel: string) => fill("This is where {channel} begins.", { channel }),
  welcomeTitle: (channel: string) => fill("Welcome to {channel}", { channel }),
  welcome: "It's quiet here. Three things to know:",
  welcomeInvite: "Invite the people you want here with a link.",
  welcomeWrite: "Write below. Enter sends, Shift and Enter make a new line, **two stars** make bold.",
  welcomeFind: "Theme, size of text and your devices are under your name at the foot of the list; on a phone, under You.",
  joined: "Messages from before you joined aren't shown: they were never encrypted for you.",
  joinedShared: "Earlier messages are for members whom somebody has vouched for.",
  beforeShared: (count: number) => plural(count, { one: "One earlier message. Its key comes from a member who can read it, when one is online.", other: "# earlier messages. Their keys come from a member who can read them, when one is online." }),
  askHistory: "Ask again",
  askedHistory: (when: string) => fill("Asked {when}.", { when }),
  handedBy: (name: string) => fill("Key from {name}", { name }),
  handedByTitle: "An earlier message",
  handedByWhat: (name: string, author: string) => fill("You weren't here yet when this was written. {name} handed you the key to it, and says that it is {author}'s. Messages that reach you as they are written come from their author's device itself.", { name, author }),
  before: (count: number) =>
    plural(count, { one: "One message from before you joined. It was never encrypted for you.", other: "# messages from before you joined. They were never encrypted for you." }),
  older: "Loading earlier messages",
  olderOffline: "Earlier messages are on the server. They load when you're back online.",
  unread: "New",
  unreadLabel: "New messages start here",
  jump: "Jump to newest",
  jumpCount: (count: number) => plural(count, { one: "# new message", other: "# new messages" }),
  waiting: "Waiting for the key. This message opens by itself.",
  sending: "Sending",
  sent: "Sent",
  failed: "Not sent",
  edited: "(edited)",
  deleted: "Deleted by its author",
  linksHeld: (until: string) => fill("Links of new members are only text. These can be pressed from {until} on.", { until }),
  removedBy: (name: string) => fill("Removed by {name}", { name }),
  quote: (author: string, text: string) => fill("Answer to {author}: {text}", { author, text }),
  disappeared: "This message has disappeared",
  vanishes: (when: string) => fill("disappears {when}", { when }),
  forwarded: (name: string) => fill("Forwarded. {name} wrote:", { name }),
  quoteGone: "a message that was deleted",
  quoteAway: "an earlier message",
  about: (kind: "message" | "edit" | "reaction" | "vote" | "deletion" | "name", body: string) => (kind === "edit" ? fill("Edit: {body}", { body }) : kind === "name" ? fill("New name: {body}", { body }) : kind === "deletion" ? "Deletion" : kind === "vote" ? "Vote" : fill("Reaction {body}", { body })),
  retry: "Send again",
  giveUp: "Take back",
  giveUpHint: "Puts the text back where you write",
  why: "Why?",
  announced: (author: string, body: string) => fill("{author}: {body}", { author, body }),
  unreadableShort: "Can't be read on this device",
};

export const composer = {
  label: (place: string) => fill("Message {place}", { place }),
  placeholder: (place: string) => fill("Write to {place}", { place }),
  send: "Send",
  emoji: "Emoji",
  replying: (author: string) => fill("Replying to {author}", { author }),
  stopReply: "Don't reply",
  vanish: "Messages that disappear",
  vanishOff: "Messages stay",
  vanishHour: "Disappear after an hour",
  vanishDay: "Disappear after a day",
  vanishWeek: "Disappear after a week",
  vanishes: "What you send now disappears for everybody after a while",
  cannot: "You can read here, but not write.",
  announcements: "Only those who may announce write here. You can react, and write in threads.",
  left: (count: number) => plural(count, { one: "# character too many", other: "# characters too many" }),
  unvouched: (count: number) => plural(count, { one: "# reader here isn't vouched for", other: "# readers here aren't vouched for" }),
};

export const connection = {
  offline: "No connection.",
  connecting: "Connecting",
  retryIn: (seconds: number) => plural(seconds, { one: "Trying again in # second.", other: "Trying again in # seconds." }),
  tryNow: "Try now",
  kept: "What you write is kept and goes out later.",
  alarm: "The server contradicted itself",
};

export const devices = {
  title: "Devices",
  lead: "Each browser or program you use has keys of its own. Remove what you no longer use or don't know.",
  thisOne: "This device",
  lastSeen: (when: string) => fill("Last seen {when}", { when }),
  approvedBy: (name: string) => fill("approved by {name}", { name }),
  rename: "Rename",
  renameNamed: (name: string) => fill("Rename {name}", { name }),
  nameField: "Name of this device",
  save: "Save",
  revoke: "Remove",
  revokeNamed: (name: string) => fill("Remove {name}", { name }),
  revokeTitle: (name: string) => fill("Remove {name}?", { name }),
  revokeLead: "It's signed out at once and can't read anything that's written from now on.",
  waitingTitle: "Waits for your approval",
  waitingLead: "Approve it only if this code is the one on its screen, character by character.",
  waitingDevice: (platform: string) => (platform === "web" ? "A web browser" : fill("A device, {platform}", { platform })),
  approve: "The codes are the same",
  refuse: "That's not mine",
  approveTitle: "Add a device",
  approveLead: "Sign in on the new device. It shows a code; type it here.",
  code: "Code on the new device",
  approveSubmit: "Approve device",
  approved: "Approved. The new device goes on by itself.",
  removed: "Removed",
  stopped: "Stopped: its storage was copied",
  others: "Your devices",
};

export const signOut = {
  title: "Sign out?",
  lead: "Keys and messages on this device are deleted. Sign in again and approve it from another device to get back.",
  onlyTitle: "This is your only device",
  onlyLead: "You haven't kept your recovery key. If you sign out now, nobody can get you back into this account, and everything you've read here is lost.",
  keepFirst: "Keep the recovery key first",
  submitAnyway: "Sign out and lose everything",
  missing: (count: number) =>
    plural(count, {
      one: "# key on this device isn't backed up yet. Signing out saves it first; without it, some messages stay unreadable.",
      other: "# keys on this device aren't backed up yet. Signing out saves them first; without them, some messages stay unreadable.",
    }),
  withoutKeys: "Sign out without them",
  saving: "Backing up, then signing out",
};

export const appearance = {
  title: "Appearance",
  theme: "Theme",
  system: "As the system",
  light: "Light",
  dark: "Dark",
  text: "Size of text",
  textValue: (size: number) => plural(size, { other: "# points" }),
  width: "Width of the talk",
  reading: "Easy to read",
  full: "Whole width",
  density: "Space between messages",
  comfortable: "Comfortable",
  compact: "Compact",
  example: "Example",
  exampleAuthor: "Ada Lindqvist",
  exampleBody: "The gate is open until nine. Bring bread.",
};

export const help = {
  title: "Keyboard",
  lead: "Everything works without a mouse.",
  shortcuts: "Keyboard shortcuts",
  send: "Send the message",
  newLine: "New line",
  regions: "Next or previous part of the page",
  channels: "Previous or next channel",
  messages: "Through the messages, from the conversation",
  ends: "Oldest or newest message shown",
  read: "Mark as read and go to the newest",
  searchHere: "Search this channel",
  searchAll: "Search everywhere",
  sheet: "This list",
  switcher: "Go to a channel, a person or a command",
  allRead: "Mark everything as read",
  editLast: "Change your last message, from an empty field",
  reply: "Reply, edit, copy the message in focus",
  thread: "Begin or open the thread of the message in focus",
  remove: "Delete the message in focus",
  bold: "Bold, italic, underlined, code",
};

export const certificate = {
  title: "About the browser's warning",
  short: "Why does my browser warn me?",
};

export const you = {
  title: "You",
  lead: (username: string, instance: string) => fill("@{username} on {instance}", { username, instance }),
};

export const home = {
  welcome: (name: string) => fill("Good to see you, {name}", { name }),
  noGuilds: "You're not in a server yet. Create one and invite people, or open an invite that somebody sent you.",
};
