//! People with one device, and a guild with the server that writes its log.

use std::collections::BTreeMap;

use cloister_proof::{
    DeviceCert, DeviceLog, DeviceOffer, GuildLog, InviteCert, LogEntry, Op, ProofError, Purpose,
    Signed, Signer,
    devlog::{Body, Enrolment, Entry},
    guild_log::{Change, InviteUse, LogRights, OpBody, Position},
};
use cloister_wire::{Bytes, DeviceId, GuildId, Hash, Octets, UserId};
use ed25519_dalek::SigningKey;

/// A person with one device and a recovery key, all drawn from one byte.
pub struct Person {
    pub user: UserId,
    pub device: DeviceId,
    pub key: SigningKey,
    pub recovery: SigningKey,
    pub entries: Vec<Vec<u8>>,
}

pub fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

pub fn cert(user: UserId, device: u8, key: &SigningKey) -> DeviceCert {
    DeviceCert {
        user,
        device: DeviceId::from_bytes([device; 16]),
        reg_id: 1,
        signing: key.public_key(),
        identity: Octets([device; 32]),
        calls: Octets([device; 32]),
        platform: "test".to_owned(),
        created_ms: 1,
    }
}

impl Person {
    pub fn new(byte: u8) -> Self {
        let user = UserId::from_bytes([byte; 16]);
        let (key, recovery) = (key(byte), key(byte + 100));
        let device = cert(user, byte, &key);
        let body = Body::Genesis {
            device: device.clone(),
            recovery_key: recovery.public_key(),
            vault: Octets([7; 32]),
            reset_of: None,
        };
        let entry = Entry {
            v: 1,
            user,
            version: 1,
            prev: None,
            at_ms: 1,
            body,
        };
        let genesis = Signed::seal(Purpose::Devlog, &entry, &[&key, &recovery]).to_bytes();
        Self {
            user,
            device: device.device,
            key,
            recovery,
            entries: vec![genesis],
        }
    }

    /// The same person after starting over with other keys.
    pub fn reborn(from: Self) -> Self {
        let (user, byte) = (from.user, from.device.as_bytes()[0]);
        let device = cert(user, byte, &from.key);
        let body = Body::Genesis {
            device,
            recovery_key: from.recovery.public_key(),
            vault: Octets([7; 32]),
            reset_of: None,
        };
        let entry = Entry {
            v: 1,
            user,
            version: 1,
            prev: None,
            at_ms: 1,
            body,
        };
        let signers: [&dyn Signer; 2] = [&from.key, &from.recovery];
        let genesis = Signed::seal(Purpose::Devlog, &entry, &signers).to_bytes();
        Self {
            entries: vec![genesis],
            ..from
        }
    }

    pub fn log(&self) -> DeviceLog {
        DeviceLog::replay(&self.entries).unwrap()
    }

    pub fn entry(&self, body: Body, signers: &[&dyn Signer]) -> Vec<u8> {
        let log = self.log();
        let entry = Entry {
            v: 1,
            user: self.user,
            version: log.version + 1,
            prev: Some(log.head),
            at_ms: 2,
            body,
        };
        Signed::seal(Purpose::Devlog, &entry, signers).to_bytes()
    }

    pub fn offer(&self, device: u8, key: &SigningKey, genesis: Hash) -> Bytes {
        let offer = DeviceOffer {
            cert: cert(self.user, device, key),
            genesis,
        };
        Bytes(Signed::seal(Purpose::DeviceOffer, &offer, &[key]).to_bytes())
    }

    pub fn add(&self, offer: Bytes, signers: &[&dyn Signer]) -> Vec<u8> {
        let body = Body::AddDevice {
            offer,
            how: Enrolment::Code,
            approver: Some(self.device),
        };
        self.entry(body, signers)
    }

