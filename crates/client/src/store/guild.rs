//! Guilds, their verified logs and their members.

use cloister_e2ee::Primitives;
use cloister_proof::{GuildLog, encode};
use cloister_wire::{
    GuildId, Hash, RoleId, UserId,
    guild::{Guild, GuildKind, Member, Membership},
};
use rusqlite::{OptionalExtension as _, params};

use super::{ChannelRow, Store, StoreResult, decode, hash32, id16, pack, unpack};

#[derive(Debug, Clone)]
pub(crate) struct GuildRow {
    pub view: Guild,
    pub genesis: Option<Hash>,
    pub violation: Option<String>,
    /// `access_version` at which the member list was read.
    pub members_version: i64,
}

/// A member as the server tells it.
#[derive(Debug, Clone)]
pub(crate) struct MemberRow {
    pub user: UserId,
    pub joined_at: u64,
    pub roles: Vec<RoleId>,
    pub nickname: Option<String>,
    pub timed_out_until: Option<u64>,
    pub membership: Membership,
}

impl<P: Primitives> Store<P> {
    pub fn put_guild(&self, guild: &Guild) -> StoreResult<()> {
        self.connection
            .prepare_cached("INSERT INTO guild (guild, view) VALUES (?1, ?2) ON CONFLICT (guild) DO UPDATE SET view = excluded.view")?
            .execute(params![guild.id.as_bytes(), pack(guild)])?;
        Ok(())
    }

    /// Whether a channel is a conversation of several people.
    pub fn is_group(&self, row: &ChannelRow) -> StoreResult<bool> {
        let Some(guild) = row.view.guild else {
            return Ok(false);
        };
        let guild = self.guild(guild)?;
        Ok(guild.is_some_and(|row| row.view.kind == GuildKind::Group))
    }

    pub fn guild(&self, guild: GuildId) -> StoreResult<Option<GuildRow>> {
        let row: Option<(Vec<u8>, Option<Vec<u8>>, Option<String>, i64)> = self
            .connection
            .prepare_cached(
                "SELECT view, genesis, violation, members_version FROM guild WHERE guild = ?1",
            )?
            .query_row([guild.as_bytes()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        row.map(|(view, genesis, violation, members_version)| {
            let genesis = genesis.map(|bytes| hash32(&bytes)).transpose()?;
            Ok(GuildRow {
                view: unpack(&view)?,
                genesis,
                violation,
                members_version,
            })
        })
        .transpose()
    }

    pub fn guilds(&self) -> StoreResult<Vec<Guild>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT view FROM guild ORDER BY guild")?;
        let views = statement
            .query_map([], |row| row.get::<_, Vec<u8>>(0))?
            .collect::<Result<Vec<_>, _>>()?;
        views.iter().map(|view| unpack(view)).collect()
    }

    pub fn delete_guild(&self, guild: GuildId) -> StoreResult<()> {
        for channel in self.channels_of(guild)? {
            self.unindex_channel(channel.view.id)?;
        }
        for sql in [
            "DELETE FROM outbox WHERE channel IN (SELECT channel FROM channel WHERE guild = ?1)",
            "DELETE FROM evidence WHERE message IN (SELECT id FROM message WHERE channel IN (SELECT channel FROM channel WHERE guild = ?1))",
            "DELETE FROM message WHERE channel IN (SELECT channel FROM channel WHERE guild = ?1)",
            "DELETE FROM channel WHERE guild = ?1",
            "DELETE FROM invite_seed WHERE guild = ?1",
            "DELETE FROM guild WHERE guild = ?1",
        ] {
            self.connection
                .prepare_cached(sql)?
                .execute([guild.as_bytes()])?;
        }
        self.forget_history_keys()
    }

    /// Remembers which guild an invite link promised.
    pub fn pin_guild(&self, guild: GuildId, genesis: &Hash) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE guild SET genesis = ?2 WHERE guild = ?1 AND genesis IS NULL")?
            .execute(params![guild.as_bytes(), genesis.0])?;
        Ok(())
    }

    pub fn guild_log(&self, guild: GuildId) -> StoreResult<Option<GuildLog>> {
        let bytes: Option<Option<Vec<u8>>> = self
            .connection
            .prepare_cached("SELECT log FROM guild WHERE guild = ?1")?
            .query_row([guild.as_bytes()], |row| row.get(0))
            .optional()?;
        bytes.flatten().map(|bytes| decode(&bytes)).transpose()
    }

