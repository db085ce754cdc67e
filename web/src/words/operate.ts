/** Sentences for whoever runs the instance. */
import type { Deed, PeopleState, Registration, Required } from "../wire";
import { fill, plural } from "./plural";

export const operate = {
  entry: "Run this Cloister",
  title: "Run this Cloister",
  sections: "Sections",
  people: "People",
  applications: "Applications",
  mail: "Mail",
  rules: "Rules",
  activity: "Activity",
  limits: "Limits",
  onlyOperators: "This is for those who run this Cloister. You aren't one of them.",
  more: "Show more",
  backToStart: "Back to the first ones",
  close: "Close",
};

export const operatePeople = {
  lead: "Everybody who has an account here. You can keep somebody out and help them back in; what they write stays closed to you.",
  with: "Look for a name",
  state: "Show",
  none: "Nobody fits. Look for another name.",
  search: "Look",
  operator: "Runs this Cloister",
  disabled: (date: string) => fill("disabled since {date}", { date }),
  deletion: (date: string) => fill("deleted on {date}", { date }),
  locked: (when: string) => fill("kept out after wrong passwords until {when}", { when }),
  signIns: (count: number) => plural(count, { one: "# sign-in", other: "# sign-ins" }),
  neverHere: "not signed in",
  lastSeen: (when: string) => fill("last here {when}", { when }),
  factor: "has a second factor",
  noFactor: "no second factor",
  mail: "has confirmed an e-mail address",
  noMail: "no e-mail address",
  since: (date: string) => fill("here since {date}", { date }),
  lookAfter: "Look after",
  lookAfterNamed: (name: string) => fill("Look after {name}", { name }),
  own: "This is your own account. Look after it under Security.",
  resetLink: "Make a link to a new password",
  resetLinkLead: "Hand it over by a way that only they read. It works once, for an hour. They're told that it was made, and their second factor stays.",
  copyLink: "Copy link",
  activity: "What happened to this account",
  done: {
    disable: "The account is disabled, and everything is signed out.",
    enable: "The account works again.",
    unlock: "Wrong passwords are forgotten. They can try again now.",
    end_sessions: "Everything is signed out.",
    remove_factors: "The second factor is gone. They were told.",
    delete: "The account goes when its time is over. They were told, and can keep it until then.",
    keep: "The account stays.",
  } satisfies Record<Deed, string>,
  deed: {
    disable: "Disable account",
    enable: "Enable account",
    unlock: "Forget wrong passwords",
    end_sessions: "Sign out everywhere",
    remove_factors: "Remove second factor",
    delete: "Delete account",
    keep: "Keep account",
  } satisfies Record<Deed, string>,
  sure: {
    disable: "Nobody can sign in to this account until you enable it, and everything is signed out now. Nothing is deleted.",
    end_sessions: "They stay who they are, and sign in again with their password.",
    remove_factors: "Do this only when you're certain that it's them who ask, and that they lost it. From then on the password alone signs them in; they're told.",
    delete: "Everything is signed out now, and everything of this account goes after the usual days. Until then they can sign in and keep it, and you can keep it for them.",
  },
};

export const peopleStates: Record<PeopleState, string> = {
  everybody: "Everybody",
  operators: "Those who run it",
  disabled: "Disabled accounts",
  without_second_factor: "Without a second factor",
};

export const operateMail = {
  lead: "Mails carry links to new passwords, and tell people what happened to their accounts. How they're sent stands in the configuration, under [mail].",
  off: "No mail server is set, so no mail is sent: you hand out links yourself. Name one in the configuration under [mail] and start the server again.",
  server: "Mail server",
  from: "Sender",
  encryption: "Encryption",
  tls: { starttls: "STARTTLS", implicit: "TLS from the start", off: "none, on this machine only" } as Record<string, string>,
  waiting: "Waiting",
  sent: "Sent in the last week",
  failed: "Failed in the last week",
  said: "The mail server said last",
  test: "Send a test mail",
  testTo: "To",
  testSubmit: "Send",
  testOk: "The mail server took the mail. Look whether it arrives.",
  testFailed: "The mail server didn't take it. It said:",
};

export const operateRules = {
  lead: "These rules count from the next request on, and stay when the server starts again.",
  registration: "New accounts",
  registrationHint: {
    invite: "Whoever has an invite can make an account.",
    open: "Anybody who knows the address can make an account.",
    application: "Whoever has an invite, or applies and is approved by you.",
    closed: "Nobody makes an account, not even with an invite. You make them on the server's machine.",
  } as Record<Registration, string>,
  second: "A second factor is needed",
  secondHint: {
    nobody: "Everybody chooses for themselves.",
    staff: "Whoever runs this Cloister needs one before they can do so.",
    all: "Nobody can go on without one. People are led to set one up.",
  } satisfies Record<Required, string>,
  asConfigured: (what: string) => fill("As the configuration says ({what})", { what }),
  save: "Save rules",
  saved: "Saved. The rules count now.",
  fixed: "Set in the configuration",
  passwords: "Passwords",
  profiles: {
    usual: "8 characters and hard to guess",
    nist: "15 characters, or 8 beside a second factor",
    classic: "8 characters with small letters, capitals and digits",
    "legacy-6": "6 characters",
  } as Record<string, string>,
  signIns: "Sign-ins",
  lifetimes: (access: string, idle: string, absolute: string) => fill("A stolen token is good for {access}. A sign-in ends after {idle} without use, and after {absolute} in any case.", { access, idle, absolute }),
  weak: "Weaker than it should be",
  weakNone: "No setting is weaker than it should be.",
};

export const registrations: Record<Registration, string> = { invite: "With an invite", open: "Open to anybody", application: "By application, or with an invite", closed: "Closed" };
export const requireds: Record<Required, string> = { nobody: "For nobody", staff: "For those who run it", all: "For everybody" };

