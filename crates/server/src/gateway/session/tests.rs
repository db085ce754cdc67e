use std::collections::BTreeMap;

use cloister_wire::{
    Bytes, ChannelId, DeviceId, GuildId, Octets, SessionId, UserId,
    gateway::{ClientFrame, CloseCode, Event, Identify, Ready, Resume, ServerFrame},
    guild::{Member, Membership},
    limits::{GATEWAY_QUEUE, HEARTBEAT_MS, IDENTIFY_MS, RESUME_MS},
};

use super::*;
use crate::gateway::{bus::Audience, subscription::Access};

const ME: UserId = UserId::from_bytes([1; 16]);
const OTHER: UserId = UserId::from_bytes([2; 16]);
const DEVICE: DeviceId = DeviceId::from_bytes([3; 16]);
const GUILD: GuildId = GuildId::from_bytes([4; 16]);
const CHANNEL: ChannelId = ChannelId::from_bytes([5; 16]);
const START: u64 = 1_000_000;
const EXPIRY: u64 = START + 900_000;

fn identify() -> ClientFrame {
    ClientFrame::Identify(Identify {
        access_token: "token".to_owned(),
        last_nonce: None,
        next_nonce: Octets([7; 32]),
        writes: 0,
        resume: None,
    })
}

fn subscription(version: Option<u64>) -> Subscription {
    let access = |version| Access {
        version,
        channels: [CHANNEL].into(),
    };
    let guilds: BTreeMap<_, _> = version
        .into_iter()
        .map(|version| (GUILD, access(version)))
        .collect();
    Subscription::new(ME, DEVICE, guilds)
}

fn admission(version: Option<u64>) -> Input {
    Input::Admitted(Box::new(Admission {
        ready: Ready {
            gateway: Octets([9; 32]),
            user: ME,
            device: DEVICE,
            session: SessionId::from_bytes([6; 16]),
            n: 0,
            guilds: Vec::new(),
            dms: Vec::new(),
            queue_seq: 0,
            dormant: false,
            deletion_at: None,
            one_time_keys: 50,
            fallback_used: false,
            devlog_version: 1,
            server_time: START,
        },
        subscription: subscription(version),
        expires_at: EXPIRY,
    }))
}

/// A session that has said `ready`, with everything so far written.
fn live(version: Option<u64>) -> Session {
    let mut session = Session::open(START);
    let asked = session.handle(Input::Frame(identify()), START);
    assert!(matches!(asked, Some(Output::Identify(_))));
    assert_eq!(session.handle(admission(version), START), None);
    drain(&mut session);
    session
}

fn drain(session: &mut Session) -> Vec<Frame> {
    std::iter::from_fn(|| session.next_frame()).collect()
}

fn numbers(frames: &[Frame]) -> Vec<u64> {
    let number = |frame: &Frame| match frame {
        Frame::Event { n, .. } => Some(*n),
        Frame::Plain(_) => None,
    };
    frames.iter().filter_map(number).collect()
}

fn in_channel(access_version: u64) -> Input {
    let audience = Audience::Channel {
        guild: GUILD,
        channel: CHANNEL,
        access_version,
    };
    Input::Published(Arc::new(Published::new(
        audience,
        Event::ReadMoved {
            channel: CHANNEL,
            seq: access_version,
        },
    )))
}

fn to_me(seq: u64) -> Input {
    let event = Event::ReadMoved {
        channel: CHANNEL,
        seq,
    };
    Input::Published(Arc::new(Published::new(Audience::User(ME), event)))
}

fn to_guild(access_version: u64, event: Event) -> Input {
    let audience = Audience::Guild {
        guild: GUILD,
        access_version,
    };
    Input::Published(Arc::new(Published::new(audience, event)))
}

fn member_left(user: UserId, access_version: u64) -> Input {
    to_guild(
        access_version,
        Event::MemberLeft {
            guild: GUILD,
            user,
            access_version,
        },
    )
}

fn heartbeat(n: u64) -> Input {
    Input::Frame(ClientFrame::Heartbeat { n })
}

