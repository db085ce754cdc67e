//! Invitations to the instance and to guilds. A code is a secret, and found by its keyed hash.

use cloister_wire::{
    Bytes, ErrorCode, GuildId, Hash, UserId,
    guild::{Invite, Membership},
    moderation::Gate,
};

use super::db::{Row, Tx};
use crate::{Error, Result, access::Permit, params, sql};

sql! {
    INSERT = "INSERT INTO invite (code_hash, code, guild_id, cert, created_by, uses, used,
        registered, expires_at, created_at, temporary_at)
        VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, $8, $9)
        ON CONFLICT DO NOTHING";
    GET = "SELECT i.guild_id, i.cert, i.created_by, i.uses, i.used, i.registered, i.expires_at,
        i.ended_at, i.paused_at, i.temporary_at, g.name AS guild_name, g.rules, g.member_count, a.display_name
        FROM invite AS i LEFT JOIN guild AS g ON g.id = i.guild_id
        LEFT JOIN account AS a ON a.id = i.created_by WHERE i.code_hash = $1";
    LOCK = "SELECT used FROM invite WHERE code_hash = $1 FOR UPDATE";
    USE = "UPDATE invite SET used = used + 1 WHERE code_hash = $1 AND (uses = 0 OR used < uses)";
    REGISTER = "UPDATE invite SET registered = registered + 1
        WHERE code_hash = $1 AND (uses = 0 OR registered < uses)";
    END = "UPDATE invite SET ended_at = $2 WHERE code_hash = $1 AND ended_at IS NULL";
    PAUSE = "UPDATE invite SET paused_at = $2 WHERE code_hash = $1";
    PAGE = "SELECT code, uses, used, expires_at, created_by, created_at, paused_at, temporary_at
        FROM invite
        WHERE guild_id = $1 AND ended_at IS NULL ORDER BY created_at, code_hash";
    COUNT = "SELECT count(*) FROM invite WHERE guild_id = $1 AND ended_at IS NULL";
}

/// An invitation as the server keeps it.
#[derive(Debug, Clone)]
pub struct Stored {
    pub guild: Option<GuildId>,
    pub guild_name: Option<String>,
    pub rules: Option<String>,
    pub members: Option<u32>,
    pub cert: Option<Bytes>,
    pub created_by: Option<UserId>,
    pub inviter_name: Option<String>,
    /// 0: no limit.
    pub uses: u32,
    pub used: u32,
    pub registered: u32,
    pub expires_at: Option<u64>,
    pub ended_at: Option<u64>,
    pub paused_at: Option<u64>,
    pub membership: Membership,
}

impl Stored {
    /// Refuses whoever comes while it is paused.
    pub fn check_open(&self) -> Result<()> {
        match self.paused_at {
            None => Ok(()),
            Some(_) => Err(Error::refuse(
                ErrorCode::JoinsPaused,
                "This invitation is paused for now. Try again later.",
            )),
        }
    }

    /// Neither ended nor out of time.
    pub fn is_live(&self, now: u64) -> bool {
        self.ended_at.is_none() && self.expires_at.is_none_or(|expires| expires > now)
    }
}

/// An invitation that is about to be.
#[derive(Debug, Clone)]
pub struct NewInvite {
    pub code_hash: Hash,
    /// To which guild, by which code in its log.
    pub to_guild: Option<(GuildId, String, Bytes)>,
    pub created_by: Option<UserId>,
    pub uses: u32,
    pub expires_at: Option<u64>,
    pub membership: Membership,
}

/// Makes the invitation, unless its code was ever used.
#[must_use = "the code may have been used"]
pub fn insert<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, invite: &NewInvite) -> Result<bool> {
    let now = tx.now();
    let (guild, code, cert) = match &invite.to_guild {
        Some((guild, code, cert)) => (Some(*guild), Some(code), Some(cert)),
        None => (None, None, None),
    };
    let inserted = tx.execute(
        INSERT,
        params![
            &invite.code_hash,
            code,
            guild,
            cert,
            invite.created_by,
            invite.uses,
            invite.expires_at,
            now,
            (invite.membership == Membership::Temporary).then_some(now)
        ],
    )?;
    Ok(inserted == 1)
}

/// Whoever holds the code may see it.
pub fn get<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, code_hash: &Hash) -> Result<Option<Stored>> {
    tx.maybe(GET, params![code_hash], read)
}

/// The same, locked until the transaction ends, so that uses are counted once.
pub fn lock<R>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    code_hash: &Hash,
) -> Result<Option<Stored>> {
    tx.maybe(LOCK, params![code_hash], |_| Ok(()))?;
    get(tx, permit, code_hash)
}

/// Counts one more who came in; says whether there was a place.
pub fn update_used<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, code_hash: &Hash) -> Result<bool> {
    Ok(tx.execute(USE, params![code_hash])? == 1)
}

/// Counts one more account; says whether there was a place.
pub fn update_registered<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, code_hash: &Hash) -> Result<bool> {
    Ok(tx.execute(REGISTER, params![code_hash])? == 1)
}

pub fn update_ended<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, code_hash: &Hash) -> Result<()> {
    let now = tx.now();
    tx.execute(END, params![code_hash, now]).map(|_| ())
}

/// Lets people in by it, or nobody for now.
pub fn update_gate<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    code_hash: &Hash,
    gate: Gate,
) -> Result<()> {
    let paused_at = (gate == Gate::Closed).then(|| tx.now());
    tx.execute(PAUSE, params![code_hash, paused_at]).map(|_| ())
}

/// The living invitations of a guild.
pub fn page<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, guild: GuildId) -> Result<Vec<Invite>> {
    tx.query(PAGE, params![guild], |row| {
        Ok(Invite {
            code: row.get("code")?,
            uses: row.get("uses")?,
            used: row.get("used")?,
            expires_at: row.get("expires_at")?,
            created_by: row.get("created_by")?,
            created_at: row.get("created_at")?,
            gate: match row.get::<Option<u64>>("paused_at")? {
                Some(_) => Gate::Closed,
                None => Gate::Open,
            },
            membership: membership(row.get("temporary_at")?),
        })
    })
}

pub fn count<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, guild: GuildId) -> Result<u32> {
    tx.one(COUNT, params![guild], |row| row.get(0))
}

fn read(row: Row<'_>) -> Result<Stored> {
    Ok(Stored {
        guild: row.get("guild_id")?,
        guild_name: row.get("guild_name")?,
        rules: row.get("rules")?,
        members: row.get("member_count")?,
        cert: row.get("cert")?,
        created_by: row.get("created_by")?,
        inviter_name: row.get("display_name")?,
        uses: row.get("uses")?,
        used: row.get("used")?,
        registered: row.get("registered")?,
        expires_at: row.get("expires_at")?,
        ended_at: row.get("ended_at")?,
        paused_at: row.get("paused_at")?,
        membership: membership(row.get("temporary_at")?),
    })
}

const fn membership(temporary_at: Option<u64>) -> Membership {
    match temporary_at {
        Some(_) => Membership::Temporary,
        None => Membership::Lasting,
    }
}
