//! The audit log: every change of structure, rights and membership, and every act of moderation,
//! is one entry, made in the transaction of the change itself.

use std::num::NonZero;

use cloister_proof::{AuditCheckpoint, AuditEntry, audit};
use cloister_wire::{
    Bytes, CategoryId, ChannelId, DeviceId, EmojiId, GuildId, ReportId, RoleId, UserId,
    audit::AuditProof, limits,
};
use serde_json::Value;

use crate::{
    Error, Result,
    access::{Actor, Permit, System, guild::InGuild},
    app::Parts,
    error::Denied,
    limit::Window,
    seal::authority::Authority,
    store::{self, audit::Stored, db::Tx},
};

macro_rules! actions {
    ($($name:ident = $text:literal)*) => {
        $(pub const $name: &str = $text;)*
        /// Everything that can stand in a log.
        pub const ALL: &[&str] = &[$($text),*];
    };
}

actions! {
    GUILD_CREATE = "guild.create"
    GUILD_EDIT = "guild.edit"
    GUILD_EVERYONE = "guild.everyone"
    GUILD_TRANSFER = "guild.transfer"
    GUILD_GATE = "guild.gate"
    ROLE_CREATE = "role.create"
    ROLE_EDIT = "role.edit"
    ROLE_MOVE = "role.move"
    ROLE_DELETE = "role.delete"
    ROLE_AUTOMATIC = "role.automatic"
    ROLE_CONSTRAIN = "role.constrain"
    ROLE_SIGN = "role.sign"
    ROLE_GRANT = "role.grant"
    CHANNEL_POLICY = "channel.policy"
    MEMBER_JOIN = "member.join"
    MEMBER_LEAVE = "member.leave"
    MEMBER_ROLES = "member.roles"
    MEMBER_VOUCH = "member.vouch"
    MEMBER_KICK = "member.kick"
    MEMBER_BAN = "member.ban"
    MEMBER_UNBAN = "member.unban"
    MEMBER_TIMEOUT = "member.timeout"
    MEMBER_QUARANTINE = "member.quarantine"
    MEMBER_SETTLE = "member.settle"
    MESSAGE_DELETE = "message.delete"
    ACT_DENIED = "act.denied"
    GUILD_RULES = "guild.rules"
    MEMBER_RULES = "member.rules"
    MEMBER_NICKNAME = "member.nickname"
    CATEGORY_CREATE = "category.create"
    CATEGORY_EDIT = "category.edit"
    CATEGORY_DELETE = "category.delete"
    CHANNEL_CREATE = "channel.create"
    CHANNEL_EDIT = "channel.edit"
    CHANNEL_MOVE = "channel.move"
    CHANNEL_DELETE = "channel.delete"
    OVERWRITE_SET = "overwrite.set"
    GUILD_RETENTION = "guild.retention"
    CHANNEL_RETENTION = "channel.retention"
    MESSAGE_RETENTION = "message.retention"
    GUILD_QUESTIONS = "guild.questions"
    APPLICATION_APPROVE = "application.approve"
    APPLICATION_DECLINE = "application.decline"
    EMOJI_CREATE = "emoji.create"
    EMOJI_EDIT = "emoji.edit"
    EMOJI_DELETE = "emoji.delete"
    INVITE_CREATE = "invite.create"
    INVITE_END = "invite.end"
    INVITE_PAUSE = "invite.pause"
    REPORT_CLAIM = "report.claim"
    REPORT_RESOLVE = "report.resolve"
    AUDIT_EXPORT = "audit.export"
}

/// Denied acts that stand in a log: of one person and of everybody in a guild, within an hour. Who
/// tries more often than that adds nothing.
const DENIED_OF_PERSON: Window = Window::per_minutes(NonZero::new(10).unwrap(), 60);
const DENIED_OF_GUILD: Window = Window::per_minutes(NonZero::new(200).unwrap(), 60);

/// Rows that one look at the database brings.
const ROWS: u32 = 500;

/// One act, before it has its place in the chain.
#[derive(Debug, Clone)]
pub struct Act {
    action: &'static str,
    target: String,
    before: Option<String>,
    after: Option<String>,
    reason: Option<String>,
}

impl Act {
    pub const fn new(action: &'static str, target: String) -> Self {
        Self {
            action,
            target,
            before: None,
            after: None,
            reason: None,
        }
    }