#[test]
fn a_connection_says_hello_first_and_ready_after_it_was_admitted() {
    let mut session = Session::open(START);
    let hello = drain(&mut session);
    assert!(
        matches!(&hello[..], [Frame::Plain(frame)] if matches!(**frame, ServerFrame::Hello { .. }))
    );
    session.handle(Input::Frame(identify()), START);
    assert!(drain(&mut session).is_empty());
    session.handle(admission(None), START);
    let ready = drain(&mut session);
    assert!(
        matches!(&ready[..], [Frame::Plain(frame)] if matches!(**frame, ServerFrame::Ready(_)))
    );
}

#[test]
fn who_does_not_identify_in_time_is_closed() {
    let mut session = Session::open(START);
    assert_eq!(session.deadline(), Some(START + IDENTIFY_MS));
    assert_eq!(session.handle(Input::Tick, START + IDENTIFY_MS - 1), None);
    assert_eq!(
        session.handle(Input::Tick, START + IDENTIFY_MS),
        Some(Output::Close(CloseCode::NotIdentified))
    );
    assert!(session.is_closed());
}

#[test]
fn the_first_frame_must_be_identify_and_there_is_one_only() {
    let mut session = Session::open(START);
    assert_eq!(
        session.handle(heartbeat(0), START),
        Some(Output::Close(CloseCode::NotIdentified))
    );
    let mut session = live(None);
    assert_eq!(
        session.handle(Input::Frame(identify()), START),
        Some(Output::Close(CloseCode::Malformed))
    );
}

#[test]
fn events_are_numbered_from_one_and_written_in_order() {
    let mut session = live(Some(1));
    session.handle(to_me(1), START);
    session.handle(in_channel(1), START);
    session.handle(to_me(2), START);
    assert_eq!(numbers(&drain(&mut session)), [1, 2, 3]);
    assert!(!session.has_frame());
}

#[test]
fn an_event_for_somebody_else_is_not_written() {
    let mut session = live(Some(1));
    let event = Event::ReadMoved {
        channel: CHANNEL,
        seq: 1,
    };
    let theirs = Published::new(Audience::User(OTHER), event);
    session.handle(Input::Published(Arc::new(theirs)), START);
    assert!(drain(&mut session).is_empty());
}

#[test]
fn a_silent_client_is_closed_and_may_resume() {
    let mut session = live(None);
    session.handle(heartbeat(0), START + HEARTBEAT_MS);
    let deadline = session.deadline().unwrap();
    assert!(deadline > START + 2 * HEARTBEAT_MS);
    assert_eq!(
        session.handle(Input::Tick, deadline),
        Some(Output::Close(CloseCode::Silent))
    );
    assert!(session.is_parked());
}

#[test]
fn a_heartbeat_is_answered_with_its_number() {
    let mut session = live(None);
    session.handle(to_me(1), START);
    drain(&mut session);
    session.handle(heartbeat(1), START);
    let frames = drain(&mut session);
    assert!(
        matches!(&frames[..], [Frame::Plain(frame)] if **frame == ServerFrame::HeartbeatAck { n: 1 })
    );
}

#[test]
fn a_heartbeat_for_an_event_that_was_never_written_is_a_fault() {
    let mut session = live(None);
    assert_eq!(
        session.handle(heartbeat(1), START),
        Some(Output::Close(CloseCode::Malformed))
    );
}

#[test]
fn an_expired_token_closes_the_connection_and_keeps_the_session() {
    let mut session = live(None);
    let mut now = START;
    while now + HEARTBEAT_MS < EXPIRY {
        now += HEARTBEAT_MS;
        assert_eq!(session.handle(heartbeat(0), now), None);
    }
    assert_eq!(session.deadline(), Some(EXPIRY));
    assert_eq!(
        session.handle(Input::Tick, EXPIRY),
        Some(Output::Close(CloseCode::TokenExpired))
    );
    assert!(session.is_parked());
}

