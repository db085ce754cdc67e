//! A26, A30: copied stores, and what the server is left with after a day.

use std::{cell::RefCell, rc::Rc};

use cloister_client::{Method, Vodozemac, view::DeviceState};
use rusqlite::{Connection, types::ValueRef};

use crate::cast::Cast;

#[test]
fn a26_a_copy_of_a_store_is_noticed_before_it_sends() {
    let mut cast: Cast = Cast::new(241);
    let (alice, bob, general) = (cast.alice, cast.bob, cast.general);
    cast.stage.says(bob, general, "one");
    cast.stage.world.kill(bob);
    let copy = cast.stage.world.clients[bob].copy_store();
    cast.stage.world.revive(bob);
    cast.stage.settle();
    cast.stage.says(bob, general, "two");
    // The store of yesterday is put back: a snapshot of the machine.
    cast.stage.world.kill(bob);
    cast.stage.world.clients[bob].put_store(copy);
    cast.stage.world.revive(bob);
    cast.stage.settle();
    assert_eq!(cast.stage.state(bob), DeviceState::Cloned);
    assert_eq!(cast.stage.sees(alice, general), ["one", "two"]);
    assert_eq!(cast.stage.world.broken, None);
}

#[test]
fn a26_a_store_that_was_put_back_seals_nothing_before_the_server_knows_it() {
    let mut cast: Cast = Cast::new(243);
    let (bob, general) = (cast.bob, cast.general);
    cast.stage.says(bob, general, "one");
    cast.stage.world.kill(bob);
    let copy = cast.stage.world.clients[bob].copy_store();
    cast.stage.world.revive(bob);
    cast.stage.settle();
    cast.stage.says(bob, general, "two");
    cast.stage.world.kill(bob);
    cast.stage.world.clients[bob].put_store(copy);
    let sealed = Rc::new(RefCell::new(0));
    let count = sealed.clone();
    cast.stage
        .world
        .meddler
        .on_requests(move |client, request| {
            let post = request.method == Method::Post && request.path.ends_with("/messages");
            if client == bob && post {
                *count.borrow_mut() += 1;
            }
        });
    cast.stage.world.revive(bob);
    // It still has its session and its tokens, and does not know yet that it is old.
    cast.stage.says(bob, general, "three");
    assert_eq!(cast.stage.state(bob), DeviceState::Cloned);
    assert_eq!(*sealed.borrow(), 0);
    assert_eq!(cast.stage.world.broken, None);
}

/// Everything in a database, table by table.
fn dump(db: &Connection) -> Vec<u8> {
    let mut tables = db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
        .unwrap();
    let names: Vec<String> = tables
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let mut all = Vec::new();
    for name in names {
        let mut select = db.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns = select.column_count();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                if let ValueRef::Text(bytes) | ValueRef::Blob(bytes) = row.get_ref_unwrap(column) {
                    all.extend_from_slice(bytes);
                    all.push(0);
                }
            }
        }
    }
    all
}

#[test]
fn a30_after_a_day_the_server_holds_no_word_and_no_secret() {
    let mut cast: Cast<Vodozemac> = Cast::new(242);
    let (alice, bob, general, guild) = (cast.alice, cast.bob, cast.general, cast.guild);
    let link = cast.stage.link(alice, guild);
    let (_, seed) = link.split_once('#').unwrap();
    let (_, recovery) = cast.stage.newcomer("dave", &link);
    let dm = cast.stage.dm(alice, bob);
    cast.stage
        .says(alice, general, "a heron stood in the channel");
    cast.stage.says(bob, dm, "a kestrel hung above us two");
    assert_eq!(cast.stage.sees(alice, dm), ["a kestrel hung above us two"]);
    let server = dump(&cast.stage.world.server.eyes);
    let holds = |needle: &str| {
        let needle = needle.as_bytes();
        server.windows(needle.len()).any(|window| window == needle)
    };
    assert!(holds("alice"), "the dump is empty");
    let plain = recovery.replace('-', "");
    for secret in [
        "heron",
        "kestrel",
        cloister_testkit::cast::PASSWORD,
        seed,
        &recovery,
        &plain,
    ] {
        assert!(!holds(secret), "the server holds {secret:?}");
    }
    for who in [alice, bob] {
        let secrets = keys_of(&cast.stage.world.clients[who].eyes);
        assert!(!secrets.is_empty());
        for key in secrets {
            let found = server.windows(key.len()).any(|window| window == key);
            assert!(!found, "the server holds a content key");
        }
    }
}

/// Keys that a client holds, as it holds them.
fn keys_of(db: &Connection) -> Vec<Vec<u8>> {
    let mut keys = db.prepare("SELECT key FROM dm_key").unwrap();
    let rows = keys.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}