    pub fn put_guild_log(&self, log: &GuildLog) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE guild SET log = ?2 WHERE guild = ?1")?
            .execute(params![log.guild.as_bytes(), encode(log)])?;
        Ok(())
    }

    pub fn put_guild_violation(&self, guild: GuildId, what: &str) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE guild SET violation = ?2 WHERE guild = ?1")?
            .execute(params![guild.as_bytes(), what])?;
        Ok(())
    }

    pub fn put_member(&self, guild: GuildId, member: &Member) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO member (guild, user, joined_at, roles, timed_out_until, nickname,
                 temporary)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (guild, user) DO UPDATE SET joined_at = excluded.joined_at,
                 roles = excluded.roles, nickname = excluded.nickname,
                 timed_out_until = excluded.timed_out_until, temporary = excluded.temporary",
            )?
            .execute(params![
                guild.as_bytes(),
                member.user.as_bytes(),
                member.joined_at as i64,
                pack(&member.roles),
                member.timed_out_until.map(|until| until as i64),
                member.nickname,
                member.membership == Membership::Temporary
            ])?;
        Ok(())
    }

    /// The audit checkpoint that this device holds the server to.
    pub fn audit_checkpoint(&self, guild: GuildId) -> StoreResult<Option<Vec<u8>>> {
        let bytes: Option<Option<Vec<u8>>> = self
            .connection
            .prepare_cached("SELECT audit FROM guild WHERE guild = ?1")?
            .query_row([guild.as_bytes()], |row| row.get(0))
            .optional()?;
        Ok(bytes.flatten())
    }

    pub fn put_audit_checkpoint(&self, guild: GuildId, checkpoint: &[u8]) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE guild SET audit = ?2 WHERE guild = ?1")?
            .execute(params![guild.as_bytes(), checkpoint])?;
        Ok(())
    }

    pub fn delete_member(&self, guild: GuildId, user: UserId) -> StoreResult<()> {
        self.connection
            .prepare_cached("DELETE FROM member WHERE guild = ?1 AND user = ?2")?
            .execute(params![guild.as_bytes(), user.as_bytes()])?;
        Ok(())
    }

    pub fn clear_members(&self, guild: GuildId) -> StoreResult<()> {
        self.connection
            .prepare_cached("DELETE FROM member WHERE guild = ?1")?
            .execute([guild.as_bytes()])?;
        Ok(())
    }

    pub fn put_members_version(&self, guild: GuildId, version: u64) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE guild SET members_version = ?2 WHERE guild = ?1")?
            .execute(params![guild.as_bytes(), version as i64])?;
        Ok(())
    }

    /// Members, by name.
    pub fn members(&self, guild: GuildId) -> StoreResult<Vec<MemberRow>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT m.user, m.joined_at, m.roles, m.timed_out_until, m.nickname, m.temporary
             FROM member m LEFT JOIN person p ON p.user = m.user
             WHERE m.guild = ?1 ORDER BY lower(coalesce(m.nickname, p.display_name, '')), m.user",
        )?;
        let rows = statement
            .query_map([guild.as_bytes()], |row| {
                Ok((
                    row.get::<_, Vec<u8>>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, Vec<u8>>(2)?,
                    row.get::<_, Option<i64>>(3)?,
                    row.get::<_, Option<String>>(4)?,
                    row.get::<_, bool>(5)?,
                ))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        rows.into_iter()
            .map(|(user, joined_at, roles, until, nickname, temporary)| {
                Ok(MemberRow {
                    user: UserId::from_bytes(id16(&user)?),
                    joined_at: joined_at as u64,
                    roles: unpack(&roles)?,
                    nickname,
                    timed_out_until: until.map(|until| until as u64),
                    membership: if temporary {
                        Membership::Temporary
                    } else {
                        Membership::Lasting
                    },
                })
            })
            .collect()
    }

    pub fn put_invite_seed(&self, guild: GuildId, code: &str, seed: &str) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO invite_seed (guild, code, seed) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![guild.as_bytes(), code, seed])?;
        Ok(())
    }

    pub fn invite_seed(&self, code: &str) -> StoreResult<Option<String>> {
        Ok(self
            .connection
            .prepare_cached("SELECT seed FROM invite_seed WHERE code = ?1")?
            .query_row([code], |row| row.get(0))
            .optional()?)
    }
}
