//! Guild logs: what the log lets people sign, and who may read.

use cloister_proof::{
    ChannelPolicy, ProofError,
    guild_log::{Change, LogRights, OpBody, RemoveCause, RoleHeld},
    policy::{ChannelClass, HistoryRule, Readers},
};
use cloister_wire::{ChannelId, RoleId};

use crate::cast::{Guild, Person};

const CHANNEL: ChannelId = ChannelId::from_bytes([5; 16]);
const MODERATOR: RoleId = RoleId::from_bytes([6; 16]);
const READER: RoleId = RoleId::from_bytes([7; 16]);

/// Alice owns; Bob and Carol are vouched; Dave came without proof.
fn guild() -> (Guild, [Person; 4]) {
    let people = [1, 2, 3, 4].map(Person::new);
    let mut guild = Guild::of(&people[0]);
    let (invite, seed) = guild.invite(&people[0], 0, None);
    for one in &people[1..3] {
        guild.join(one, Some(invite.clone()), Some(&seed)).unwrap();
    }
    guild.join(&people[3], None, None).unwrap();
    (guild, people)
}

fn role(role: RoleId, rights: LogRights) -> OpBody {
    OpBody::Role {
        role,
        rights,
        held: RoleHeld::ByGrant,
    }
}

fn grant(role: RoleId, to: &Person) -> OpBody {
    OpBody::Grant {
        role,
        user: to.user,
        genesis: to.log().genesis,
    }
}

fn out(who: &Person) -> Change {
    Change::Remove {
        user: who.user,
        cause: RemoveCause::Removed,
    }
}

fn private(readers: Readers) -> OpBody {
    OpBody::Policy {
        policy: ChannelPolicy::private(CHANNEL, readers),
    }
}

fn users(people: &[&Person]) -> Readers {
    let mut users: Vec<_> = people.iter().map(|one| one.user).collect();
    users.sort();
    Readers::Users { users }
}

#[test]
fn the_owner_alone_hands_the_guild_over_and_then_has_no_more_rights() {
    let (mut guild, [alice, bob, carol, dave]) = guild();
    let to = |who: &Person| OpBody::TransferOwner {
        user: who.user,
        genesis: who.log().genesis,
    };
    assert_eq!(guild.does(&bob, to(&carol)), Err(ProofError::NotAllowed));
    assert_eq!(guild.does(&alice, to(&dave)), Err(ProofError::Mismatch));
    guild.does(&alice, to(&bob)).unwrap();
    assert!(guild.log.is_owner(bob.user));
    let mine = role(MODERATOR, LogRights::ALL);
    assert_eq!(
        guild.does(&alice, mine.clone()),
        Err(ProofError::NotAllowed)
    );
    guild.does(&bob, mine).unwrap();
}

#[test]
fn an_owner_who_started_over_owns_nothing() {
    let (mut guild, [alice, ..]) = guild();
    let mut again = Person::new(9);
    again.user = alice.user;
    again = Person::reborn(again);
    guild.join(&again, None, None).unwrap();
    assert!(!guild.log.is_owner(again.user));
    assert_eq!(guild.log.rights(again.user), LogRights::NONE);
    let mine = role(MODERATOR, LogRights::ALL);
    assert_eq!(guild.does(&again, mine), Err(ProofError::NotAllowed));
}

#[test]
fn a_role_gives_no_more_than_its_giver_has() {
    let (mut guild, [alice, bob, carol, _]) = guild();
    let half = LogRights::GRANT.union(LogRights::VOUCH);
    guild.does(&alice, role(MODERATOR, half)).unwrap();
    assert_eq!(
        guild.does(&bob, grant(MODERATOR, &carol)),
        Err(ProofError::NotAllowed)
    );
    guild.does(&alice, grant(MODERATOR, &bob)).unwrap();
    guild.does(&bob, grant(MODERATOR, &carol)).unwrap();
    assert_eq!(
        guild.does(&bob, role(READER, LogRights::POLICY)),
        Err(ProofError::NotAllowed)
    );
    guild.does(&bob, role(READER, LogRights::VOUCH)).unwrap();
    // Nor may a role of others be bent by somebody below it.
    guild.does(&alice, role(READER, LogRights::ALL)).unwrap();
    assert_eq!(
        guild.does(&bob, role(READER, LogRights::NONE)),
        Err(ProofError::NotAllowed)
    );
    assert_eq!(
        guild.does(&bob, grant(READER, &bob)),
        Err(ProofError::NotAllowed)
    );
}

