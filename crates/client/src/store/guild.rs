//! Guilds, their verified logs and their members.

use cloister_e2ee::Primitives;
use cloister_proof::{GuildLog, encode};
use cloister_wire::{
    GuildId, Hash, Permissions, RoleId, UserId,
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
    pub settled_at: Option<u64>,
    pub quarantined_at: Option<u64>,
}

impl MemberRow {
    /// Until when a rule about the first so many seconds holds for them, if it does.
    pub fn new_until(&self, view: &Guild, first_s: u32, now: u64) -> Option<u64> {
        let until = self.joined_at + u64::from(first_s) * 1_000;
        let new = self.settled_at.is_none() && until > now && !self.moderates(view);
        new.then_some(until)
    }

    fn moderates(&self, view: &Guild) -> bool {
        let held = view
            .roles
            .iter()
            .filter(|role| self.roles.contains(&role.id));
        let moderates = |rights: Permissions| {
            rights.contains(Permissions::MANAGE_MESSAGES)
                || rights.contains(Permissions::ADMINISTRATOR)
        };
        self.user == view.owner || held.into_iter().any(|role| moderates(role.permissions))
    }
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
            "DELETE FROM guild_head WHERE guild = ?1",
            "DELETE FROM fork WHERE place = ?1",
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

    /// Remembers what the link said by which this person applies to a guild.
    pub fn put_applied(&self, guild: GuildId, genesis: &Hash) -> StoreResult<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO applied (guild, genesis) VALUES (?1, ?2)")?
            .execute(params![guild.as_bytes(), genesis.0])?;
        Ok(())
    }

    /// Holds a guild that let this person in to what the link said.
    pub fn pin_applied(&self, guild: GuildId) -> StoreResult<()> {
        let genesis: Option<Vec<u8>> = self
            .connection
            .prepare_cached("DELETE FROM applied WHERE guild = ?1 RETURNING genesis")?
            .query_row([guild.as_bytes()], |row| row.get(0))
            .optional()?;
        match genesis {
            Some(genesis) => self.pin_guild(guild, &hash32(&genesis)?),
            None => Ok(()),
        }
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
                 temporary, settled_at, quarantined_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT (guild, user) DO UPDATE SET joined_at = excluded.joined_at,
                 roles = excluded.roles, nickname = excluded.nickname,
                 timed_out_until = excluded.timed_out_until, temporary = excluded.temporary,
                 settled_at = excluded.settled_at, quarantined_at = excluded.quarantined_at",
            )?
            .execute(params![
                guild.as_bytes(),
                member.user.as_bytes(),
                member.joined_at as i64,
                pack(&member.roles),
                member.timed_out_until.map(|until| until as i64),
                member.nickname,
                member.membership == Membership::Temporary,
                member.settled_at.map(|at| at as i64),
                member.quarantined_at.map(|at| at as i64)
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
            "SELECT m.user, m.joined_at, m.roles, m.timed_out_until, m.nickname, m.temporary,
             m.settled_at, m.quarantined_at
             FROM member m LEFT JOIN person p ON p.user = m.user
             WHERE m.guild = ?1 ORDER BY lower(coalesce(m.nickname, p.display_name, '')), m.user",
        )?;
        let mut rows = statement.query([guild.as_bytes()])?;
        let mut members = Vec::new();
        while let Some(row) = rows.next()? {
            members.push(read_member(row)?);
        }
        Ok(members)
    }

    pub fn member(&self, guild: GuildId, user: UserId) -> StoreResult<Option<MemberRow>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT user, joined_at, roles, timed_out_until, nickname, temporary, settled_at,
             quarantined_at FROM member WHERE guild = ?1 AND user = ?2",
        )?;
        let mut rows = statement.query([guild.as_bytes(), user.as_bytes()])?;
        rows.next()?.map(read_member).transpose()
    }

    /// Members with their roles, their user names and what they are called here, by that name.
    pub fn member_names(
        &self,
        guild: GuildId,
    ) -> StoreResult<Vec<(UserId, Vec<RoleId>, String, String)>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT m.user, m.roles, coalesce(p.username, ''), coalesce(m.nickname, p.display_name, '') AS name
             FROM member m LEFT JOIN person p ON p.user = m.user
             WHERE m.guild = ?1 ORDER BY lower(name), m.user",
        )?;
        let rows = statement
            .query_map([guild.as_bytes()], |row| {
                Ok((
                    row.get::<_, Vec<u8>>(0)?,
                    row.get::<_, Vec<u8>>(1)?,
                    row.get::<_, String>(2)?,
                    row.get::<_, String>(3)?,
                ))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        rows.into_iter()
            .map(|(user, roles, username, name)| {
                Ok((
                    UserId::from_bytes(id16(&user)?),
                    unpack(&roles)?,
                    username,
                    name,
                ))
            })
            .collect()
    }

    /// Members about whose keys something may have to be decided.
    pub fn members_to_look_at(&self, guild: GuildId) -> StoreResult<Vec<UserId>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT m.user FROM member m JOIN person p ON p.user = m.user
             WHERE m.guild = ?1 AND (p.violation IS NOT NULL OR p.lives > p.starts_noted
                 OR EXISTS (SELECT 1 FROM person_record r WHERE r.user = m.user))
             ORDER BY m.user",
        )?;
        let rows = statement
            .query_map([guild.as_bytes()], |row| row.get::<_, Vec<u8>>(0))?
            .collect::<Result<Vec<_>, _>>()?;
        rows.iter()
            .map(|user| Ok(UserId::from_bytes(id16(user)?)))
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

fn read_member(row: &rusqlite::Row<'_>) -> StoreResult<MemberRow> {
    let time =
        |at: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(at)?.map(|at| at as u64));
    Ok(MemberRow {
        user: UserId::from_bytes(id16(&row.get::<_, Vec<u8>>(0)?)?),
        joined_at: row.get::<_, i64>(1)? as u64,
        roles: unpack(&row.get::<_, Vec<u8>>(2)?)?,
        timed_out_until: time(3)?,
        nickname: row.get(4)?,
        membership: if row.get::<_, bool>(5)? {
            Membership::Temporary
        } else {
            Membership::Lasting
        },
        settled_at: time(6)?,
        quarantined_at: time(7)?,
    })
}
