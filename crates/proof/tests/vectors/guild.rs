//! Guild logs, invitations and policies.

use std::collections::BTreeMap;

use cloister_proof::{
    ChannelPolicy, DeviceLog, GuildLog, InviteCert, LogEntry, Op, Purpose, Signed, Signer,
    devlog::{Body, Entry},
    guild_log::{Change, InviteUse, LogRights, OpBody, Position, RemoveCause, RoleHeld},
    invite::cert_hash,
    policy::{ChannelClass, HistoryRule, MinTrust, Readers},
};
use cloister_wire::{Bytes, ChannelId, GuildId, Hash, Octets, RoleId, UserId};

use super::{FOLDER, Vector, book::frozen, cert, key, plain, signed, user};

const SERVER: u8 = 0x01;
const INVITE: u8 = 0x02;
const ALICE: u8 = 0x11;
const BOB: u8 = 0x12;
const CAROL: u8 = 0x13;
const GUILD: GuildId = GuildId::from_bytes([0x90; 16]);
const CHANNEL: ChannelId = ChannelId::from_bytes([0x91; 16]);
const START_MS: u64 = 1_800_000_000_000;

/// A person with one device; user, device and keys are all of one byte.
fn log_of(byte: u8) -> DeviceLog {
    let entry = Entry {
        v: 1,
        user: user(byte),
        version: 1,
        prev: None,
        at_ms: START_MS,
        body: Body::Genesis {
            device: cert(byte, byte),
            recovery_key: key(byte + 0x80).public_key(),
            vault: Octets([7; 32]),
            reset_of: None,
        },
    };
    let signed = Signed::seal(Purpose::Devlog, &entry, &[&key(byte), &key(byte + 0x80)]);
    DeviceLog::begin(&signed.to_bytes()).unwrap()
}

struct Story {
    people: BTreeMap<UserId, DeviceLog>,
    log: GuildLog,
    vectors: Vec<Vector>,
}

impl Story {
    fn new() -> Self {
        let people = [ALICE, BOB, CAROL].map(|byte| (user(byte), log_of(byte)));
        Self {
            people: BTreeMap::from(people),
            log: GuildLog::empty(GUILD),
            vectors: Vec::new(),
        }
    }

    fn genesis(&self, of: u8) -> Hash {
        self.people[&user(of)].genesis
    }

    fn signs(&mut self, name: &str, by: u8, also: Option<u8>, body: OpBody) {
        let op = Op {
            v: 1,
            guild: GUILD,
            user: user(by),
            genesis: self.genesis(by),
            device: super::device(by),
            devlog_version: 1,
            after: self.log.position,
            at_ms: START_MS + 1,
            body,
        };
        let seeds: Vec<u8> = std::iter::once(by).chain(also).collect();
        let (vector, signed) = signed(name, Purpose::GuildOp, &op, &seeds);
        self.vectors.push(vector);
        let op = Bytes(signed.to_bytes());
        self.enters(&format!("entry: {name}"), Change::Op { op });
    }

    fn enters(&mut self, name: &str, change: Change) {
        let entry = LogEntry {
            v: 1,
            incarnation: 1,
            guild: GUILD,
            seq: self.log.position.seq + 1,
            prev: self.log.position.head,
            at_ms: START_MS + self.log.position.seq,
            change,
        };
        let (vector, signed) = signed(name, Purpose::LogEntry, &entry, &[SERVER]);
        let server = key(SERVER).public_key();
        self.log
            .append(&signed.to_bytes(), &server, &self.people)
            .unwrap();
        let state = self.log.members.iter().map(|(user, member)| {
            let vouched = if member.vouched {
                "vouched"
            } else {
                "not vouched"
            };
            format!("{user} {vouched}")
        });
        let members = state.collect::<Vec<_>>().join(", ");
        self.vectors.push(vector.text("members_after", &members));
    }
}

fn invitation(story: &Story) -> (Vector, Vec<u8>) {
    let cert = InviteCert {
        guild: GUILD,
        guild_genesis: story.log.genesis,
        log: story.log.position,
        inviter: user(ALICE),
        inviter_genesis: story.genesis(ALICE),
        code: "k7m2p9qx".to_owned(),
        key: key(INVITE).public_key(),
        uses: 5,
        expires_ms: Some(START_MS + 86_400_000),
    };
    let (vector, signed) = signed(
        "invite certificate",
        Purpose::InviteCert,
        &cert,
        &[INVITE, ALICE],
    );
    let bytes = signed.to_bytes();
    let alice = &story.people[&user(ALICE)];
    assert_eq!(InviteCert::verify_inviter(&bytes, alice), Ok(cert.clone()));
    assert_eq!(
        InviteCert::verify_link(&bytes, &key(INVITE).public_key()),
        Ok(cert)
    );
    (vector, bytes)
}