export const operateActivity = {
  lead: "What happened to accounts here, with where it came from. Addresses are forgotten after 30 days.",
  person: "Username",
  kind: "What",
  anything: "Anything",
  time: "When",
  times: { day: "The last day", week: "The last week", month: "The last month", all: "As far back as it goes" },
  none: "Nothing like this has happened.",
  whose: (name: string) => fill("@{name}", { name }),
  instance: "This Cloister",
  by: (name: string) => fill("by @{name}", { name }),
  from: (address: string) => fill("from {address}", { address }),
  csv: "Save as CSV",
  json: "Save as JSON",
};

/** What happened, as whoever runs the place reads it. */
export const happenedHere = {
  registered: "Made an account",
  signed_in: "Signed in",
  signed_in_new_device: "Signed in with a new device",
  signed_in_new_place: "Signed in from a new place",
  sign_in_failed: "Wrong password",
  locked_out: "Too many wrong passwords: unknown devices are kept out",
  signed_out: "Signed out",
  refresh_reused: "A sign-in was used from two places and was ended",
  session_ended: "A sign-in was ended",
  all_sessions_ended: "Sign-ins were ended",
  password_changed: "Password changed",
  password_reset: "Password set anew with a link",
  totp_enabled: "Second factor turned on",
  totp_disabled: "Second factor turned off",
  backup_code_used: "Backup code used",
  backup_codes_renewed: "New backup codes",
  second_factor_failed: "Right password, wrong code",
  second_factors_removed: "Second factor removed",
  disabled: "Account disabled",
  enabled: "Account enabled",
  unlocked: "Wrong passwords forgotten",
  email_changed: "E-mail address changed",
  email_removed: "E-mail address removed",
  not_me: "Said by a mailed link that it wasn't them",
  started_over: "Started over with new keys",
  reset_link_made: "Link to a new password made",
  policy_changed: "Rules changed",
  events_exported: "Activity saved as a file",
  deletion_asked: "End of the account asked for",
  deletion_cancelled: "Account kept",
  account_deleted: "Account deleted",
  applied: "Somebody applied for an account",
  application_approved: "Application approved",
  application_rejected: "Application turned down",
};

export const operateApplications = {
  lead: "People who ask for an account. Nobody of them is in before you decide, and what they said is forgotten 30 days later. People apply while new accounts are set to that under Rules.",
  show: "Show",
  waiting: (count: number) => plural(count, { other: "Waiting (#)" }),
  decided: "Decided",
  none: "Nobody waits for an answer.",
  noneDecided: "Nothing has been decided yet.",
  asked: (when: string) => fill("asked {when}", { when }),
  approveMail: "Approve, and mail the link",
  approvePassword: "Approve with a one-time password",
  reject: "Turn down",
  reason: "Reason",
  reasonMailed: "It's mailed to the address that they gave.",
  reasonKept: "They gave no address, so it's only kept here.",
  mailed: (name: string) => fill("A link is on its way to {name}. It works once, for three days.", { name }),
  handOver: (name: string) => fill("Hand this to {name} by a way that only they read. It works once, for a day: with it they make the account and choose a password of their own. It isn't shown again.", { name }),
  copyPassword: "Copy password",
  copyLink: "Copy link with password",
  outcome: {
    approved: (date: string, by: string | null) => (by === null ? fill("Approved {date}", { date }) : fill("Approved {date} by @{by}", { date, by })),
    rejected: (date: string, by: string | null) => (by === null ? fill("Turned down {date}", { date }) : fill("Turned down {date} by @{by}", { date, by })),
  },
  unused: "no account made yet",
  questions: "Questions",
  questionsLabel: "What applicants are asked, one question a line (at most 8)",
  saveQuestions: "Save questions",
};

export const applyWords = {
  link: "Apply for an account",
  title: (instance: string) => fill("Apply to {instance}", { instance }),
  lead: "Whoever runs this Cloister decides who comes in. Answer their questions; you choose a password once you're approved.",
  closed: "This Cloister takes no applications right now. Ask somebody who is already in for an invite.",
  address: "E-mail address",
  addressHint: "Where the answer goes. Without one, whoever runs this Cloister has to reach you in another way.",
  submit: "Apply",
  doneTitle: "Your application is in",
  doneMail: "Whoever runs this Cloister looks at it. The answer comes by mail, with a link that makes your account if it's a yes.",
  donePlain: "Whoever runs this Cloister looks at it. If it's a yes, they hand you a one-time password that makes your account.",
};

export const activateWords = {
  title: "You're approved",
  lead: (instance: string) => fill("Make your account on {instance}, with a password of your own.", { instance }),
  leadTyped: (instance: string) => fill("Enter what you were handed by whoever runs {instance}. Then you choose a password of your own.", { instance }),
  code: "One-time password",
  next: "Go on",
  submit: "Create account",
};

export const operateLimits = {
  lead: "What this Cloister counts, and where it stops. The numbers stand in the configuration, under [limits].",
  most: (count: number, seconds: number | null) => (seconds === null ? plural(count, { other: "#" }) : fill("{count} in {time}", { count: plural(count, { other: "#" }), time: span(seconds * 1000) })),
};

/** A stretch of time: "15 minutes", "30 days". */
export function span(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (ms < 60_000) return plural(Math.round(ms / 1000), { one: "# second", other: "# seconds" });
  if (minutes < 60 || (minutes < 120 && minutes % 60 !== 0)) return plural(minutes, { one: "# minute", other: "# minutes" });
  const hours = Math.round(minutes / 60);
  return hours < 72 ? plural(hours, { one: "# hour", other: "# hours" }) : plural(Math.round(hours / 24), { one: "# day", other: "# days" });
}
