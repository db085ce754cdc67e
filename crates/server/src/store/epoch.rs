//! Rosters and epoch records.

use std::collections::BTreeSet;

use cloister_proof::{EpochRecord, Roster, RosterEntry};
use cloister_wire::{
    Bytes, ChannelId, DeviceId, GuildId, Hash, Octets, UserId,
    account::UserLog,
    channel::{EpochProof, EpochView},
};

use super::{
    channel::State,
    db::{Row, Tx},
    dm,
};
use crate::{
    Error, Result,
    access::{Permit, System, channel::View},
    params, sql,
};
/// Records in one view; whoever is further behind gets the whole roster.
const RECORDS_MAX: u64 = 64;
/// Device logs that come along with a view.
const DEVLOGS_MAX: usize = 16;

sql! {
    DEVICES_OF_GUILD = "SELECT d.user_id, d.id, d.reg_id FROM member m \
                        JOIN device d ON d.user_id = m.user_id \
                        WHERE m.guild_id = $1 AND m.started_over_at IS NULL \
                        AND d.active_at IS NOT NULL \
                        AND d.revoked_at IS NULL AND d.dormant_at IS NULL";
    DEVICES_OF_PERSON = "SELECT user_id, id, reg_id FROM device WHERE user_id = $1 \
                         AND active_at IS NOT NULL AND revoked_at IS NULL \
                         AND dormant_at IS NULL";
    ROSTER = "SELECT devices FROM roster WHERE hash = $1";
    INSERT_ROSTER = "INSERT INTO roster (hash, devices, created_at) VALUES ($1, $2, $3) \
                     ON CONFLICT (hash) DO UPDATE SET created_at = excluded.created_at";
    PRUNE_ROSTERS = "DELETE FROM roster WHERE created_at < $1 \
                     AND hash NOT IN (SELECT roster_hash FROM channel)";
    INSERT_RECORD = "INSERT INTO epoch_record (channel_id, epoch, record, path, leaf, leaves, \
                     signature) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    RECORDS = "SELECT record, path, leaf, leaves, signature FROM epoch_record \
               WHERE channel_id = $1 AND epoch > $2 ORDER BY epoch LIMIT $3";
    DEVLOG = "SELECT entry FROM devlog WHERE user_id = $1 ORDER BY version";
    GUILDS_OF_PERSON = "SELECT guild_id FROM member WHERE user_id = $1 ORDER BY guild_id";
    PEERS_OF_PERSON = "SELECT high_id FROM dm WHERE low_id = $1 \
                       UNION SELECT low_id FROM dm WHERE high_id = $1";
}

/// Active devices of every member of a guild.
pub fn devices_of_guild(tx: &mut Tx<'_>, guild: GuildId) -> Result<Vec<RosterEntry>> {
    tx.query(DEVICES_OF_GUILD, params![guild], read_entry)
}

