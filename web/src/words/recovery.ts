/** Sentences about the ways back into an account, and about what is kept for that day. */
import { fill, plural } from "./plural";

export const recovery = {
  entry: "Recovery and backup",
  title: "Your recovery key",
  offerTitle: "Keep your recovery key",
  lead: "If you lose all your devices, this key is the only way back into your account. Nobody can make it again for you, not even whoever runs this Cloister.",
  show: "Show key",
  hide: "Hide key",
  copy: "Copy key",
  print: "Print",
  kept: "I kept it",
  later: "Later",
  keptTitle: "You've kept your recovery key",
  keptNote: "It's no longer on this device. If you've lost it, keep at least two devices signed in.",
  keyLabel: "Recovery key, eight groups",
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
};
