//! Every fixed limit of the protocol. What an operator may change is in the configuration.

/// Devices of one person, active and pending together.
pub const DEVICES_PER_USER: usize = 8;
/// Devices that may read one encrypted channel.
pub const DEVICES_PER_CHANNEL: usize = 1_000;
/// One-time keys that the server keeps for a device.
pub const ONE_TIME_KEYS_PER_DEVICE: usize = 100;
/// Below this, a device uploads new ones.
pub const ONE_TIME_KEYS_LOW: usize = 50;
/// Envelopes in one share, wraps in one direct message.
pub const ENVELOPES_PER_SHARE: usize = 100;
/// Devices in one claim of prekeys.
pub const CLAIMS_PER_REQUEST: usize = 100;
/// Items in one page of the to-device queue.
pub const QUEUE_PAGE: u32 = 200;
/// Items waiting for one device before it becomes dormant.
pub const QUEUE_ITEMS_MAX: u64 = 20_000;
/// Bytes waiting for one device before it becomes dormant.
pub const QUEUE_BYTES_MAX: u64 = 50 * 1024 * 1024;
/// Entries in one person's device log.
pub const DEVLOG_ENTRIES: u64 = 5_000;
/// A device that was away for so long becomes dormant.
pub const DORMANT_MS: u64 = 60 * 24 * 3_600_000;
/// Bytes of one envelope.
pub const ENVELOPE_BYTES: usize = 8 * 1024;
/// Bytes of one message's ciphertext (a text of 4,000 characters padded, with room for its frame).
pub const CIPHERTEXT_BYTES: usize = 64 * 1024;
/// Characters of a message's text.
pub const MESSAGE_CHARS: usize = 4_000;
/// Messages that one report reveals: the one that it is about and those around it.
pub const REPORT_MESSAGES: usize = 21;
/// Characters of the note of a report.
pub const REPORT_NOTE_CHARS: usize = 1_000;
/// Reports of one person that nobody has looked at.
pub const REPORTS_OPEN: u32 = 100;
/// Messages in one page of history.
pub const HISTORY_PAGE: u32 = 100;
/// Keys of earlier messages in one item of the queue.
pub const HISTORY_KEYS_PER_ITEM: usize = 16;
/// Sessions of one channel that are handed to somebody who comes later, the newest first.
pub const HISTORY_SESSIONS: u32 = 5_000;
/// People waiting for history in one answer.
pub const HISTORY_WISHES: u32 = 200;
/// The longest life of a message that disappears: 90 days.
pub const TTL_MAX_S: u32 = 90 * 24 * 3_600;
/// Options of a poll, and characters of one.
pub const POLL_OPTIONS: usize = 12;
pub const POLL_OPTION_CHARS: usize = 120;
pub const POLL_QUESTION_CHARS: usize = 300;
/// How long somebody's word that they are writing is believed.
pub const TYPING_MS: u64 = 8_000;
/// Characters of a status in somebody's own words.
pub const STATUS_CHARS: usize = 100;
/// Changes of who is there are told together, so often.
pub const PRESENCE_EVERY_MS: u64 = 2_000;
/// In guilds with more members nobody is told who is there.
pub const PRESENCE_GUILD_MAX: u32 = 300;
/// People whom one asks about at once.
pub const PRESENCES_AT_ONCE: usize = 100;
/// Annotations in one page of history.
pub const ANNOTATIONS_PAGE: u32 = 200;
/// Messages in one act of removing.
pub const SCRUBS_PER_REQUEST: usize = 100;
/// Messages that one channel keeps at hand.
pub const PINS_PER_CHANNEL: u32 = 50;
/// Scrubs in one page.
pub const SCRUBS_PAGE: u32 = 500;
/// Threads in one page of a channel's list.
pub const THREADS_PAGE: u32 = 25;
/// Cursors of threads in one page.
pub const THREAD_READS_PAGE: u32 = 500;
/// Bytes of one emoji, joined ones included.
pub const EMOJI_BYTES: usize = 64;
/// Entries in one page of a guild log.
pub const LOG_PAGE: u32 = 500;
/// Members in one page.
pub const MEMBERS_PAGE: u32 = 500;
/// Bytes of one signed structure.
pub const SIGNED_BYTES: usize = 16 * 1024;
pub const GUILDS_PER_USER: u32 = 200;
pub const CHANNELS_PER_GUILD: u32 = 500;
/// People in one group conversation.
pub const GROUP_MEMBERS: usize = 50;
pub const CATEGORIES_PER_GUILD: u32 = 50;
pub const ROLES_PER_GUILD: u32 = 250;
/// Overwrites of one channel or category.
pub const OVERWRITES_PER_PLACE: u32 = 100;
pub const BANS_PER_GUILD: u32 = 10_000;
/// People whom one act bans.
pub const BANS_PER_REQUEST: usize = 100;
/// How far back a ban removes what somebody said.
pub const BAN_DELETE_S_MAX: u32 = 7 * 86_400;
/// Characters of a channel's topic.
pub const TOPIC_CHARS: usize = 1_024;
/// The longest pause between two messages of one person.
pub const SLOW_MODE_S_MAX: u32 = 6 * 3_600;
/// The longest timeout of a member.
pub const TIMEOUT_S_MAX: u32 = 28 * 86_400;
/// Questions of an application, characters of one and of an answer.
pub const QUESTIONS: usize = 5;
pub const QUESTION_CHARS: usize = 300;
pub const ANSWER_CHARS: usize = 1_000;
/// Applications that wait in one guild.
pub const APPLICATIONS_PER_GUILD: u32 = 1_000;
/// Who was declined applies again after so long.
pub const APPLY_AGAIN_MS: u64 = 24 * 3_600_000;
/// Characters of a guild's rules.
pub const RULES_CHARS: usize = 4_000;
/// Characters of the reason for an act of moderation.
pub const REASON_CHARS: usize = 512;
/// Entries in one page of an audit log.
pub const AUDIT_PAGE: u32 = 100;
/// Entries in one export of an audit log.
pub const AUDIT_EXPORT: u32 = 10_000;
/// Digests of audit entries in one answer.
pub const AUDIT_DIGESTS: u32 = 1_000;
/// People whom one person keeps at arm's length or close.
pub const RELATIONS_PER_USER: u32 = 1_000;
pub const INVITES_PER_GUILD: u32 = 1_000;
/// Characters of the name of a guild or channel.
pub const NAME_CHARS: usize = 80;
pub const DISPLAY_NAME_CHARS: usize = 48;
pub const USERNAME_MIN: usize = 3;
pub const USERNAME_MAX: usize = 32;
pub const PASSWORD_MIN: usize = 8;
pub const PASSWORD_MAX: usize = 128;
/// Bytes of a sealed device name.
pub const DEVICE_NAME_BYTES: usize = 256;
/// Records of the key backup in one request.
pub const BACKUP_RECORDS_PER_REQUEST: usize = 100;
/// Records of the key backup in one page.
pub const BACKUP_PAGE: u32 = 200;
/// Bytes of one sealed record.
pub const BACKUP_RECORD_BYTES: usize = 4 * 1024;
/// The least that a sealed record has: nonce and tag.
pub const BACKUP_RECORD_BYTES_MIN: usize = 28;
/// Records of one person, all versions together.
pub const BACKUP_RECORDS_MAX: u64 = 1_000_000;
/// Bytes of one person's records.
pub const BACKUP_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// A request's body, unless its route says otherwise.
pub const BODY_BYTES: usize = 256 * 1024;
/// A share or a direct message with its wraps.
pub const BODY_BYTES_SHARE: usize = 1024 * 1024;
/// Nesting of a JSON or CBOR body.
pub const BODY_DEPTH: usize = 32;
pub const URL_BYTES: usize = 8 * 1024;
pub const HEADER_BYTES: usize = 16 * 1024;
/// A gateway frame from a client.
pub const FRAME_BYTES: usize = 16 * 1024;
/// Time to send the first gateway frame.
pub const IDENTIFY_MS: u64 = 5_000;
pub const HEARTBEAT_MS: u64 = 30_000;
/// Events that wait for a slow reader before it is closed, to come back by cursor.
pub const GATEWAY_QUEUE: usize = 1_000;
/// How long a session's events are kept for a resume after its connection broke.
pub const RESUME_MS: u64 = 120_000;
/// A session is rotated after so many messages ...
pub const ROTATION_MESSAGES: u32 = 100;
/// ... or so long.
pub const ROTATION_MS: u64 = 7 * 24 * 3_600_000;
/// An account starts over if none of its devices was here for so long.
pub const START_OVER_MS: u64 = 72 * 3_600_000;
/// How far a joiner's clock may be off.
pub const CLOCK_SKEW_MS: u64 = 5 * 60_000;

/// Networks from which a role counts.
pub const NETWORKS_PER_ROLE: usize = 16;
/// Roles that one role excludes.
pub const EXCLUSIONS_PER_ROLE: usize = 50;
/// Days after which a role can be given automatically.
pub const AUTOMATIC_DAYS: u32 = 3_650;
/// How long a device is in before it counts as verified without another one's approval.
pub const SETTLED_DEVICE_MS: u64 = 7 * 24 * 60 * 60_000;

/// Letters of the name of a guild's emoji; with its id it fits into `EMOJI_BYTES`.
pub const EMOJI_NAME_CHARS: usize = 20;
/// Emoji of one guild.
pub const EMOJI_PER_GUILD: u32 = 100;