#[test]
fn a_broken_connection_goes_on_after_the_last_event_that_was_handled() {
    let mut session = live(Some(1));
    for seq in 1..=3 {
        session.handle(to_me(seq), START);
    }
    drain(&mut session);
    session.handle(heartbeat(1), START);
    session.handle(Input::Disconnected, START);
    session.handle(to_me(4), START + 10);
    let mut session = session.resume(2, EXPIRY, START + 20).unwrap();
    let frames = drain(&mut session);
    assert!(matches!(&frames[0], Frame::Plain(frame) if **frame == ServerFrame::Resumed { n: 2 }));
    assert_eq!(numbers(&frames), [3, 4]);
}

#[test]
fn a_cursor_whose_events_are_gone_cannot_be_resumed() {
    let mut session = live(None);
    session.handle(to_me(1), START);
    session.handle(to_me(2), START);
    drain(&mut session);
    session.handle(heartbeat(2), START);
    session.handle(Input::Disconnected, START);
    assert!(session.resume(1, EXPIRY, START).is_none());
}

#[test]
fn a_cursor_from_the_future_cannot_be_resumed() {
    let mut session = live(None);
    session.handle(Input::Disconnected, START);
    assert!(session.resume(1, EXPIRY, START).is_none());
}

#[test]
fn a_session_waits_for_its_client_only_so_long() {
    let mut session = live(None);
    session.handle(Input::Disconnected, START);
    assert_eq!(session.deadline(), Some(START + RESUME_MS));
    assert_eq!(session.handle(Input::Tick, START + RESUME_MS), None);
    assert!(session.is_closed());
}

#[test]
fn a_reader_that_is_too_slow_is_closed_with_a_code_that_asks_to_come_back() {
    let mut session = live(None);
    for seq in 0..GATEWAY_QUEUE as u64 {
        assert_eq!(session.handle(to_me(seq), START), None);
    }
    let closed = session.handle(to_me(0), START);
    assert_eq!(closed, Some(Output::Close(CloseCode::SlowReader)));
    assert!(CloseCode::resumable(CloseCode::SlowReader.code()));
    assert!(session.is_closed());
}

#[test]
fn a_client_that_reads_but_is_slow_with_heartbeats_is_not_closed() {
    let mut session = live(None);
    for seq in 0..3 * GATEWAY_QUEUE as u64 {
        assert_eq!(session.handle(to_me(seq), START), None);
        assert_eq!(numbers(&drain(&mut session)), [seq + 1]);
    }
}

#[test]
fn an_event_committed_at_newer_rights_waits_until_they_are_derived() {
    let mut session = live(Some(1));
    assert_eq!(session.handle(in_channel(2), START), Some(Output::Derive));
    // What comes behind it keeps its place, and nobody asks twice.
    assert_eq!(session.handle(to_me(1), START), None);
    assert!(drain(&mut session).is_empty());
    session.handle(Input::Derived(subscription(Some(2))), START);
    assert_eq!(numbers(&drain(&mut session)), [1, 2]);
}

#[test]
fn a_removed_member_gets_nothing_that_was_committed_after_the_removal() {
    let mut session = live(Some(1));
    assert_eq!(session.handle(in_channel(2), START), Some(Output::Derive));
    session.handle(Input::Derived(subscription(None)), START);
    // The same version is refused without asking again.
    assert_eq!(session.handle(in_channel(2), START), None);
    assert!(drain(&mut session).is_empty());
}

#[test]
fn who_comes_back_into_a_guild_hears_it_again() {
    let mut session = live(Some(1));
    session.handle(in_channel(2), START);
    session.handle(Input::Derived(subscription(None)), START);
    assert_eq!(session.handle(in_channel(3), START), Some(Output::Derive));
    session.handle(Input::Derived(subscription(Some(3))), START);
    assert_eq!(numbers(&drain(&mut session)), [1]);
}

#[test]
fn somebody_elses_coming_and_going_needs_no_derivation() {
    let mut session = live(Some(1));
    let member = Member {
        user: OTHER,
        username: "bob".to_owned(),
        display_name: "Bob".to_owned(),
        joined_at: START,
        roles: Vec::new(),
        nickname: None,
        timed_out_until: None,
        membership: Membership::Lasting,
        settled_at: None,
        quarantined_at: None,
    };
    let joined = Event::MemberJoined {
        guild: GUILD,
        member,
        access_version: 2,
    };
    assert_eq!(session.handle(to_guild(2, joined), START), None);
    assert_eq!(session.handle(member_left(OTHER, 3), START), None);
    assert_eq!(session.handle(in_channel(3), START), None);
    assert_eq!(numbers(&drain(&mut session)), [1, 2, 3]);
}

