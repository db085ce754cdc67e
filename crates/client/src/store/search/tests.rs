//! The index, over a store in memory.

use cloister_e2ee::symbolic::Symbolic;
use cloister_wire::{
    Bytes, DeviceId, Octets, Txn,
    channel::{MessageClass, SealedContent},
};
use rusqlite::Connection;

use super::*;
use crate::{search::Asked, store::MessageState};
use cloister_e2ee::content::MessageContent;

type Empty = Store<Symbolic>;

fn store() -> Empty {
    Empty::open(Connection::open_in_memory().unwrap()).unwrap()
}

fn message(channel: u8, seq: u64, at: u64) -> Message {
    let mut id = [channel; 16];
    id[8..].copy_from_slice(&seq.to_be_bytes());
    Message {
        id: MessageId::from_bytes(id),
        channel: ChannelId::from_bytes([channel; 16]),
        seq,
        at,
        sender_user: UserId::from_bytes([seq as u8 % 2; 16]),
        sender_device: DeviceId::from_bytes([1; 16]),
        txn: Txn::from_bytes(id),
        epoch: 1,
        roster_hash: Octets([0; 32]),
        suite: 1,
        class: MessageClass::Message,
        target: None,
        thread: None,
        notify: None,
        ttl_s: None,
        content: SealedContent::Direct {
            ct: Bytes::default(),
        },
        c2: Octets([0; 32]),
        frank_tag: Bytes::default(),
    }
}

fn open(body: &str) -> MessageState {
    MessageState::Open(MessageContent::text(body))
}

fn put(store: &Empty, channel: u8, seq: u64, body: &str) {
    let message = message(channel, seq, 1_000 * seq);
    let state = open(body);
    store
        .commit(|store| store.put_message(&message, &state, 0))
        .unwrap();
}

fn sought(text: &str, marks: &Marks) -> Option<Sought> {
    let asked = Asked::parse(text, 0, 0);
    Sought::new(
        asked.terms.iter().flatten(),
        marks,
        asked.since,
        asked.before,
    )
}

fn found(store: &Empty, text: &str) -> Vec<u64> {
    let sought = sought(text, &Marks::default()).unwrap();
    let hits = store.sought(&sought, None, 10).unwrap();
    hits.iter().map(|hit| hit.seq).collect()
}

/// Pages of the index in which a token stands, also one that was taken out. (Beginnings that
/// neighbours share are stored once: take one that has no neighbour.)
fn traces(store: &Empty, token: &str) -> i64 {
    let count = "SELECT count(*) FROM search_data WHERE instr(block, CAST(?1 AS BLOB)) > 0";
    store
        .connection
        .query_row(count, [token], |row| row.get(0))
        .unwrap()
}

#[test]
fn a_message_is_found_from_the_commit_that_opened_it() {
    let store = store();
    put(&store, 1, 1, "The Lighthouse is on");
    put(&store, 1, 2, "東京都に行く");
    put(&store, 2, 3, "a lamp in the house");
    for (text, seqs) in [
        ("house", vec![3, 1]),
        ("LIGHT house", vec![1]),
        ("京都", vec![2]),
        ("く", vec![2]),
        ("on", vec![1]),
        ("nothing", vec![]),
    ] {
        assert_eq!(found(&store, text), seqs, "{text}");
    }
    // A commit that fails leaves nothing in the index either.
    let failed: Result<(), StoreError> = store.commit(|store| {
        store.put_message(&message(1, 9, 9), &open("ghost"), 0)?;
        Err(StoreError::Unreadable)
    });
    assert!(failed.is_err() && found(&store, "ghost").is_empty());
}

#[test]
fn an_unread_message_is_found_once_it_was_opened_and_once_only() {
    let store = store();
    let late = message(1, 5, 5_000);
    store.put_message(&late, &MessageState::Waiting, 0).unwrap();
    assert!(found(&store, "secret").is_empty());
    for _ in 0..2 {
        let state = open("the secret garden");
        store.put_message(&late, &state, 0).unwrap();
    }
    assert_eq!(found(&store, "secret"), [5]);
    assert_eq!(store.indexed().unwrap(), 1);
}

#[test]
fn messages_of_one_moment_all_have_a_place() {
    let store = store();
    for channel in 1..=5 {
        let one = message(channel, 7, 7_000);
        let state = open("same time");
        store.put_message(&one, &state, 0).unwrap();
    }
    assert_eq!(found(&store, "same").len(), 5);
    let odd = message(9, u64::MAX >> 1, u64::MAX);
    let state = open("from the future");
    store.put_message(&odd, &state, 0).unwrap();
    assert_eq!(store.indexed().unwrap(), 6);
}