#[test]
fn unknown_rights_are_refused() {
    let (mut guild, [alice, ..]) = guild();
    assert_eq!(
        guild.does(&alice, role(MODERATOR, LogRights(1 << 20))),
        Err(ProofError::Broken)
    );
}

#[test]
fn the_server_can_take_a_role_away_and_cannot_give_it_back() {
    let (mut guild, [alice, bob, ..]) = guild();
    guild
        .does(&alice, role(MODERATOR, LogRights::VOUCH))
        .unwrap();
    let old = alice.op(&guild, guild.log.position, grant(MODERATOR, &bob), None);
    guild.append(Change::Op { op: old.clone() }).unwrap();
    assert!(guild.log.rights(bob.user).contains(LogRights::VOUCH));
    let taken = Change::Ungrant {
        user: bob.user,
        role: MODERATOR,
    };
    guild.append(taken.clone()).unwrap();
    assert!(!guild.log.holds(bob.user, MODERATOR));
    assert_eq!(guild.append(taken), Err(ProofError::Mismatch));
    assert_eq!(
        guild.append(Change::Op { op: old }),
        Err(ProofError::Mismatch)
    );
    guild.does(&alice, grant(MODERATOR, &bob)).unwrap();
    guild.append(Change::RoleEnd { role: MODERATOR }).unwrap();
    assert!(!guild.log.holds(bob.user, MODERATOR));
    assert_eq!(
        guild.does(&alice, role(MODERATOR, LogRights::NONE)),
        Err(ProofError::Broken)
    );
}

#[test]
fn nothing_that_was_signed_before_a_removal_brings_anything_back() {
    let (mut guild, [alice, bob, ..]) = guild();
    guild
        .does(&alice, role(MODERATOR, LogRights::VOUCH))
        .unwrap();
    let before = guild.log.position;
    let old = [
        grant(MODERATOR, &bob),
        OpBody::Add {
            user: bob.user,
            genesis: bob.log().genesis,
        },
        private(users(&[&bob])),
    ]
    .map(|body| alice.op(&guild, before, body, None));
    guild.append(out(&bob)).unwrap();
    guild.join(&bob, None, None).unwrap();
    for op in old {
        assert_eq!(guild.append(Change::Op { op }), Err(ProofError::Mismatch));
    }
}

#[test]
fn a_removal_takes_roles_and_places_in_private_channels_along() {
    let (mut guild, [alice, bob, carol, _]) = guild();
    guild
        .does(&alice, role(MODERATOR, LogRights::VOUCH))
        .unwrap();
    guild.does(&alice, grant(MODERATOR, &bob)).unwrap();
    guild.does(&alice, private(users(&[&bob, &carol]))).unwrap();
    guild.append(out(&bob)).unwrap();
    guild.join(&bob, None, None).unwrap();
    assert!(!guild.log.holds(bob.user, MODERATOR));
    assert!(!guild.log.reads(CHANNEL, bob.user));
    assert!(guild.log.reads(CHANNEL, carol.user));
}

#[test]
fn a_private_channel_is_read_by_whom_its_policy_names_and_the_owner() {
    let (mut guild, [alice, bob, carol, dave]) = guild();
    guild.does(&alice, private(users(&[&bob]))).unwrap();
    let reads =
        |guild: &Guild| [&alice, &bob, &carol, &dave].map(|one| guild.log.reads(CHANNEL, one.user));
    assert_eq!(reads(&guild), [true, true, false, false]);
    guild.does(&alice, role(READER, LogRights::READ)).unwrap();
    guild.does(&alice, grant(READER, &carol)).unwrap();
    assert_eq!(reads(&guild), [true, true, true, false]);
}

