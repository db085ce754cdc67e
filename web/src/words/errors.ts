/** Every refusal as a sentence: what happened, and what to do next. */
import type { ErrorCode, Refusal, Undecryptable } from "../wire";
import { fill, plural } from "./plural";

const unexpected = "Something went wrong on the server. Try again; if it happens again, tell whoever runs it.";
const outOfStep = "This device fell behind the server for a moment. Try again.";
const unverifiable = "The server's answer about who reads here doesn't check out, so nothing was sent. Ask the others outside Cloister whether they see this too.";

const sentences: Record<ErrorCode, string> = {
  MALFORMED: "The server didn't understand this request. Reload the page; your version may be older than the server's.",
  INVALID: "The server can't accept this value. Change it and try again.",
  TOO_LARGE: "This is too large for the server. Make it shorter.",
  TIMED_OUT: "The request took too long to arrive. Check your connection and try again.",
  UNSUPPORTED_MEDIA_TYPE: "The server didn't understand this request. Reload the page; your version may be older than the server's.",
  NOT_FOUND: "This isn't here any more, or you can't see it.",
  METHOD_NOT_ALLOWED: "The server didn't understand this request. Reload the page; your version may be older than the server's.",
  CREDENTIAL_IN_URL: "A secret was about to be put into an address, so nothing was sent. Reload the page.",
  CROSS_SITE: "This request didn't come from Cloister's own page. Open Cloister in its own tab and try again.",
  RATE_LIMITED: "That was too often in a short time. Wait a little, then try again.",
  UNAVAILABLE: "The server is busy right now. Nothing was changed; try again in a moment.",
  INTERNAL: unexpected,

  UNAUTHENTICATED: "You're not signed in any more. Sign in again to go on.",
  WRONG_CREDENTIALS: "Name or password isn't right. Check both and try again.",
  DEVICE_PENDING: "This device waits for approval. Approve it from a device where you're signed in.",
  DEVICE_REVOKED: "This device was removed from your account. Sign in again to use it.",
  DEVICE_CLONED: "The server has seen a later state of this device, so it was stopped. Go on with it as a new device.",
  REFRESH_REUSED: "This sign-in was used in two places, so it was ended. Sign in again.",
  FORBIDDEN: "You're not allowed to do this here. Ask the owner of the server.",

  USERNAME_TAKEN: "Somebody has this name already. Choose another one.",
  USERNAME_INVALID: "A name has 3 to 32 small letters, digits and underscores, and can't be one that people would take for staff. Choose another one.",
  PASSWORD_TOO_WEAK: "This password is too easy to guess. Use a longer one; a few unrelated words work well.",
  INVITE_INVALID: "This invite doesn't exist or has expired. Ask for a new link.",
  INVITE_USED_UP: "This invite has been used as often as it allows. Ask for a new link.",
  REGISTRATION_CLOSED: "New accounts need an invite here. Ask somebody who is already in for a link.",
  SET_UP_DONE: "This Cloister is already set up. Sign in, or ask for an invite.",
  SECOND_FACTOR_REQUIRED: "Enter the code of your authenticator, or a backup code.",
  SECOND_FACTOR_WRONG: "This code is wrong or was used already. Wait for the next one.",
  WRONG_PASSWORD: "This isn't your password. Try again.",
  LINK_INVALID: "This link was used, has expired or was replaced by a newer one. Ask for another.",
  PROOF_REQUIRED: "Enter your password once more to do this.",
  SECOND_FACTOR_NEEDED: "This Cloister asks for a second factor. Set one up under Security first.",
  MAIL_OFF: "This Cloister sends no mail. Ask whoever runs it for a link to a new password.",
  EMAIL_INVALID: "This isn't an e-mail address like name@example.org. Check it and try again.",
  START_OVER_TOO_SOON: "A device of this account was in use less than three days ago. Approve this one with it, or wait until three days have passed.",
  NOT_CONFIRMED: "This isn't your user name. Type it as it stands above.",
  OWNS_GUILDS: "You own servers or group conversations. Hand them over or delete them first.",
  LAST_OPERATOR: "Nobody else runs this Cloister. Make somebody else an operator first.",
  DELETION_PENDING: "An account that is about to be deleted takes nothing on. Keep the account first.",
  PERSON_GONE: "This account was deleted. You can read what was said.",
  ACCOUNT_DISABLED: "This account is disabled. Ask whoever runs this Cloister.",

  BAD_SIGNATURE: "A signature doesn't check, so nothing was done. Reload the page and try again.",
  DEVLOG_STALE: outOfStep,
  OTK_CONFLICT: outOfStep,
  TOO_MANY_DEVICES: "You have as many devices as an account can have. Remove one you don't use, then try again.",
  BACKUP_STALE: outOfStep,
  BACKUP_FULL: "Your key backup is full. What comes now is on your devices only.",
  OP_INVALID: "The server's log refuses this. It may have been done already; reload the page to see.",

  GUILD_FULL: "This server is full. Ask its owner.",
  ALREADY_MEMBER: "You're in this server already.",
  NOT_MEMBER: "You're not in this server any more.",
  OWNER_MUST_STAY: "You own this server. Delete it, or give it to somebody else first.",
  DANGEROUS_FOR_EVERYONE: "Everyone can't have a right that could take the server apart. Give it to a role.",
  RANK_TOO_HIGH: "That stands as high as you in this server, or higher. Ask somebody above.",
  RIGHT_NOT_YOURS: "You can't give a right that you don't have yourself.",
  ROLE_CONSTRAINED: "A role of yours would let you, but what it asks for isn't so now. Ask under “Why?” on your member card.",
  AUTOMATIC_TOO_STRONG: "A role that is given by itself can't have a right that could take the server apart.",
  NAME_TAKEN: "Something else here has this name. Choose another one.",
  ROLES_EXCLUDE: "Nobody can hold both of these roles. Take one of them away first.",
  APPLICATION_NEEDED: "This server is joined by application. Open the invite's page and answer its questions.",
  QUARANTINED: "A moderator has put you in quarantine here. You can read what everybody reads.",
  JOINS_PAUSED: "This server has paused joining for now. Try again later.",
  BANNED: "You were banned from this server. Its moderators can lift that.",
  TIMED_OUT_MEMBER: "A moderator has put you on hold here. You can read, and write again when it's over.",
  SLOW_MODE: "This channel has slow mode. Wait a little before your next message.",
  RULES_WAIT: "This server has rules. Read them and agree before you write.",
  NEWCOMER: "New members of this server read for a while before they write. Try again a little later.",
  TOO_MANY: "There are as many of these as there can be. Remove one, then try again.",

  PLAINTEXT_REFUSED: "The message wasn't encrypted, so the server refused it. Your text is still here; reload the page and try again.",
  EPOCH_STALE: outOfStep,
  SHARE_REQUIRED: outOfStep,
  ROTATE_REQUIRED: outOfStep,
  DEVICES_MISMATCH: outOfStep,
  DEVICES_STALE: outOfStep,
  INDEX_STALE: "This device's keys went back to an older state. Reload the page; if it stays, sign in again.",
  THREAD_CLOSED: "This thread was closed. Open it again, or write in the channel.",
  TARGET_GONE: "The message this belongs to was deleted.",
  ANNOUNCEMENTS_ONLY: "Only those who may announce write here. You can read, react, and write in threads.",
  HISTORY_NOT_SHARED: "Earlier messages aren't handed to you here: the channel keeps them, or nobody has vouched for you yet.",
  AUDIENCE_FULL: "This channel is full: it can't be encrypted to more devices. Continue it in a new channel, or let fewer people read it.",
  REPORT_UNPROVED: "What was revealed isn't what the server accepted, so the report wasn't taken. Try another of your devices.",
  ALREADY_RESOLVED: "Somebody else is dealing with this report, or has done so. Reload the page to see.",
  MESSAGE_TOO_LONG: "This message is too long. Split it into shorter ones.",

  OFFLINE: "The server can't be reached. We'll go on when you're back online.",
  ROSTER_UNVERIFIABLE: unverifiable,
  TRUST_VIOLATION: "Somebody who reads here isn't who they were before, so nothing was sent. Ask them outside Cloister what changed before you go on.",
  SIGNED_OUT: "You're not signed in on this device. Sign in to go on.",
  STORE_BUSY: "Another tab holds your messages right now. Close it, or wait a moment, and try again.",
  STORE_FAILED: "This browser can't keep your messages: its storage is full or switched off. Free some space, or leave private browsing, then reload.",
  RECOVERY_KEY_WRONG: "This recovery key doesn't fit the account. Check each group; letters and digits can look alike.",
  NOT_BACKED_UP: "Some keys on this device aren't backed up yet. Wait until they are, or sign out without them.",
  VAULT_CHANGED: "The server shows another vault than your devices left there, so nothing was opened. Tell whoever runs this Cloister, and keep your other devices signed in.",
  CODE_UNKNOWN: "No device of yours shows this code. Compare it once more, character by character.",
  PERSON_CODE_WRONG: "That isn't their code for you. Ask them to open their page about you, and read the code there.",
  KEYS_DIFFER: "The two devices don't know the same keys: the server, or somebody on the way, may be lying to one of you. Don't write anything secret, and tell them.",
  CERTIFICATE_CHANGED: "The server's certificate changed. Ask whoever runs it whether they renewed it before you go on.",
};

