//! Guild logs: who comes in, who goes out.

use cloister_proof::{
    ChannelPolicy, ProofError, Purpose, Signed, Signer,
    guild_log::{Change, OpBody, RemoveCause},
};
use cloister_wire::{Bytes, ChannelId, Octets};

use crate::cast::{Guild, Person, key};

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