/// A person's active devices.
pub fn devices_of_person(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<RosterEntry>> {
    tx.query(DEVICES_OF_PERSON, params![user], read_entry)
}

pub fn roster(tx: &mut Tx<'_>, hash: &Hash) -> Result<Roster> {
    let devices: Vec<u8> = tx.one(ROSTER, params![hash], |row| row.get(0))?;
    Roster::parse(&devices).map_err(Error::internal)
}

/// Stores a roster once, however many channels have it. One that was there is as good as new, so
/// that it is not pruned just now.
pub fn keep_roster(tx: &mut Tx<'_>, hash: &Hash, roster: &Roster) -> Result<()> {
    let now = tx.now();
    tx.execute(INSERT_ROSTER, params![hash, &roster.to_bytes(), now])?;
    Ok(())
}

/// Deletes rosters from before `before` that no channel has any more.
pub fn prune(tx: &mut Tx<'_>, _: &Permit<'_, System>, before: u64) -> Result<u64> {
    tx.execute(PRUNE_ROSTERS, params![before])
}

pub fn insert(tx: &mut Tx<'_>, channel: ChannelId, epoch: u64, proof: &EpochProof) -> Result<()> {
    let path: Vec<u8> = proof.path.iter().flat_map(|hash| hash.0).collect();
    tx.execute(
        INSERT_RECORD,
        params![
            channel,
            epoch,
            &proof.record,
            &path,
            proof.index,
            proof.leaves,
            &proof.signature
        ],
    )?;
    Ok(())
}

/// Records after `since`, oldest first, at most `limit`.
pub fn page(
    tx: &mut Tx<'_>,
    channel: ChannelId,
    since: u64,
    limit: u32,
) -> Result<Vec<EpochProof>> {
    tx.query(RECORDS, params![channel, since, limit], |row| {
        let path: Vec<u8> = row.get("path")?;
        Ok(EpochProof {
            record: row.get::<Bytes>("record")?,
            path: path
                .chunks_exact(32)
                .filter_map(|hash| Octets::try_from(hash).ok())
                .collect(),
            index: row.get("leaf")?,
            leaves: row.get("leaves")?,
            signature: row.get("signature")?,
        })
    })
}

/// What a refused sender, or somebody who was away, needs to know: records after `since` if they
/// are few, or the whole roster with the newest record.
pub fn view(
    tx: &mut Tx<'_>,
    state: &State,
    since: u64,
    missing: Vec<DeviceId>,
) -> Result<EpochView> {
    let behind = state.epoch.saturating_sub(since);
    let by_records = since > 0 && behind <= RECORDS_MAX;
    let from = if by_records {
        since
    } else {
        state.epoch.saturating_sub(1)
    };
    let records = page(tx, state.id, from, RECORDS_MAX as u32)?;
    let roster = if by_records {
        None
    } else {
        Some(Bytes(roster(tx, &state.roster_hash)?.to_bytes()))
    };
    let mut added = Vec::new();
    for proof in records.iter().filter(|_| by_records) {
        let record: EpochRecord =
            cloister_proof::decode(proof.record.as_ref()).map_err(Error::internal)?;
        added.extend(record.added);
    }
    Ok(EpochView {
        channel: state.id,
        epoch: state.epoch,
        roster_hash: state.roster_hash,
        records,
        roster,
        devlogs: devlogs_of(tx, &added)?,
        missing,
    })
}

/// The audience of a channel, for somebody who may see it.
pub fn page_since(tx: &mut Tx<'_>, permit: &Permit<'_, View>, since: u64) -> Result<EpochView> {
    view(tx, &permit.state, since, Vec::new())
}

/// Device logs of the people of these entries, whole; none if they are many, since whoever
/// needs them can ask.
pub fn devlogs_of(tx: &mut Tx<'_>, entries: &[RosterEntry]) -> Result<Vec<UserLog>> {
    let users: BTreeSet<UserId> = entries.iter().map(|entry| entry.user).collect();
    if users.len() > DEVLOGS_MAX {
        return Ok(Vec::new());
    }
    let mut logs = Vec::new();
    for user in users {
        if let Some(person) = dm::person(tx, user)? {
            logs.push(UserLog {
                user,
                username: person.username,
                display_name: person.display_name,
                first_version: 1,
                entries: devlog_entries(tx, user)?,
            });
        }
    }
    Ok(logs)
}

/// Every entry of a person's device log, oldest first.
pub fn devlog_entries(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<Bytes>> {
    tx.query(DEVLOG, params![user], |row| row.get(0))
}

pub fn guilds_of_person(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<GuildId>> {
    tx.query(GUILDS_OF_PERSON, params![user], |row| row.get(0))
}

/// People with whom a person has a direct conversation.
pub fn peers_of_person(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<UserId>> {
    tx.query(PEERS_OF_PERSON, params![user], |row| row.get(0))
}

fn read_entry(row: Row<'_>) -> Result<RosterEntry> {
    Ok(RosterEntry {
        user: row.get::<UserId>(0)?,
        device: row.get::<DeviceId>(1)?,
        reg_id: row.get(2)?,
    })
}