#[test]
fn marks_narrow_what_is_found() {
    let store = store();
    put(&store, 1, 1, "see https://example.org @bob_2");
    put(&store, 1, 2, "see `code` and mail bob@example.org");
    put(&store, 2, 3, "see (@Bob)");
    let with = |add: &dyn Fn(&mut Marks)| {
        let mut marks = Marks::default();
        add(&mut marks);
        let sought = sought("see", &marks)?;
        let hits = store.sought(&sought, None, 10).unwrap();
        Some(hits.iter().map(|hit| hit.seq).collect::<Vec<_>>())
    };
    assert_eq!(with(&|marks| marks.has(Has::Link)), Some(vec![1]));
    assert_eq!(with(&|marks| marks.has(Has::Code)), Some(vec![2]));
    assert_eq!(with(&|marks| marks.has(Has::Mention)), Some(vec![3, 1]));
    assert_eq!(
        with(&|marks| marks.any_mention(&["BOB".into()], &[])),
        Some(vec![3])
    );
    let carol = UserId::from_bytes([0xab; 16]);
    put(&store, 3, 4, &format!("see <@{carol}> at 3 < 4"));
    assert_eq!(
        with(&|marks| marks.any_mention(&[], &[carol])),
        Some(vec![4])
    );
    // The digits of an id are no words.
    assert!(found(&store, "abab").is_empty());
    let one = ChannelId::from_bytes([1; 16]);
    assert_eq!(with(&|marks| marks.any_channel(&[one])), Some(vec![2, 1]));
    let odd = UserId::from_bytes([1; 16]);
    assert_eq!(with(&|marks| marks.any_author(&[odd])), Some(vec![3, 1]));
    assert_eq!(with(&|marks| marks.any_author(&[])), None);
}

#[test]
fn a_deleted_channel_leaves_no_trace_of_its_words() {
    let store = store();
    put(&store, 1, 1, "xylophone in the attic");
    put(&store, 2, 2, "violin in the cellar");
    assert!(traces(&store, "ylo") > 0);
    let one = ChannelId::from_bytes([1; 16]);
    store.commit(|store| store.delete_channel(one)).unwrap();
    assert!(found(&store, "xylophone").is_empty());
    assert_eq!(traces(&store, "ylo"), 0);
    assert_eq!(found(&store, "the"), [2]);
    store
        .connection
        .execute("INSERT INTO search (search) VALUES ('integrity-check')", [])
        .unwrap();
}

#[test]
fn an_edited_text_is_found_by_its_new_words_and_a_removed_one_by_none() {
    let store = store();
    put(&store, 1, 1, "a xylophone");
    put(&store, 1, 2, "a trumpet");
    let (first, second) = (message(1, 1, 0).id, message(1, 2, 0).id);
    store.put_edit(first, "a violin", 9).unwrap();
    assert!(found(&store, "xylophone").is_empty());
    assert_eq!(found(&store, "violin"), [1]);
    store.scrub(second, UserId::from_bytes([1; 16])).unwrap();
    assert!(found(&store, "trumpet").is_empty());
    assert_eq!((traces(&store, "ylo"), traces(&store, "ump")), (0, 0));
    // What was removed does not come back with a page of history.
    put(&store, 1, 2, "a trumpet");
    assert!(found(&store, "trumpet").is_empty());
    assert_eq!(
        (store.indexed().unwrap(), store.unindexed().unwrap()),
        (1, 0)
    );
    store
        .connection
        .execute("INSERT INTO search (search) VALUES ('integrity-check')", [])
        .unwrap();
}

#[test]
fn an_index_of_another_version_is_made_anew() {
    let store = store();
    for seq in 1..=30 {
        put(&store, 1, seq, "again and again");
    }
    store.put_index_version(&0).unwrap();
    let store = Empty::open(store.into_connection()).unwrap();
    assert_eq!(
        (store.indexed().unwrap(), store.unindexed().unwrap()),
        (0, 30)
    );
    assert!(found(&store, "again").is_empty());
    assert_eq!(store.index_more(20).unwrap(), 20);
    // The newest come first.
    assert_eq!(
        found(&store, "again"),
        [30, 29, 28, 27, 26, 25, 24, 23, 22, 21]
    );
    assert_eq!(store.index_more(20).unwrap(), 10);
    assert_eq!(store.index_more(20).unwrap(), 0);
    assert_eq!(store.unindexed().unwrap(), 0);
}