    #[must_use]
    pub fn before(mut self, value: &Value) -> Self {
        self.before = Some(value.to_string());
        self
    }

    #[must_use]
    pub fn after(mut self, value: &Value) -> Self {
        self.after = Some(value.to_string());
        self
    }

    #[must_use]
    pub fn because(mut self, reason: Option<String>) -> Self {
        self.reason = reason;
        self
    }
}

pub fn report(id: ReportId) -> String {
    format!("report:{id}")
}

pub fn guild(id: GuildId) -> String {
    format!("guild:{id}")
}

pub fn role(id: RoleId) -> String {
    format!("role:{id}")
}

pub fn member(id: UserId) -> String {
    format!("member:{id}")
}

pub fn category(id: CategoryId) -> String {
    format!("category:{id}")
}

pub fn emoji(id: EmojiId) -> String {
    format!("emoji:{id}")
}

pub fn channel(id: ChannelId) -> String {
    format!("channel:{id}")
}

pub fn invite(code: &str) -> String {
    format!("invite:{code}")
}

/// Notes what the holder of a permit does.
pub(super) fn note(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, act: Act) -> Result<()> {
    append(tx, permit.guild, Some(&permit.actor), act)
}

/// The same where the permit is another one, or where the server itself acts.
pub(super) fn append(
    tx: &mut Tx<'_>,
    guild: GuildId,
    actor: Option<&Actor>,
    act: Act,
) -> Result<()> {
    push(
        tx,
        guild,
        actor.map(|actor| (actor.user, actor.device)),
        act,
    )
}

/// Notes that a member tried what they may not, unless they did so again and again. What they
/// tried was undone: this is a transaction of its own.
pub fn denied(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, System>,
    denied: &Denied,
    deed: &str,
    target: &str,
) -> Result<()> {
    let guild = denied.guild;
    store::guild::lock(tx, guild)?;
    let standing = store::guild::get(tx, guild, denied.user)?;
    if standing.is_none_or(|stored| stored.joined_at.is_none()) {
        return Ok(());
    }
    let of_guild = parts.keys.hash_secret("denied in", guild.as_bytes());
    let both = [*guild.as_bytes(), *denied.user.as_bytes()].concat();
    let of_person = parts.keys.hash_secret("denied to", &both);
    for (key, window) in [(of_person, DENIED_OF_PERSON), (of_guild, DENIED_OF_GUILD)] {
        if store::attempt::spend(tx, permit, &key, window)?
            .wait_ms
            .is_some()
        {
            return Ok(());
        }
    }
    let says = serde_json::json!({"act": deed, "code": denied.code});
    let act = Act::new(ACT_DENIED, target.to_owned()).after(&says);
    push(tx, guild, Some((denied.user, denied.device)), act)
}

fn push(
    tx: &mut Tx<'_>,
    guild: GuildId,
    actor: Option<(UserId, DeviceId)>,
    act: Act,
) -> Result<()> {
    let last = store::audit::lock(tx, guild)?;
    let (seq, head) = last.map_or((0, audit::START), |last| (last.seq, last.head));
    let entry = AuditEntry {
        v: 1,
        guild,
        seq: seq + 1,
        at_ms: tx.now(),
        actor: actor.map(|(user, _)| user),
        device: actor.map(|(_, device)| device),
        action: act.action.to_owned(),
        target: act.target,
        before: act.before,
        after: act.after,
        reason: act.reason,
    };
    let digest = entry.digest();
    store::audit::append(tx, &entry, &digest, &audit::next(&head, &digest))
}

/// A reason as people type it, or none.
pub(super) fn reason(text: Option<&str>) -> Result<Option<String>> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > limits::REASON_CHARS) {
        return Err(Error::invalid("A reason has at most 512 characters."));
    }
    // One line: what people type must not look like another entry anywhere.
    let clean = |text: &str| text.replace(char::is_control, " ");
    Ok(text.map(clean))
}

