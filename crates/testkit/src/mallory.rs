//! A server that leaves out one of its checks.
//!
//! The server itself is not touched: this stands in front of it with a hand on its database, and
//! makes the check pass that would have refused. What the simulator says of such a run shows
//! whether anything would notice if the check were ever lost. For the checks of signatures the
//! dishonest hand also writes what a server without them would have taken in.

mod hand;

use cloister_e2ee::signing_key;
use cloister_proof::{
    ChannelPolicy, GuildLog, LogEntry, Op, Purpose, Signed,
    guild_log::{Change, OpBody, Position},
};
use cloister_wire::{
    Bytes, ChannelId, GuildId, Hash, Octets, Txn,
    channel::{SealedContent, Send, Share},
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    clock::Chance,
    judge::{posts_to, read},
    server::{Server, WireRequest},
};

/// Which check is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// Messages are accepted for an audience that is not the current one.
    StaleEpoch,
    /// Messages are accepted although somebody in the audience has no key.
    MissingShare,
    /// A transaction that was accepted before is accepted again.
    ReplayedTxn,
    /// Items leave the queue before their recipient has said that it has them.
    UnacknowledgedDelete,
    /// Anybody's join is written into a guild's log, whoever signed it.
    JoinSignature,
    /// Anybody's policy is written into a guild's log, whoever signed it.
    PolicySignature,
    /// Messages are accepted for any audience that they name.
    AnyAudience,
    /// Somebody whom the log does not let in stands in an audience.
    GhostInAudience,
    /// A direct message is accepted with a device left out.
    WrapLeftOut,
    /// Messages of any suite are accepted.
    AnySuite,
    /// One-time keys are handed out more than once.
    KeyTwice,
    /// A device that connects is whatever it says it is.
    CopiedStore,
    /// A client seals keys for devices that nobody signed for.
    StrangersEnvelope,
    /// A client takes an older device log for the newest.
    LogTurnedBack,
    /// A client shows messages as somebody else's.
    OtherAuthor,
    /// A client takes keys from anybody as anybody's.
    OtherKeyOwner,
    /// A client misses an edit.
    OtherText,
    /// The server forgets to tell that messages were removed.
    SilentRemoval,
}

impl Mutation {
    pub const ALL: [Self; 18] = [
        Self::StaleEpoch,
        Self::MissingShare,
        Self::ReplayedTxn,
        Self::UnacknowledgedDelete,
        Self::JoinSignature,
        Self::PolicySignature,
        Self::AnyAudience,
        Self::GhostInAudience,
        Self::WrapLeftOut,
        Self::AnySuite,
        Self::KeyTwice,
        Self::CopiedStore,
        Self::StrangersEnvelope,
        Self::LogTurnedBack,
        Self::OtherAuthor,
        Self::OtherKeyOwner,
        Self::OtherText,
        Self::SilentRemoval,
    ];

