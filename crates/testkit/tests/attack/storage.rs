//! A26, A30: copied stores, and what the server is left with after a day.

use std::{cell::RefCell, rc::Rc};

use cloister_client::{
    Method, Vodozemac,
    view::{Command, DeviceState},
};
use cloister_testkit::cast::PASSWORD;
use cloister_wire::ErrorCode;
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

#[test]
fn a26_a_copy_comes_back_as_a_new_device_with_its_history_and_the_old_one_ends() {
    let mut cast: Cast = Cast::new(245);
    let (alice, bob, general) = (cast.alice, cast.bob, cast.general);
    let laptop = cast.second_device("bob", bob);
    cast.stage.says(alice, general, "one");
    cast.stage.world.kill(bob);
    let copy = cast.stage.world.clients[bob].copy_store();
    cast.stage.world.revive(bob);
    cast.stage.settle();
    cast.stage.says(bob, general, "two");
    cast.stage.world.kill(bob);
    cast.stage.world.clients[bob].put_store(copy);
    cast.stage.world.revive(bob);
    cast.stage.settle();
    assert_eq!(cast.stage.state(bob), DeviceState::Cloned);
    let old = cast.device(bob);
    let back = |password: &str| Command::Reenrol {
        password: password.to_owned(),
        code: None,
        device_name: "bob's again".to_owned(),
    };
    let refused = cast.stage.asks(bob, back("not his password")).unwrap_err();
    assert_eq!(refused.code, ErrorCode::WrongCredentials);
    assert_eq!(cast.device(bob), old);
    cast.stage.does(bob, back(PASSWORD));
    cast.stage.settle();
    assert_eq!(cast.stage.state(bob), DeviceState::Pending);
    assert_ne!(cast.device(bob), old);
    let code = cast.stage.world.clients[bob].session().pending_code;
    let code = code.expect("a pending device shows its code");
    cast.stage.does(laptop, Command::ApproveDevice { code });
    cast.stage.settle();
    assert_eq!(cast.stage.state(bob), DeviceState::Active);
    // The old device is in no audience any more, and what it had read is here.
    cast.forget_handed();
    cast.stage.says(alice, general, "three");
    cast.stage.says(bob, general, "four");
    assert!(!cast.has_handed(alice, old) && !cast.has_handed(bob, old));
    let shown = cast.stage.sees(bob, general);
    for text in ["one", "three", "four"] {
        assert!(shown.contains(&text.to_owned()), "{text} of {shown:?}");
    }
    assert_eq!(
        cast.stage.sees(alice, general),
        ["one", "two", "three", "four"]
    );
    assert_eq!(cast.stage.world.broken, None);
    // A device that runs has nothing to come back from.
    let refused = cast.stage.asks(bob, back(PASSWORD)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Invalid);
}
