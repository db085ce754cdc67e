//! The simulator over fixed seeds.

use cloister_client::{Symbolic, Vodozemac};
use cloister_testkit::{
    mallory::Mutation,
    sim::{Plan, Report, run},
};

fn plan(seed: u64, steps: u64) -> Plan {
    Plan {
        seed,
        steps,
        mutation: None,
        history: 40,
    }
}

#[track_caller]
fn kept(report: &Report) {
    assert!(
        report.broken.is_none(),
        "seed {}: {:#?}",
        report.seed,
        report.broken
    );
    assert_eq!(report.undecryptable, 0);
    assert!(report.messages > 0, "nobody said anything");
}

#[test]
fn every_promise_holds_over_a_failing_network() {
    for seed in [101, 102] {
        kept(&run::<Symbolic>(plan(seed, 4_000)));
    }
}

#[test]
fn every_promise_holds_with_real_cryptography() {
    kept(&run::<Vodozemac>(plan(7, 1_600)));
}

#[test]
fn the_same_seed_gives_the_same_trace_and_another_one_another() {
    let (first, again) = (
        run::<Symbolic>(plan(5, 2_000)),
        run::<Symbolic>(plan(5, 2_000)),
    );
    assert_eq!(first.trace, again.trace);
    assert_eq!(first.messages, again.messages);
    assert_ne!(first.trace, run::<Symbolic>(plan(6, 2_000)).trace);
}

#[test]
fn seeds_that_once_broke_a_promise_keep_them() {
    for line in include_str!("../corpus.txt").lines() {
        if line.starts_with('#') {
            continue;
        }
        let (seed, steps) = line.split_once(' ').unwrap();
        kept(&run::<Symbolic>(plan(
            seed.parse().unwrap(),
            steps.parse().unwrap(),
        )));
    }
}

/// The promise that is broken, or the alarm that is raised, when a check is missing.
#[track_caller]
fn notices(mutation: Mutation, what: &str) {
    notices_with(1, mutation, what);
}

/// With a seed under which there is something to notice.
#[track_caller]
fn notices_with(seed: u64, mutation: Mutation, what: &str) {
    let report = run::<Symbolic>(Plan {
        mutation: Some(mutation),
        ..plan(seed, 12_000)
    });
    let broken = report.broken.map(|broken| broken.promise);
    assert!(
        broken.as_deref().is_some_and(|why| why.contains(what)),
        "without the check {}: {broken:?}",
        mutation.name()
    );
}

#[test]
fn a_server_that_accepts_stale_epochs_is_noticed() {
    notices(Mutation::StaleEpoch, "I3");
}

#[test]
fn a_server_that_accepts_messages_without_shares_is_noticed() {
    notices(Mutation::MissingShare, "I3");
}

#[test]
fn a_server_that_accepts_a_transaction_twice_is_noticed() {
    notices(Mutation::ReplayedTxn, "I5");
}

#[test]
fn a_server_that_deletes_what_nobody_acknowledged_is_noticed() {
    notices(Mutation::UnacknowledgedDelete, "I");
}

#[test]
fn a_server_that_logs_joins_that_nobody_signed_is_noticed() {
    notices(Mutation::JoinSignature, "nobody was allowed to make");
}

#[test]
fn a_server_that_logs_policies_that_nobody_signed_is_noticed() {
    notices(Mutation::PolicySignature, "nobody was allowed to make");
}

#[test]
fn a_server_that_accepts_any_audience_is_noticed() {
    notices(Mutation::AnyAudience, "I11");
}

#[test]
fn a_server_with_a_ghost_in_an_audience_is_noticed() {
    // Under other seeds its members notice first: there is a device that they can't serve.
    notices_with(2, Mutation::GhostInAudience, "I13");
}

#[test]
fn a_direct_message_that_leaves_a_device_out_is_noticed() {
    notices(Mutation::WrapLeftOut, "I15");
}

#[test]
fn a_server_that_accepts_any_suite_is_noticed() {
    notices(Mutation::AnySuite, "I27");
}

#[test]
fn a_one_time_key_that_is_handed_out_twice_is_noticed() {
    notices(Mutation::KeyTwice, "I14");
}

#[test]
fn a_copied_store_that_may_go_on_is_noticed() {
    // It sends, or the ratchet that it turns back to shows it.
    notices_with(2, Mutation::CopiedStore, "I26");
}

#[test]
fn a_client_that_seals_for_strangers_is_noticed() {
    notices(Mutation::StrangersEnvelope, "I12");
}

#[test]
fn a_client_that_takes_an_older_log_is_noticed() {
    notices(Mutation::LogTurnedBack, "I12");
}

#[test]
fn a_client_that_shows_another_author_is_noticed() {
    notices(Mutation::OtherAuthor, "I10");
}

#[test]
fn a_client_that_takes_keys_from_anybody_is_noticed() {
    notices(Mutation::OtherKeyOwner, "I10");
}

#[test]
fn a_client_that_shows_another_text_is_noticed() {
    notices(Mutation::OtherText, "I6");
}

#[test]
fn a_removal_that_nobody_is_told_of_is_noticed() {
    notices(Mutation::SilentRemoval, "I6");
}
