use cloister_wire::{ChannelId, Octets, Permissions, guild::Guild};

use super::*;

const ALICE: UserId = UserId::from_bytes([1; 16]);
const BOB: UserId = UserId::from_bytes([2; 16]);
const GUILD: GuildId = GuildId::from_bytes([9; 16]);

fn identity(user: UserId, device: u8) -> Identity {
    Identity {
        user,
        device: DeviceId::from_bytes([device; 16]),
        session: SessionId::from_bytes([device; 16]),
    }
}

fn listen(bus: &Bus, user: UserId, device: u8, guilds: &[GuildId]) -> Mailbox {
    bus.listen(identity(user, device), Octets([device; 32]), guilds)
}

fn read_moved(seq: u64) -> Event {
    Event::ReadMoved {
        channel: ChannelId::from_bytes([7; 16]),
        seq,
    }
}

fn in_guild() -> Audience {
    Audience::Guild {
        guild: GUILD,
        access_version: 1,
    }
}

fn publish(bus: &Bus, audience: Audience) {
    bus.publish(vec![Notice::event(audience, read_moved(1))]);
}

fn heard(mailbox: &mut Mailbox) -> bool {
    matches!(mailbox.try_next(), Some(Delivery::Event(_)))
}

#[test]
fn an_event_reaches_its_audience_and_nobody_else() {
    let bus = Bus::default();
    let mut alice = listen(&bus, ALICE, 1, &[GUILD]);
    let mut bob = listen(&bus, BOB, 2, &[]);
    for (audience, expected) in [
        (Audience::User(ALICE), (true, false)),
        (
            Audience::Device(DeviceId::from_bytes([2; 16])),
            (false, true),
        ),
        (in_guild(), (true, false)),
        (Audience::Pair([ALICE, BOB]), (true, true)),
        (
            Audience::Acquaintances {
                user: BOB,
                guilds: vec![GUILD],
                peers: vec![],
            },
            (true, true),
        ),
    ] {
        publish(&bus, audience);
        assert_eq!((heard(&mut alice), heard(&mut bob)), expected);
    }
}

#[test]
fn acquaintances_of_several_kinds_hear_an_event_once() {
    let bus = Bus::default();
    let mut alice = listen(&bus, ALICE, 1, &[GUILD]);
    publish(
        &bus,
        Audience::Acquaintances {
            user: ALICE,
            guilds: vec![GUILD],
            peers: vec![ALICE],
        },
    );
    assert!(heard(&mut alice));
    assert!(!heard(&mut alice));
}

#[test]
fn a_newer_connection_of_a_device_fences_the_older() {
    let bus = Bus::default();
    let mut older = listen(&bus, ALICE, 1, &[]);
    let mut newer = listen(&bus, ALICE, 1, &[]);
    assert!(matches!(
        older.try_next(),
        Some(Delivery::End(CloseCode::Superseded))
    ));
    // The older one's end must not take the newer one off the bus.
    drop(older);
    publish(&bus, Audience::Device(DeviceId::from_bytes([1; 16])));
    assert!(heard(&mut newer));
}

#[tokio::test]
async fn a_full_mailbox_is_let_go_after_what_it_holds() {
    let bus = Bus::default();
    let mut alice = listen(&bus, ALICE, 1, &[]);
    for _ in 0..=limits::GATEWAY_QUEUE {
        publish(&bus, Audience::User(ALICE));
    }
    assert_eq!(bus.listeners(), 0);
    for _ in 0..limits::GATEWAY_QUEUE {
        assert!(matches!(alice.next().await, Some(Delivery::Event(_))));
    }
    assert!(alice.next().await.is_none());
}

#[test]
fn who_enters_a_guild_hears_it_from_the_same_moment_and_who_leaves_no_more() {
    let bus = Bus::default();
    let mut alice = listen(&bus, ALICE, 1, &[]);
    let guild = Box::new(Guild {
        id: GUILD,
        kind: cloister_wire::guild::GuildKind::Guild,
        name: "Garden".to_owned(),
        icon: None,
        banner: None,
        rules: None,
        rules_wait: false,
        questions: Vec::new(),
        emoji: Vec::new(),
        newcomer_s: 0,
        links_s: 0,
        mentions_s: 0,
        retention_days: None,
        owner: BOB,
        everyone: Permissions::EVERYONE,
        access_version: 2,
        log_seq: 3,
        member_count: 2,
        my_permissions: Permissions::EVERYONE,
        my_roles: Vec::new(),
        roles: Vec::new(),
        categories: Vec::new(),
        channels: vec![],
    });
    bus.publish(vec![
        Notice::event(Audience::User(ALICE), Event::GuildJoined { guild }),
        Notice::event(in_guild(), read_moved(1)),
    ]);
    assert!(heard(&mut alice) && heard(&mut alice));
    let left = Event::GuildLeft { guild: GUILD };
    bus.publish(vec![Notice::event(Audience::User(ALICE), left)]);
    assert!(heard(&mut alice));
    publish(&bus, in_guild());
    assert!(!heard(&mut alice));
}

#[test]
fn the_end_of_a_sign_in_or_a_device_ends_its_connections_only() {
    let bus = Bus::default();
    let mut one = listen(&bus, ALICE, 1, &[]);
    let mut two = listen(&bus, ALICE, 2, &[]);
    bus.publish(vec![Notice::SessionEnded {
        session: SessionId::from_bytes([1; 16]),
    }]);
    assert!(matches!(
        one.try_next(),
        Some(Delivery::End(CloseCode::Unauthenticated))
    ));
    assert!(two.try_next().is_none());
    bus.publish(vec![Notice::DeviceRevoked {
        device: DeviceId::from_bytes([2; 16]),
        code: CloseCode::DeviceCloned,
    }]);
    assert!(matches!(
        two.try_next(),
        Some(Delivery::End(CloseCode::DeviceCloned))
    ));
}

#[tokio::test]
async fn only_its_own_device_may_claim_a_session() {
    let bus = Bus::default();
    let mut alice = listen(&bus, ALICE, 1, &[]);
    assert!(bus.claim(Octets([1; 32]), identity(BOB, 1)).is_none());
    assert!(bus.claim(Octets([2; 32]), identity(ALICE, 1)).is_none());
    assert!(bus.claim(Octets([1; 32]), identity(ALICE, 1)).is_some());
    assert!(matches!(alice.next().await, Some(Delivery::HandOver(_))));
}