/// The server's word on where the log stands, and how that follows from entry `since`.
pub fn prove(
    tx: &mut Tx<'_>,
    authority: &Authority,
    permit: &Permit<'_, InGuild>,
    since: u64,
) -> Result<AuditProof> {
    let last = store::audit::head(tx, permit.guild)?;
    let (seq, head) = last.map_or((0, audit::START), |last| (last.seq, last.head));
    if since > seq {
        return Err(Error::invalid("The log has no entry of that number."));
    }
    let digests = store::audit::digests(tx, permit, since, limits::AUDIT_DIGESTS)?;
    let reached = since + digests.len() as u64;
    let head = if reached == seq {
        head
    } else {
        store::audit::head_at(tx, permit, reached)?.ok_or_else(Error::not_found)?
    };
    let checkpoint = AuditCheckpoint {
        v: 1,
        incarnation: authority.incarnation(),
        guild: permit.guild,
        seq: reached,
        head,
        at_ms: tx.now(),
    };
    Ok(AuditProof {
        checkpoint: Bytes(authority.sign_checkpoint(&checkpoint).to_bytes()),
        digests,
        end: reached == seq,
    })
}

/// Notes that somebody took the log away with them.
pub fn exported(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, rows: usize) -> Result<()> {
    let act = Act::new(AUDIT_EXPORT, guild(permit.guild));
    note(tx, permit, act.after(&serde_json::json!({"entries": rows})))
}

/// What is wrong with a log, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub guild: GuildId,
    /// The first entry at which it shows.
    pub seq: u64,
    pub what: &'static str,
}

/// What a check of every log came to.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    pub guilds: usize,
    pub entries: u64,
    pub findings: Vec<Finding>,
}

/// Follows every chain of the instance, and compares it with checkpoints that somebody kept.
pub fn verify(
    tx: &mut Tx<'_>,
    authority: &Authority,
    permit: &Permit<'_, System>,
    kept: &[Vec<u8>],
) -> Result<Verdict> {
    let mut checkpoints = Vec::new();
    for bytes in kept {
        let signed = AuditCheckpoint::verify(bytes, &authority.public_key())
            .map_err(|_| Error::invalid("The checkpoint was not signed by this server."))?;
        checkpoints.push(signed);
    }
    let mut verdict = Verdict::default();
    let guilds = store::audit::guilds(tx, permit)?;
    for guild in &guilds {
        let kept: Vec<_> = checkpoints
            .iter()
            .filter(|one| one.guild == *guild)
            .collect();
        verify_one(tx, permit, *guild, &kept, &mut verdict)?;
    }
    for one in checkpoints
        .iter()
        .filter(|one| !guilds.contains(&one.guild))
    {
        verdict.findings.push(Finding {
            guild: one.guild,
            seq: one.seq,
            what: "the whole log is gone",
        });
    }
    verdict.guilds = guilds.len();
    Ok(verdict)
}

fn verify_one(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, System>,
    guild: GuildId,
    kept: &[&AuditCheckpoint],
    verdict: &mut Verdict,
) -> Result<()> {
    let mut chain = (0, audit::START);
    let mut find = |seq, what| verdict.findings.push(Finding { guild, seq, what });
    loop {
        let rows = store::audit::rows(tx, permit, guild, chain.0, ROWS)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            match follow(chain, &row) {
                Ok(next) => chain = next,
                Err(what) => {
                    find(chain.0 + 1, what);
                    return Ok(());
                }
            }
            for one in kept.iter().filter(|one| one.seq == chain.0) {
                if one.head != chain.1 {
                    find(chain.0, "the log differs from the kept checkpoint");
                    return Ok(());
                }
            }
        }
    }
    let last = store::audit::head(tx, guild)?;
    let says = last.map_or((0, audit::START), |last| (last.seq, last.head));
    if says != chain {
        find(
            chain.0.min(says.0) + 1,
            "the end of the log was cut off or added to",
        );
    } else if kept.iter().any(|one| one.seq > chain.0) {
        find(chain.0 + 1, "the log ends before the kept checkpoint");
    }
    verdict.entries += chain.0;
    Ok(())
}

/// The chain after one more row, or what is wrong with the row.
fn follow(
    (seq, head): (u64, cloister_wire::Hash),
    row: &Stored,
) -> Result<(u64, cloister_wire::Hash), &'static str> {
    if row.entry.seq != seq + 1 {
        return Err("an entry is missing");
    }
    if row.entry.digest() != row.digest {
        return Err("the entry was changed");
    }
    let next = audit::next(&head, &row.digest);
    if next == row.head {
        Ok((seq + 1, next))
    } else {
        Err("the entry does not follow from the one before it")
    }
}