    /// As it is written on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StaleEpoch => "stale-epoch",
            Self::MissingShare => "missing-share",
            Self::ReplayedTxn => "replayed-txn",
            Self::UnacknowledgedDelete => "unacknowledged-delete",
            Self::JoinSignature => "join-signature",
            Self::PolicySignature => "policy-signature",
            Self::AnyAudience => "any-audience",
            Self::GhostInAudience => "ghost-in-audience",
            Self::WrapLeftOut => "wrap-left-out",
            Self::AnySuite => "any-suite",
            Self::KeyTwice => "key-twice",
            Self::CopiedStore => "copied-store",
            Self::StrangersEnvelope => "strangers-envelope",
            Self::LogTurnedBack => "log-turned-back",
            Self::OtherAuthor => "other-author",
            Self::OtherKeyOwner => "other-key-owner",
            Self::OtherText => "other-text",
            Self::SilentRemoval => "silent-removal",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// The hand on the database.
#[derive(Debug)]
pub struct Mallory {
    mutation: Mutation,
    chance: Chance,
    /// A channel whose audience was put back for the length of one request.
    put_back: Option<(ChannelId, i64, Vec<u8>, i64)>,
    forged: bool,
    requests: u64,
    /// What `after` puts right again.
    undo: Vec<Undo>,
    rests: u64,
}

/// A statement with its two parameters.
type Undo = (&'static str, Vec<u8>, Vec<u8>);

type Done<T = ()> = rusqlite::Result<T>;

/// Requests before something is forged: by then there are people and a guild.
const FORGE_AFTER: u64 = 400;

impl Mallory {
    pub fn new(mutation: Mutation, seed: u64) -> Self {
        Self {
            mutation,
            chance: Chance::new(seed, "mallory"),
            put_back: None,
            forged: false,
            requests: 0,
            undo: Vec::new(),
            rests: 0,
        }
    }

    /// Before the server handles a request.
    pub fn before(&mut self, server: &Server, request: &mut WireRequest) -> Done {
        let db = &server.eyes;
        let send = posts_to(request)
            .and_then(|channel| Some((channel, read::<Send>(request.body.as_deref()?)?)));
        match (self.mutation, send) {
            (Mutation::StaleEpoch, Some((channel, send))) => self.turn_back(db, channel, &send)?,
            (Mutation::MissingShare, Some((channel, send))) => claim_coverage(db, channel, &send)?,
            (Mutation::MissingShare, None) => self.withhold_envelope(request),
            (Mutation::ReplayedTxn, Some((_, send))) => {
                let other = Txn::from_bytes(self.chance.bytes());
                db.execute(
                    "UPDATE message SET txn = ?2 WHERE txn = ?1",
                    params![send.txn.as_bytes(), other.as_bytes()],
                )?;
            }
            (_, send) => self.reach_in(db, request, send)?,
        }
        Ok(())
    }

    /// After it did. True: everybody has to connect again.
    pub fn after(&mut self, server: &Server) -> Done<bool> {
        let db = &server.eyes;
        self.requests += 1;
        if let Some((channel, epoch, roster_hash, floor)) = self.put_back.take() {
            db.execute(
                "UPDATE channel SET epoch = ?2, roster_hash = ?3, rotate_floor = ?4 WHERE id = ?1",
                params![channel.as_bytes(), epoch, roster_hash, floor],
            )?;
        }
        self.put_right(db)?;
        match self.mutation {
            Mutation::UnacknowledgedDelete => {
                db.execute("DELETE FROM inbox_item", [])?;
                db.execute("UPDATE inbox SET acked_seq = last_seq", [])?;
                Ok(false)
            }
            Mutation::JoinSignature | Mutation::PolicySignature
                if !self.forged && self.requests > FORGE_AFTER =>
            {
                self.forged = self.forge(server)?;
                Ok(self.forged)
            }
            _ => Ok(false),
        }
    }

    /// Gives the channel the audience that the message names.
    fn turn_back(&mut self, db: &Connection, channel: ChannelId, send: &Send) -> Done {
        let now: Option<(i64, Vec<u8>, i64)> = db
            .query_row(
                "SELECT epoch, roster_hash, rotate_floor FROM channel WHERE id = ?1",
                [channel.as_bytes()],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .optional()?;
        let Some((epoch, roster_hash, floor)) = now else {
            return Ok(());
        };
        if send.epoch as i64 >= epoch {
            return Ok(());
        }
        db.execute(
            "UPDATE channel SET epoch = ?2, roster_hash = ?3, rotate_floor = min(rotate_floor, ?2)
             WHERE id = ?1",
            params![channel.as_bytes(), send.epoch as i64, send.roster_hash.0],
        )?;
        self.put_back = Some((channel, epoch, roster_hash, floor));
        Ok(())
    }

    /// A sender that leaves somebody out.
    fn withhold_envelope(&mut self, request: &mut WireRequest) {
        if !request.path.ends_with("/shares") || !self.chance.happens(200) {
            return;
        }
        let share = request.body.as_deref().and_then(read::<Share>);
        if let Some(mut share) = share {
            share.envelopes.pop();
            let mut body = Vec::new();
            ciborium::into_writer(&share, &mut body).expect("wire types are writable as CBOR");
            request.body = Some(body);
        }
    }

    /// Writes what nobody with the right has signed into a guild's log, in the server's hand.
    fn forge(&mut self, server: &Server) -> Done<bool> {
        let db = &server.eyes;
        let found: Option<([u8; 16], Vec<u8>)> = db
            .query_row(
                "SELECT guild_id, state FROM guild_log_state ORDER BY seq DESC LIMIT 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let Some((guild, state)) = found else {
            return Ok(false);
        };
        let guild = GuildId::from_bytes(guild);
        let Ok(mut log) = cloister_proof::decode::<GuildLog>(&state) else {
            return Ok(false);
        };
        let Some(op) = self.forged_op(db, &log)? else {
            return Ok(false);
        };
        let key: Hash = Octets(self.chance.bytes());
        let signed = Signed::seal(Purpose::GuildOp, &op, &[&signing_key(&key)]);
        let authority = &server.app().authority;
        let entry = authority.sign_entry(&LogEntry {
            v: 1,
            incarnation: authority.incarnation(),
            guild,
            seq: log.position.seq + 1,
            prev: log.position.head,
            at_ms: log.at_ms,
            change: Change::Op {
                op: Bytes(signed.to_bytes()),
            },
        });
        log.position = Position {
            seq: log.position.seq + 1,
            head: entry.payload_hash(),
        };
        let seq = log.position.seq as i64;
        db.execute(
            "INSERT INTO guild_log (guild_id, seq, entry, at) VALUES (?1, ?2, ?3, ?4)",
            params![guild.as_bytes(), seq, entry.to_bytes(), log.at_ms as i64],
        )?;
        db.execute(
            "UPDATE guild_log_state SET seq = ?2, head = ?3, state = ?4 WHERE guild_id = ?1",
            params![
                guild.as_bytes(),
                seq,
                log.position.head.0,
                cloister_proof::encode(&log)
            ],
        )?;
        Ok(true)
    }

    /// A join of somebody who never asked, or a policy in a member's name.
    fn forged_op(&self, db: &Connection, log: &GuildLog) -> Done<Option<Op>> {
        let wants_member = self.mutation == Mutation::PolicySignature;
        let mut people = db.prepare(
            "SELECT d.user_id, d.id, a.devlog_length, l.entry FROM device d
                 JOIN account a ON a.id = d.user_id
                 JOIN devlog l ON l.user_id = a.id AND l.version = 1
             WHERE d.active_at IS NOT NULL AND d.revoked_at IS NULL
                 AND EXISTS (SELECT 1 FROM member m WHERE m.user_id = a.id AND m.guild_id = ?1) = ?2
             ORDER BY d.id LIMIT 1",
        )?;
        let found: Option<([u8; 16], [u8; 16], i64, Vec<u8>)> = people
            .query_row(params![log.guild.as_bytes(), wants_member], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let Some((user, device, devlog_version, genesis)) = found else {
            return Ok(None);
        };
        let Ok(genesis) = Signed::parse(&genesis) else {
            return Ok(None);
        };
        let body = if wants_member {
            let channel = log.policies.keys().next().copied();
            let Some(channel) = channel else {
                return Ok(None);
            };
            let mut policy = ChannelPolicy::text(channel);
            policy.version = 2;
            OpBody::Policy { policy }
        } else {
            OpBody::Join { invite: None }
        };
        Ok(Some(Op {
            v: 1,
            guild: log.guild,
            user: cloister_wire::UserId::from_bytes(user),
            genesis: genesis.payload_hash(),
            device: cloister_wire::DeviceId::from_bytes(device),
            devlog_version: devlog_version as u64,
            after: log.position,
            at_ms: log.at_ms,
            body,
        }))
    }
}

/// Pretends that a message's session reached everybody.
fn claim_coverage(db: &Connection, channel: ChannelId, send: &Send) -> Done {
    if let SealedContent::Group { session, .. } = &send.content {
        db.execute(
            "UPDATE group_session SET covered_epoch = max(covered_epoch,
                 (SELECT epoch FROM channel WHERE id = ?2))
             WHERE id = ?1",
            params![session.0, channel.as_bytes()],
        )?;
    }
    Ok(())
}