#[test]
fn a_gap_between_versions_is_derived_even_if_the_event_names_somebody_else() {
    let mut session = live(Some(1));
    assert_eq!(
        session.handle(member_left(OTHER, 3), START),
        Some(Output::Derive)
    );
}

#[test]
fn ones_own_leaving_is_told_and_ends_the_guild_at_once() {
    let mut session = live(Some(1));
    let left = Published::new(Audience::User(ME), Event::GuildLeft { guild: GUILD });
    session.handle(Input::Published(Arc::new(left)), START);
    assert_eq!(numbers(&drain(&mut session)), [1]);
    assert_eq!(session.handle(in_channel(1), START), Some(Output::Derive));
}

#[test]
fn after_a_guild_was_lost_a_resume_plays_nothing_of_it_back() {
    let mut session = live(Some(1));
    session.handle(in_channel(1), START);
    drain(&mut session);
    session.handle(Input::Disconnected, START);
    session.handle(in_channel(1), START);
    let left = Published::new(Audience::User(ME), Event::GuildLeft { guild: GUILD });
    session.handle(Input::Published(Arc::new(left)), START);
    assert!(session.resume(1, EXPIRY, START).is_none());
}

#[test]
fn members_of_a_deleted_guild_hear_of_it() {
    let mut session = live(Some(1));
    session.handle(to_guild(1, Event::GuildLeft { guild: GUILD }), START);
    assert_eq!(numbers(&drain(&mut session)), [1]);
}

#[test]
fn events_for_rights_to_view_only_pass_with_that_right() {
    let mut session = live(Some(1));
    let blind = Access {
        version: 2,
        channels: std::collections::BTreeSet::new(),
    };
    let blind = Subscription::new(ME, DEVICE, BTreeMap::from([(GUILD, blind)]));
    session.handle(in_channel(2), START);
    session.handle(Input::Derived(blind), START);
    assert!(drain(&mut session).is_empty());
    let entry = Event::LogAppended {
        guild: GUILD,
        seq: 1,
        entry: Bytes::default(),
        access_version: 2,
        head: None,
    };
    session.handle(to_guild(2, entry), START);
    assert_eq!(numbers(&drain(&mut session)), [1]);
}

#[test]
fn a_client_that_floods_is_closed() {
    let mut session = live(None);
    let mut last = None;
    for _ in 0..FRAMES_PER_MINUTE {
        last = session.handle(heartbeat(0), START);
    }
    assert_eq!(last, Some(Output::Close(CloseCode::RateLimited)));
}

#[test]
fn frames_spread_over_time_are_no_flood() {
    let mut session = live(None);
    for minute in 0..5 {
        for _ in 0..FRAMES_PER_MINUTE - 1 {
            let now = START + minute * MINUTE_MS;
            assert_eq!(session.handle(heartbeat(0), now), None);
        }
    }
}

#[test]
fn a_revoked_sign_in_ends_the_session_for_good() {
    let mut session = live(None);
    assert_eq!(
        session.handle(Input::End(CloseCode::Unauthenticated), START),
        Some(Output::Close(CloseCode::Unauthenticated))
    );
    assert!(session.is_closed());
    assert!(session.resume(0, EXPIRY, START).is_none());
}

#[test]
fn resume_carries_the_cursor_through_to_the_shell() {
    let mut session = Session::open(START);
    let ClientFrame::Identify(mut identify) = identify() else {
        unreachable!()
    };
    identify.resume = Some(Resume {
        gateway: Octets([9; 32]),
        n: 5,
    });
    let asked = session.handle(Input::Frame(ClientFrame::Identify(identify.clone())), START);
    assert_eq!(asked, Some(Output::Identify(Box::new(identify))));
}
