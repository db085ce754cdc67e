/** Sentences about the e-mail address of an account, and of pages that mails lead to. */
import { fill } from "./plural";

export const email = {
  title: "E-mail address",
  lead: "Where you get a link to a new password, and mails about things that you should know of. Nobody else sees it.",
  none: "You have no e-mail address here. If you forget your password, whoever runs this Cloister has to help you.",
  off: "This Cloister sends no mail. If you forget your password, whoever runs it hands you a link.",
  label: "Address",
  add: "Add address",
  change: "Change address",
  send: "Send the link",
  waits: (address: string) => fill("We sent a link to {address}. Open it within 24 hours to make the address yours.", { address }),
  again: "Send it again",
  remove: "Remove",
  removeTitle: "Remove your e-mail address?",
  removeLead: "Then you get no mail about your account, and no link to a new password. We tell the address, and it can be brought back for a week.",
  removeSubmit: "Remove address",
};

export const forgot = {
  title: "Forgot your password?",
  lead: "Enter your user name or your e-mail address. If it belongs to an account with a confirmed address, a link to a new password is mailed there.",
  who: "User name or e-mail address",
  submit: "Send the link",
  doneTitle: "Look at your mail",
  done: "If there is an account with a confirmed address, a link is on its way. It works once, for an hour. If nothing comes, ask whoever runs this Cloister.",
  back: "Back to signing in",
};

export const verify = {
  title: "Confirm your e-mail address",
  lead: "Mail for your account will come to the address that this link was sent to.",
  submit: "Confirm address",
  done: "This address is yours now.",
  onward: "Go on",
  noToken: "This page needs the whole link from the mail, with everything after the # sign.",
};

export const notMe = {
  title: "This wasn't you?",
  lead: "We'll sign out every device of your account and stop its password from working. Then a link to a new password is mailed to you. What is encrypted stays as it is.",
  submit: "Secure my account",
  doneTitle: "Your account is secured",
  done: "Everything is signed out, and a link to a new password is on its way to your mailbox. Once you're back in, remove devices that you don't know.",
  noToken: "This page needs the whole link from the mail, with everything after the # sign.",
};
