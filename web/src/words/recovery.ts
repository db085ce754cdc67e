/** Sentences about the ways back into an account, and about what is kept for that day. */
import { fill, plural } from "./plural";

export const recovery = {
  entry: "Recovery and backup",
  title: "Your recovery key",
  offerTitle: "Keep your recovery key",
  lead: "If you lose all your devices, this key brings you back into your account, with everything you've read. Nobody else has it, not even whoever runs this Cloister.",
  show: "Show key",
  hide: "Hide key",
  copy: "Copy key",
  print: "Print",
  kept: "I kept it",
  later: "Later",
  keptTitle: "You've kept your recovery key",
  keptNote: "It's no longer on this device. If you've lost it, ask for a new one below.",
  keyLabel: "Recovery key, nine groups",
  printTitle: (name: string) => fill("Cloister recovery key of {name}", { name }),
  printNote: "Keep this paper where you keep your passport. Whoever has it and your password can get into your account.",
  how: "Write it down, print it, or put it into a password manager.",
};

export const backup = {
  title: "Key backup",
  lead: "The keys to what you've read are kept on the server, sealed so that only your devices and your recovery key open them.",
  none: "Nothing to back up yet.",
  all: (count: number) => plural(count, { one: "# key is backed up.", other: "All # keys are backed up." }),
  missing: (count: number) => plural(count, { one: "# key isn't backed up yet.", other: "# keys aren't backed up yet." }),
  restoring: (taken: number, total: number) => plural(total, { one: "Bringing back # key.", other: fill("Bringing back {taken} of # keys.", { taken: String(taken) }) }),
  refused: (count: number) =>
    plural(count, {
      one: "# record on the server was made by none of your devices. It was left alone; tell whoever runs this Cloister.",
      other: "# records on the server were made by none of your devices. They were left alone; tell whoever runs this Cloister.",
    }),
  now: "Back up now",
};

export const ways = {
  title: "Ways back in",
  lead: "What lets you back in, with everything you've read, when none of your devices is at hand.",
  recoveryKey: "Recovery key",
  passkey: (name: string) => (name === "" ? "Passkey" : fill("Passkey from {name}", { name })),
  since: (day: string) => fill("Since {day}", { day }),
  add: "Add a passkey",
  remove: (name: string) => fill("Remove the passkey from {name}", { name }),
  noFunction: "This passkey can't open an account: it lacks a function that this needs. Try another one, or keep your recovery key.",
  givenUp: "No passkey was used. Try again when you're ready.",
  notHere: "This browser offers no passkeys here. They need an up-to-date browser and a trusted certificate.",
};

export const unlock = {
  lead: "None of your devices at hand? Let this one in yourself.",
  passkey: "Use a passkey",
  recoveryKey: "Use your recovery key",
  submit: "Let this device in",
  none: "I have none of these",
};

export const startOver = {
  noneTitle: "Nobody can open what you wrote",
  noneLead:
    "What you read here was encrypted with keys that only your devices had. Whoever runs this Cloister can set your password anew, but has no such key, and neither has anybody else.",
  noneNext:
    "If a device or your recovery key may still turn up, wait for it: then everything comes back. If not, you can start over with this account. Its name, servers and conversations stay; old messages can't be read any more.",
  begin: "Start over",
  title: "Start over with this account?",
  facts: [
    "Messages from before can't be read any more: their keys are lost with your old devices. Your key backup is deleted.",
    "Every device that was yours is removed, and your old recovery key opens nothing.",
    "Everybody you write with is shown that you have new keys. Whoever had verified you sends you nothing until they decide.",
    "You stay in your servers without your roles, as somebody whom nobody has vouched for yet.",
  ],
  sure: "I have no other device and no recovery key, and I know that this can't be undone.",
  submit: "Start over",
  tooSoon: (when: string) =>
    fill("A device of this account was in use less than three days ago, so starting over waits, in case somebody has only your password. If that device stays away, you can start over from {when}. If you have it, approve this one with it.", { when }),
};

export const recoveryChange = {
  title: "Another recovery key",
  lead: "Make a new one if somebody may have seen the old one, or if you've lost it. Nothing you've read is lost by it.",
  make: "Make a new key",
  lost: "I've lost the old one",
  old: "Your recovery key",
  oldHint: "The one that counts until now. The new one takes its place at once.",
  replace: "Make a new key",
  back: "Not now",
  lostLead:
    "You get a new key now, and it counts in three days. Until then the old one goes on counting, and every device of yours says what is coming and can stop it: so nobody who gets hold of one device can take your account from you.",
  propose: "Ask for a new key",
  onItsWay: "A new recovery key is on its way",
  askedHere: (when: string) => fill("You asked for it on this device on {when}.", { when }),
  asked: (device: string, when: string) =>
    device === "" ? fill("Another of your devices asked for it on {when}.", { when }) : fill("“{device}” asked for it on {when}.", { device, when }),
  ripe: (when: string) => fill("It counts from {when}. Until then, the old one does.", { when }),
  newKey: "New recovery key, nine groups",
  keepIt: "Write it down now. It counts even if this device is gone by then, as long as another one of yours is left.",
  notYou: "Wasn't that you? Stop it, then remove the device that asked for it under “Your devices”.",
  stop: "Keep the old key",
  notice: (when: string) => fill("A new recovery key takes the place of yours on {when}. Wasn't that you? Stop it.", { when }),
  look: "Look at it",
};

export const passphrase = {
  name: "Passphrase",
  add: "Make a passphrase",
  again: "Make another passphrase",
  title: "Your passphrase",
  lead: "Six words, drawn by chance: what people think up themselves is guessed sooner or later. They open your account from any new device, together with your password. Write them down; they aren't shown again.",
  label: "Passphrase, six words",
  copy: "Copy passphrase",
  kept: "I wrote it down",
  remove: "Remove the passphrase",
  use: "Use your passphrase",
  field: "Passphrase",
  hint: "Six words. Capital letters don't matter.",
};
