/** Sentences about what guards an account. */
import type { Place, SecurityEventKind } from "../wire";
import { fill, plural } from "./plural";

export const security = {
  title: "Security",
  lead: "What guards your account: your password, a second factor, and where you're signed in.",
  password: "Password",
  passwordLead: "A new password signs you out everywhere else.",
  change: "Change password",
  current: "Current password",
  next: "New password",
  code: "Code",
  codeHint: "Six digits from your authenticator, or a backup code.",
  codeAsked: "This account has a second factor. Enter its code to go on.",
  changed: "Your password is changed. Your other devices are signed out.",
  factor: "Second factor",
  factorOff: "With a second factor, a stolen password alone lets nobody in. You enter a code from an app on your phone when you sign in.",
  factorOn: (date: string) => fill("On since {date}. Codes from your authenticator are asked for when you sign in.", { date }),
  factorRequired: "Whoever runs this Cloister asks you to have a second factor. Set one up to go on.",
  setUp: "Set up an authenticator",
  scan: "Scan this picture with your authenticator app, then enter the code that it shows.",
  picture: "Picture for your authenticator",
  byHand: "Or type this secret into it:",
  firstCode: "First code",
  turnOn: "Turn on",
  turnOff: "Turn off",
  turnOffTitle: "Turn off the second factor?",
  turnOffLead: "From then on your password alone signs you in.",
  codesTitle: "Your backup codes",
  codesLead: "Each of these signs you in once when your phone isn't at hand. Keep them away from your password; they're not shown again.",
  codesKept: "I kept them",
  codesLeft: (count: number) => plural(count, { one: "# backup code left", other: "# backup codes left" }),
  newCodes: "New backup codes",
  copyCodes: "Copy codes",
  signIns: "Where you're signed in",
  thisOne: "This sign-in",
  lastUsed: (when: string) => fill("Last used {when}", { when }),
  since: (date: string) => fill("since {date}", { date }),
  end: "Sign out",
  endNamed: (name: string) => fill("Sign out {name}", { name }),
  endOthers: "Sign out everywhere else",
  ended: "They're signed out.",
  activity: "Activity",
  activityNone: "Nothing has happened yet.",
  wasThisYou: "Was this you?",
  itWasMe: "Yes, all of it",
  notMe: "This wasn't me",
  notMeTitle: "Secure your account",
  notMeLead: "We'll sign out everything but this device. Then choose a new password, and remove devices you don't know.",
  notMeSubmit: "Sign out everything else",
  notMeDone: "Everything else is signed out. Choose a new password now, then look at your devices.",
  toDevices: "Look at your devices",
  look: "Look",
  notice: (count: number) => plural(count, { one: "Something happened to your account that you should look at.", other: "# things happened to your account that you should look at." }),
  proofTitle: "Is it you?",
  proofLead: "This changes how your account is guarded, so enter your password once more.",
  proofSubmit: "Go on",
  unknownDevice: "A device",
};

export const reset = {
  title: "Choose a new password",
  lead: "This link works once. Your messages stay, and so does your second factor.",
  submit: "Set password",
  done: "Your new password is set. Sign in with it; on a new device you also need another device of yours or your recovery key.",
  toSignIn: "Sign in",
  noToken: "This page needs the whole link that you were given, with everything after the # sign.",
  forgot: "I forgot my password",
  forgotOff: "This Cloister sends no mail. Ask whoever runs it for a link to a new password. If another device of yours is signed in, you can go on there.",
};

/** What happened, as one line. */
export const happened: Record<SecurityEventKind, string> = {
  registered: "You made this account",
  signed_in: "Signed in",
  signed_in_new_device: "Signed in with a new device",
  signed_in_new_place: "Signed in from a new place",
  sign_in_failed: "Somebody tried to sign in with a wrong password",
  locked_out: "Too many wrong passwords: unknown devices are kept out for a while",
  signed_out: "Signed out",
  refresh_reused: "A sign-in was used from two places and was ended",
  session_ended: "A sign-in was ended",
  all_sessions_ended: "Sign-ins were ended",
  password_changed: "The password was changed",
  password_reset: "The password was set anew with a link",
  totp_enabled: "The second factor was turned on",
  totp_disabled: "The second factor was turned off",
  backup_code_used: "A backup code was used",
  backup_codes_renewed: "New backup codes were made",
  second_factor_failed: "Right password, wrong code: somebody may know your password",
  second_factors_removed: "Whoever runs this Cloister removed your second factor",
  disabled: "The account was disabled",
  enabled: "The account was enabled again",
  unlocked: "Wrong passwords were forgotten",
  email_changed: "The e-mail address was changed",
  email_removed: "The e-mail address was removed",
  not_me: "A mailed link said that this wasn't you: everything was signed out",
  started_over: "The account started over with new keys",
  reset_link_made: "Whoever runs this Cloister made a link to a new password",
  policy_changed: "You changed the rules of this Cloister",
  events_exported: "You saved what happened here as a file",
  deletion_asked: "The end of this account was asked for",
  deletion_cancelled: "The account was kept",
  account_deleted: "An account was deleted",
  applied: "Somebody applied for an account",
  application_approved: "You approved an application",
  application_rejected: "You turned an application down",
};

export function placeName(place: Place): string {
  switch (place.place) {
    case "this_machine":
      return "the server's own machine";
    case "local_network":
      return "the local network";
    case "network":
      return fill("network {prefix}", { prefix: place.prefix });
  }
}
