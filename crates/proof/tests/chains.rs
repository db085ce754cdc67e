//! Device logs and guild logs under honest and dishonest hands.

use std::collections::BTreeMap;

use cloister_proof::{
    ChannelPolicy, DeviceCert, DeviceLog, DeviceOffer, GuildLog, InviteCert, LogEntry, Op,
    ProofError, Purpose, Signed, Signer,
    devlog::{Body, Enrolment, Entry, RevokeReason},
    fingerprint,
    guild_log::{Change, InviteUse, LogRights, OpBody, Position, RemoveCause},
};
use cloister_wire::{Bytes, ChannelId, DeviceId, GuildId, Hash, Octets, UserId};
use ed25519_dalek::SigningKey;

/// A person with one device and a recovery key, all drawn from one byte.
struct Person {
    user: UserId,
    device: DeviceId,
    key: SigningKey,
    recovery: SigningKey,
    entries: Vec<Vec<u8>>,
}

fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

fn cert(user: UserId, device: u8, key: &SigningKey) -> DeviceCert {
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
    fn new(byte: u8) -> Self {
        let user = UserId::from_bytes([byte; 16]);
        let (key, recovery) = (key(byte), key(byte + 100));
        let device = cert(user, byte, &key);
        let body = Body::Genesis {
            device: device.clone(),
            recovery_key: recovery.public_key(),
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

    fn log(&self) -> DeviceLog {
        DeviceLog::replay(&self.entries).unwrap()
    }

    fn entry(&self, body: Body, signers: &[&dyn Signer]) -> Vec<u8> {
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

    fn offer(&self, device: u8, key: &SigningKey, genesis: Hash) -> Bytes {
        let offer = DeviceOffer {
            cert: cert(self.user, device, key),
            genesis,
        };
        Bytes(Signed::seal(Purpose::DeviceOffer, &offer, &[key]).to_bytes())
    }

    fn add(&self, offer: Bytes, signers: &[&dyn Signer]) -> Vec<u8> {
        let body = Body::AddDevice {
            offer,
            how: Enrolment::Code,
            approver: Some(self.device),
        };
        self.entry(body, signers)
    }

    fn op(&self, guild: &Guild, after: Position, body: OpBody, also: Option<&dyn Signer>) -> Bytes {
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

#[test]
fn a_device_added_by_another_may_sign_until_it_is_revoked() {
    let mut alice = Person::new(1);
    let second = key(9);
    let offer = alice.offer(9, &second, alice.log().genesis);
    alice.entries.push(alice.add(offer, &[&alice.key]));
    let body = Body::Revoke {
        device: DeviceId::from_bytes([9; 16]),
        reason: RevokeReason::Lost,
        also: vec![],
    };
    alice.entries.push(alice.entry(body, &[&second]));
    let log = alice.log();
    assert_eq!(log.active().count(), 1);
    let second = DeviceId::from_bytes([9; 16]);
    assert!(log.signer_at(second, 1).is_none());
    assert!(log.signer_at(second, 2).is_some());
    assert!(log.signer_at(second, 3).is_none());
}

#[test]
fn nobody_adds_a_device_but_a_device_or_the_recovery_key() {
    let alice = Person::new(1);
    let (second, mallory) = (key(9), key(50));
    let offer = alice.offer(9, &second, alice.log().genesis);
    let forged = alice.add(offer.clone(), &[&mallory]);
    assert_eq!(alice.log().append(&forged), Err(ProofError::BadSignature));
    let body = Body::AddDevice {
        offer,
        how: Enrolment::Recovery,
        approver: None,
    };
    let by_paper = alice.entry(body, &[&alice.recovery]);
    assert!(alice.log().append(&by_paper).is_ok());
}

#[test]
fn a_device_that_was_shown_another_account_cannot_be_added() {
    let alice = Person::new(1);
    let offer = alice.offer(9, &key(9), Octets([7; 32]));
    assert_eq!(
        alice.log().append(&alice.add(offer, &[&alice.key])),
        Err(ProofError::Mismatch)
    );
}

#[test]
fn a_device_without_its_own_consent_cannot_be_added() {
    let alice = Person::new(1);
    let mallory = key(50);
    let offer = DeviceOffer {
        cert: cert(alice.user, 9, &key(9)),
        genesis: alice.log().genesis,
    };
    let offer = Bytes(Signed::seal(Purpose::DeviceOffer, &offer, &[&mallory]).to_bytes());
    assert_eq!(
        alice.log().append(&alice.add(offer, &[&alice.key])),
        Err(ProofError::BadSignature)
    );
}

#[test]
fn a_log_that_leaves_out_or_repeats_an_entry_is_refused() {
    let mut alice = Person::new(1);
    for device in [9, 10] {
        let offer = alice.offer(device, &key(device), alice.log().genesis);
        alice.entries.push(alice.add(offer, &[&alice.key]));
    }
    let entries = alice.entries.clone();
    assert_eq!(
        DeviceLog::replay(&[&entries[0], &entries[2]]),
        Err(ProofError::Broken)
    );
    assert_eq!(
        DeviceLog::replay(&[&entries[0], &entries[1], &entries[1]]),
        Err(ProofError::Broken)
    );
}

#[test]
fn the_code_of_a_device_changes_with_its_keys_and_with_the_account() {
    let alice = Person::new(1);
    let offer = |device, genesis| DeviceOffer {
        cert: cert(alice.user, device, &key(device)),
        genesis,
    };
    let code = fingerprint::device_code(&offer(9, alice.log().genesis));
    assert_eq!(code.len(), 19);
    assert_eq!(
        code,
        fingerprint::device_code(&offer(9, alice.log().genesis))
    );
    assert_ne!(
        code,
        fingerprint::device_code(&offer(8, alice.log().genesis))
    );
    assert_ne!(code, fingerprint::device_code(&offer(9, Octets([0; 32]))));
}

/// A guild log with the server that writes it.
struct Guild {
    id: GuildId,
    log: GuildLog,
    people: BTreeMap<UserId, DeviceLog>,
    at: u64,
}

impl Guild {
    fn of(owner: &Person) -> Self {
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

    fn knows(&mut self, person: &Person) {
        self.people.insert(person.user, person.log());
    }

    fn server() -> SigningKey {
        key(200)
    }

    fn entry(&self, change: Change) -> Vec<u8> {
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

    fn append(&mut self, change: Change) -> Result<(), ProofError> {
        let entry = self.entry(change);
        let mut next = self.log.clone();
        next.append(&entry, &Self::server().public_key(), &self.people)?;
        self.log = next;
        Ok(())
    }

    /// An invite of `by`, and the key that its seed gives.
    fn invite(
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

    fn join(
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

    fn vouched(&self, who: &Person) -> bool {
        self.log
            .members
            .get(&who.user)
            .is_some_and(|member| member.vouched)
    }
}

#[test]
fn who_held_the_link_is_vouched_and_who_only_knew_the_code_is_not() {
    let (alice, bob, dave) = (Person::new(1), Person::new(2), Person::new(3));
    let mut guild = Guild::of(&alice);
    let (invite, seed) = guild.invite(&alice, 0, None);
    guild.join(&bob, Some(invite.clone()), Some(&seed)).unwrap();
    guild.join(&dave, Some(invite), None).unwrap();
    assert!(guild.vouched(&bob));
    assert!(!guild.vouched(&dave));
}

#[test]
fn joins_beyond_the_uses_or_after_the_end_are_unvouched() {
    let people: Vec<Person> = (1..=5).map(Person::new).collect();
    let mut guild = Guild::of(&people[0]);
    let (once, seed) = guild.invite(&people[0], 1, None);
    guild
        .join(&people[1], Some(once.clone()), Some(&seed))
        .unwrap();
    guild.join(&people[2], Some(once), Some(&seed)).unwrap();
    let (late, seed) = guild.invite(&people[0], 0, Some(guild.at));
    guild.at += 1;
    guild.join(&people[3], Some(late), Some(&seed)).unwrap();
    let (ended, seed) = guild.invite(&people[0], 0, None);
    let end = people[0].op(
        &guild,
        guild.log.position,
        OpBody::InviteEnd {
            code: ended.code.clone(),
        },
        None,
    );
    guild.append(Change::Op { op: end }).unwrap();
    guild.join(&people[4], Some(ended), Some(&seed)).unwrap();
    let vouched: Vec<bool> = people.iter().map(|one| guild.vouched(one)).collect();
    assert_eq!(vouched, [true, true, false, false, false]);
}

#[test]
fn the_server_cannot_bring_somebody_back_with_an_old_join() {
    let (alice, bob) = (Person::new(1), Person::new(2));
    let mut guild = Guild::of(&alice);
    guild.knows(&bob);
    let join = bob.op(
        &guild,
        guild.log.position,
        OpBody::Join { invite: None },
        None,
    );
    guild.append(Change::Op { op: join.clone() }).unwrap();
    guild
        .append(Change::Remove {
            user: bob.user,
            cause: RemoveCause::Removed,
        })
        .unwrap();
    assert_eq!(
        guild.append(Change::Op { op: join }),
        Err(ProofError::NotAllowed)
    );
    assert!(guild.join(&bob, None, None).is_ok());
}

#[test]
fn an_operation_signed_for_nobody_or_by_another_server_is_refused() {
    let (alice, bob) = (Person::new(1), Person::new(2));
    let mut guild = Guild::of(&alice);
    guild.knows(&bob);
    let mut forged = Signed::parse(
        bob.op(
            &guild,
            guild.log.position,
            OpBody::Join { invite: None },
            None,
        )
        .as_ref(),
    )
    .unwrap();
    forged.signatures = vec![
        Signed::seal(Purpose::GuildOp, &0u8, &[&alice.key])
            .signatures
            .remove(0),
    ];
    let forged = Change::Op {
        op: Bytes(forged.to_bytes()),
    };
    assert_eq!(guild.append(forged), Err(ProofError::BadSignature));
    let entry = guild.entry(Change::Remove {
        user: alice.user,
        cause: RemoveCause::Left,
    });
    let other = key(201).public_key();
    assert_eq!(
        guild.log.clone().append(&entry, &other, &guild.people),
        Err(ProofError::BadSignature)
    );
}

#[test]
fn members_sign_what_the_log_lets_them_and_no_more() {
    let (alice, bob, dave) = (Person::new(1), Person::new(2), Person::new(3));
    let mut guild = Guild::of(&alice);
    let (invite, seed) = guild.invite(&alice, 0, None);
    guild.join(&bob, Some(invite), Some(&seed)).unwrap();
    guild.join(&dave, None, None).unwrap();
    let policy = OpBody::Policy {
        policy: ChannelPolicy::text(ChannelId::from_bytes([5; 16])),
    };
    let by_bob = Change::Op {
        op: bob.op(&guild, guild.log.position, policy.clone(), None),
    };
    assert_eq!(guild.append(by_bob), Err(ProofError::NotAllowed));
    let by_alice = Change::Op {
        op: alice.op(&guild, guild.log.position, policy, None),
    };
    assert!(guild.append(by_alice).is_ok());
    // Bob is vouched and may invite; Dave is not.
    guild.invite(&bob, 0, None);
    let body = OpBody::Invite {
        code: "X".to_owned(),
        cert: Octets([1; 32]),
        key: Octets([1; 32]),
        uses: 0,
        expires_ms: None,
    };
    let by_dave = Change::Op {
        op: dave.op(&guild, guild.log.position, body, None),
    };
    assert_eq!(guild.append(by_dave), Err(ProofError::NotAllowed));
    let vouch = OpBody::Add {
        user: dave.user,
        genesis: dave.log().genesis,
    };
    let by_alice = Change::Op {
        op: alice.op(&guild, guild.log.position, vouch, None),
    };
    guild.append(by_alice).unwrap();
    assert!(guild.vouched(&dave));
}

#[test]
fn a_policy_of_an_older_version_is_refused() {
    let alice = Person::new(1);
    let mut guild = Guild::of(&alice);
    let policy = OpBody::Policy {
        policy: ChannelPolicy::text(ChannelId::from_bytes([5; 16])),
    };
    let first = Change::Op {
        op: alice.op(&guild, guild.log.position, policy.clone(), None),
    };
    guild.append(first).unwrap();
    let again = Change::Op {
        op: alice.op(&guild, guild.log.position, policy, None),
    };
    assert_eq!(guild.append(again), Err(ProofError::Broken));
}