/// A role is made, given, taken and ended; then the guild is handed over.
fn role_story(story: &mut Story) {
    let role = RoleId::from_bytes([0x9f; 16]);
    let made = OpBody::Role {
        role,
        rights: LogRights::INVITE.union(LogRights::GRANT),
        held: RoleHeld::ByGrant,
    };
    story.signs("role", ALICE, None, made);
    let grant = OpBody::Grant {
        role,
        user: user(CAROL),
        genesis: story.genesis(CAROL),
    };
    story.signs("grant", ALICE, None, grant);
    let user = user(CAROL);
    story.enters("entry: ungrant", Change::Ungrant { user, role });
    story.enters("entry: role end", Change::RoleEnd { role });
    let transfer = OpBody::TransferOwner {
        user: super::user(BOB),
        genesis: story.genesis(BOB),
    };
    story.signs("transfer of the guild", ALICE, None, transfer);
}

#[test]
fn guild_logs_and_invitations_are_as_frozen() {
    let mut story = Story::new();
    let everyone = LogRights(LogRights::INVITE.0 | LogRights::VOUCH.0);
    story.signs("create", ALICE, None, OpBody::Create { everyone });
    let policy = ChannelPolicy::text(CHANNEL);
    story.signs("policy", ALICE, None, OpBody::Policy { policy });
    let (vector, bytes) = invitation(&story);
    story.vectors.push(vector);
    let cert = cert_hash(&bytes).unwrap();
    let code = "k7m2p9qx".to_owned();
    let invite = OpBody::Invite {
        code: code.clone(),
        cert,
        key: key(INVITE).public_key(),
        uses: 5,
        expires_ms: Some(START_MS + 86_400_000),
    };
    story.signs("invite", ALICE, None, invite);
    let with = Some(InviteUse {
        code: code.clone(),
        cert,
    });
    story.signs(
        "join by a link",
        BOB,
        Some(INVITE),
        OpBody::Join { invite: with },
    );
    story.signs(
        "join by a bare code",
        CAROL,
        None,
        OpBody::Join { invite: None },
    );
    let add = OpBody::Add {
        user: user(CAROL),
        genesis: story.genesis(CAROL),
    };
    story.signs("add", BOB, None, add);
    role_story(&mut story);
    story.signs("invite end", ALICE, None, OpBody::InviteEnd { code });
    for (name, gone, cause) in [
        ("entry: left", BOB, RemoveCause::Left),
        ("entry: removed", CAROL, RemoveCause::Removed),
    ] {
        let user = user(gone);
        story.enters(name, Change::Remove { user, cause });
    }
    assert_ne!(story.log.position, Position::START);
    frozen(
        FOLDER,
        "guild-log.json",
        "One guild log from its creation on: what members sign, and the entries in which the \
         server orders it. Users, devices and seeds of a person are one byte repeated; the server \
         signs with the seed 0101…, the invitation with 0202….",
        story.vectors,
    );
}

#[test]
fn policies_are_as_frozen() {
    let mut closed = ChannelPolicy::text(CHANNEL);
    closed.version = 300;
    closed.history = HistoryRule::None;
    closed.min_trust = MinTrust::Vouched;
    let mut open = ChannelPolicy::text(CHANNEL);
    open.class = ChannelClass::Open;
    open.readers = Readers::Roles {
        roles: vec![RoleId::from_bytes([0x9f; 16])],
    };
    let mut few = closed.clone();
    few.min_trust = MinTrust::Verified;
    few.readers = Readers::Users {
        users: vec![user(ALICE), user(BOB)],
    };
    let vectors = vec![
        plain("open, for a role", &open),
        plain("for two people who were verified", &few),
        plain("a text channel at its start", &ChannelPolicy::text(CHANNEL)),
        plain("without history, vouched members only", &closed),
    ];
    frozen(
        FOLDER,
        "policy.json",
        "Policies as they stand inside operations.",
        vectors,
    );
}