#[test]
fn readers_by_role_follow_grants_and_vouching() {
    let (mut guild, [alice, bob, carol, dave]) = guild();
    let all = OpBody::Role {
        role: READER,
        rights: LogRights::NONE,
        held: RoleHeld::ByVouched,
    };
    guild.does(&alice, all).unwrap();
    let readers = Readers::Roles {
        roles: vec![READER],
    };
    guild.does(&alice, private(readers)).unwrap();
    let expected = [&alice, &bob, &carol].map(|one| one.user).into();
    assert_eq!(guild.log.readers(CHANNEL), expected);
    let vouch = OpBody::Add {
        user: dave.user,
        genesis: dave.log().genesis,
    };
    guild.does(&alice, vouch).unwrap();
    assert!(guild.log.reads(CHANNEL, dave.user));
}

#[test]
fn a_policy_names_known_readers_sorted_and_never_turns_open() {
    let (mut guild, [alice, bob, carol, _]) = guild();
    let stranger = Person::new(8);
    assert_eq!(
        guild.does(&alice, private(users(&[&stranger]))),
        Err(ProofError::Mismatch)
    );
    let unsorted = Readers::Users {
        users: vec![carol.user, bob.user],
    };
    assert_eq!(
        guild.does(&alice, private(unsorted)),
        Err(ProofError::Broken)
    );
    let roles = Readers::Roles {
        roles: vec![READER],
    };
    assert_eq!(
        guild.does(&alice, private(roles)),
        Err(ProofError::Mismatch)
    );
    guild.does(&alice, private(users(&[&bob]))).unwrap();
    let mut next = ChannelPolicy::private(CHANNEL, users(&[&bob, &carol]));
    next.version = 2;
    let mut open = next.clone();
    open.class = ChannelClass::Open;
    assert_eq!(
        guild.does(&alice, OpBody::Policy { policy: open }),
        Err(ProofError::Broken)
    );
    next.history = HistoryRule::Shared;
    guild
        .does(
            &alice,
            OpBody::Policy {
                policy: next.clone(),
            },
        )
        .unwrap();
    next.version = 4;
    assert_eq!(
        guild.does(&alice, OpBody::Policy { policy: next }),
        Err(ProofError::Broken)
    );
}

#[test]
fn who_may_not_read_a_channel_does_not_say_who_may() {
    let (mut guild, [alice, bob, carol, _]) = guild();
    guild
        .does(&alice, role(MODERATOR, LogRights::POLICY))
        .unwrap();
    guild.does(&alice, grant(MODERATOR, &bob)).unwrap();
    guild.does(&alice, private(users(&[&carol]))).unwrap();
    let mut mine = ChannelPolicy::private(CHANNEL, users(&[&bob, &carol]));
    mine.version = 2;
    assert_eq!(
        guild.does(&bob, OpBody::Policy { policy: mine }),
        Err(ProofError::NotAllowed)
    );
}

#[test]
fn somebody_vouched_for_is_in_and_only_as_the_account_that_was_meant() {
    let (mut guild, [alice, bob, ..]) = guild();
    let eve = Person::new(8);
    guild.knows(&eve);
    let add = OpBody::Add {
        user: eve.user,
        genesis: eve.log().genesis,
    };
    assert_eq!(guild.does(&bob, add.clone()), Err(ProofError::NotAllowed));
    guild.does(&alice, add).unwrap();
    assert!(guild.vouched(&eve));
    let other = OpBody::Add {
        user: eve.user,
        genesis: bob.log().genesis,
    };
    assert_eq!(guild.does(&alice, other), Err(ProofError::Mismatch));
}