/** What a person reads when a command was refused. */
export function refusalSentence(refusal: Pick<Refusal, "code" | "message"> & { retry_after_ms?: number | null }): string {
  if (refusal.code === "RATE_LIMITED" && refusal.retry_after_ms) {
    const seconds = Math.ceil(refusal.retry_after_ms / 1000);
    return plural(seconds, { one: "That was too often in a short time. Try again in # second.", other: "That was too often in a short time. Try again in # seconds." });
  }
  // An older page meets codes of a newer server; the server's own sentence is the best there is.
  return sentences[refusal.code] ?? (refusal.message || unexpected);
}

/** What a person reads under a message that couldn't be sent. */
export function failedSend(refusal: Pick<Refusal, "code" | "message">): string {
  if (refusal.code === "OFFLINE") return "Couldn't send. It stays here; we'll retry when you're back online.";
  return fill("Couldn't send. {reason}", { reason: refusalSentence(refusal) });
}

/** Why a message can't be read, and the next step. */
export const unreadable: Record<Undecryptable, { what: string; next: string }> = {
  key_missing: {
    what: "The key for this message never arrived.",
    next: "Ask the author to send it again. Whoever runs this Cloister will want to know: this should not happen.",
  },
  withheld_unvouched: {
    what: "Nobody has vouched for you here, so the author's device gave you no key.",
    next: "Ask somebody who may vouch, such as the owner. You'll read what is written after that.",
  },
  withheld_violation: {
    what: "The author's device saw your keys change in a way that doesn't check out, and gave you no key.",
    next: "Tell the author what happened, outside Cloister, and compare your devices with them.",
  },
  withheld_no_keys: {
    what: "This device had run out of keys that the author could use.",
    next: "Keep Cloister open for a moment, then ask the author to send it again.",
  },
  corrupt: {
    what: "This message was damaged or changed on its way.",
    next: "Ask the author to send it again.",
  },
  wrong_sender: {
    what: "This message wasn't written by the device it names.",
    next: "Don't rely on it. Ask the author outside Cloister whether it's theirs.",
  },
  replayed: {
    what: "This is a copy of an earlier message.",
    next: "You can ignore it. If there are many, tell whoever runs this Cloister.",
  },
  keys_lost: {
    what: "This can't be read any more: its keys were lost with your old devices.",
    next: "You started over since. If it matters, ask the author to send it again.",
  },
  before_this_device: {
    what: "This was sent before this device was yours.",
    next: "Its key is still on your other device. Open Cloister there and keep it online for a moment.",
  },
};