    pub fn op(
        &self,
        guild: &Guild,
        after: Position,
        body: OpBody,
        also: Option<&dyn Signer>,
    ) -> Bytes {
        let log = self.log();
        let op = Op {
            v: 1,
            guild: guild.id,
            user: self.user,
            genesis: log.genesis,
            device: self.device,
            devlog_version: log.version,
            after,
            at_ms: 1,
            body,
        };
        let signers: Vec<&dyn Signer> = std::iter::once(&self.key as &dyn Signer)
            .chain(also)
            .collect();
        Bytes(Signed::seal(Purpose::GuildOp, &op, &signers).to_bytes())
    }
}

/// A guild log with the server that writes it.
pub struct Guild {
    pub id: GuildId,
    pub log: GuildLog,
    pub people: BTreeMap<UserId, DeviceLog>,
    pub at: u64,
}

impl Guild {
    pub fn of(owner: &Person) -> Self {
        let id = GuildId::from_bytes([77; 16]);
        let mut guild = Self {
            id,
            log: GuildLog::empty(id),
            people: BTreeMap::new(),
            at: 1_000,
        };
        guild.knows(owner);
        let create = owner.op(
            &guild,
            Position::START,
            OpBody::Create {
                everyone: LogRights::INVITE,
            },
            None,
        );
        guild.append(Change::Op { op: create }).unwrap();
        guild
    }

    pub fn knows(&mut self, person: &Person) {
        self.people.insert(person.user, person.log());
    }

    pub fn server() -> SigningKey {
        key(200)
    }

    pub fn entry(&self, change: Change) -> Vec<u8> {
        let Position { seq, head } = self.log.position;
        let entry = LogEntry {
            v: 1,
            incarnation: 1,
            guild: self.id,
            seq: seq + 1,
            prev: head,
            at_ms: self.at,
            change,
        };
        Signed::seal(Purpose::LogEntry, &entry, &[&Self::server()]).to_bytes()
    }

    pub fn append(&mut self, change: Change) -> Result<(), ProofError> {
        let entry = self.entry(change);
        let mut next = self.log.clone();
        next.append(&entry, &Self::server().public_key(), &self.people)?;
        self.log = next;
        Ok(())
    }

    /// An invite of `by`, and the key that its seed gives.
    pub fn invite(
        &mut self,
        by: &Person,
        uses: u32,
        expires_ms: Option<u64>,
    ) -> (InviteUse, SigningKey) {
        let seed = key(150);
        let code = format!("CODE{}", self.log.invites.len());
        let cert = InviteCert {
            guild: self.id,
            guild_genesis: self.log.genesis,
            log: self.log.position,
            inviter: by.user,
            inviter_genesis: by.log().genesis,
            code: code.clone(),
            key: seed.public_key(),
            uses,
            expires_ms,
        };
        let cert = Signed::seal(Purpose::InviteCert, &cert, &[&by.key, &seed]);
        let (hash, bytes) = (cert.payload_hash(), cert.to_bytes());
        assert!(InviteCert::verify_link(&bytes, &seed.public_key()).is_ok());
        assert!(InviteCert::verify_inviter(&bytes, &by.log()).is_ok());
        let body = OpBody::Invite {
            code: code.clone(),
            cert: hash,
            key: seed.public_key(),
            uses,
            expires_ms,
        };
        let op = by.op(self, self.log.position, body, None);
        self.append(Change::Op { op }).unwrap();
        (InviteUse { code, cert: hash }, seed)
    }

    pub fn join(
        &mut self,
        who: &Person,
        invite: Option<InviteUse>,
        seed: Option<&SigningKey>,
    ) -> Result<(), ProofError> {
        self.knows(who);
        let seed = seed.map(|seed| seed as &dyn Signer);
        let op = who.op(self, self.log.position, OpBody::Join { invite }, seed);
        self.append(Change::Op { op })
    }

    /// Appends what `who` signs now.
    pub fn does(&mut self, who: &Person, body: OpBody) -> Result<(), ProofError> {
        let op = who.op(self, self.log.position, body, None);
        self.append(Change::Op { op })
    }

    pub fn vouched(&self, who: &Person) -> bool {
        self.log
            .members
            .get(&who.user)
            .is_some_and(|member| member.vouched)
    }
}
