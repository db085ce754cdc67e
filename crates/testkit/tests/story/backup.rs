//! Stories of losing devices and getting everything back.

mod recovery;

use cloister_client::{
    Primitives, Symbolic, Vodozemac,
    view::{BackupView, Command, CommandReply, DeviceState, Query, QueryReply, Safety},
};
use cloister_testkit::cast::{Stage, Who};
use cloister_wire::{ChannelId, ErrorCode, GuildId};

/// Alice with a guild, and bob in it by an invite link.
struct Two<P: Primitives> {
    stage: Stage<P>,
    alice: Who,
    bob: Who,
    bobs_key: String,
    guild: GuildId,
    general: ChannelId,
}

impl<P: Primitives> Two<P> {
    fn new(seed: u64) -> Self {
        let mut stage = Stage::new(seed);
        let alice = stage.operator("alice");
        let (guild, general) = stage.guild(alice);
        let link = stage.link(alice, guild);
        let (bob, bobs_key) = stage.newcomer("bob", &link);
        Self {
            stage,
            alice,
            bob,
            bobs_key,
            guild,
            general,
        }
    }

    fn backup(&self, who: Who) -> BackupView {
        match self.stage.world.clients[who].query(&Query::Backup) {
            QueryReply::Backup(view) => view,
            other => panic!("asked for the backup, got {other:?}"),
        }
    }

    /// Bob's second device, approved from his first.
    fn second_device(&mut self) -> Who {
        let (laptop, state) = self.stage.signs_in("bob", None);
        assert_eq!(state, DeviceState::Pending);
        let code = self.stage.world.clients[laptop].session().pending_code;
        let code = code.expect("a pending device shows its code");
        self.stage.does(self.bob, Command::ApproveDevice { code });
        self.stage.settle();
        laptop
    }

    /// Scrolls back as far as it goes.
    fn scrolls_back(&mut self, who: Who, channel: ChannelId) -> Vec<String> {
        let mut before = None;
        for _ in 0..10 {
            let load = Command::LoadHistory { channel, before };
            match self.stage.does(who, load) {
                CommandReply::History {
                    reached_start: true,
                    ..
                } => break,
                CommandReply::History { .. } => before = Some(1),
                other => panic!("history was answered with {other:?}"),
            }
        }
        self.stage.settle();
        self.stage.sees(who, channel)
    }

    /// The server refuses bob's records: it believes in a newer key.
    fn take_no_records(&self) {
        let changed = self.tamper(
            "INSERT INTO backup (user_id, version, serial, records, bytes)
             SELECT id, 9, 0, 0, 0 FROM account WHERE username = 'bob'",
        );
        assert_eq!(changed, 1);
    }

    /// Changes the backup behind everybody's back.
    fn tamper(&self, sql: &str) -> usize {
        self.stage.world.server.eyes.execute(sql, []).unwrap()
    }
}

fn everything_comes_back<P: Primitives>(seed: u64) {
    let mut two = Two::<P>::new(seed);
    let (alice, bob, general) = (two.alice, two.bob, two.general);
    two.stage.says(alice, general, "hello");
    two.stage.says(bob, general, "hi");
    let dm = two.stage.dm(bob, alice);
    two.stage.says(bob, dm, "psst");
    two.stage.says(alice, dm, "yes?");
    assert_eq!(two.backup(bob).missing, 0);
    // Every device of bob is lost; more is said.
    two.stage.world.kill(bob);
    two.stage.settle();
    let key = two.bobs_key.clone();
    let (phone, state) = two.stage.signs_in("bob", Some(key));
    assert_eq!(state, DeviceState::Active);
    two.stage.settle();
    let backup = two.backup(phone);
    assert_eq!((backup.restore, backup.refused), (None, 0));
    assert_eq!(two.scrolls_back(phone, general), ["hello", "hi"]);
    assert_eq!(two.scrolls_back(phone, dm), ["psst", "yes?"]);
    two.stage.says(phone, general, "I am back");
    assert_eq!(two.stage.sees(alice, general), ["hello", "hi", "I am back"]);
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn with_the_recovery_key_alone_everything_comes_back() {
    everything_comes_back::<Symbolic>(1);
}

#[test]
fn with_the_recovery_key_alone_everything_comes_back_with_real_cryptography() {
    everything_comes_back::<Vodozemac>(2);
}

#[test]
fn an_approved_device_reads_what_was_said_before_it() {
    let mut two = Two::<Symbolic>::new(3);
    let (alice, bob, general) = (two.alice, two.bob, two.general);
    two.stage.says(alice, general, "before");
    two.stage.says(bob, general, "the laptop");
    let laptop = two.second_device();
    assert_eq!(two.scrolls_back(laptop, general), ["before", "the laptop"]);
    two.stage.says(alice, general, "after");
    assert_eq!(
        two.stage.sees(laptop, general),
        ["before", "the laptop", "after"]
    );
}

#[test]
fn records_that_no_own_device_made_are_not_taken() {
    let mut two = Two::<Symbolic>::new(4);
    let (alice, bob, general) = (two.alice, two.bob, two.general);
    two.stage.says(alice, general, "one");
    two.stage.says(bob, general, "two");
    two.stage.world.kill(bob);
    // One is altered, one is somebody else's in this person's place.
    let bobs = two.tamper(
        "UPDATE backup_record SET sealed = CAST(substr(sealed, 1, length(sealed) - 1) || x'00' AS BLOB)
         WHERE rowid = (SELECT max(rowid) FROM backup_record
                        WHERE user_id = (SELECT id FROM account WHERE username = 'bob'))",
    );
    assert_eq!(bobs, 1);
    let injected = two.tamper(
        "INSERT INTO backup_record (user_id, version, id, serial, sealed, at)
         SELECT (SELECT id FROM account WHERE username = 'bob'), version,
                x'00000000000000000000000000000000', serial + 1000, sealed, at
         FROM backup_record
         WHERE user_id = (SELECT id FROM account WHERE username = 'alice') LIMIT 1",
    );
    assert_eq!(injected, 1);
    let key = two.bobs_key.clone();
    let (phone, _) = two.stage.signs_in("bob", Some(key));
    two.stage.settle();
    assert_eq!(two.backup(phone).refused, 2);
    let read = two.scrolls_back(phone, general);
    assert_eq!(
        read.iter()
            .filter(|text| *text == "BeforeThisDevice")
            .count(),
        1
    );
    let imported: i64 = two.stage.world.clients[phone]
        .eyes
        .query_row(
            "SELECT count(*) FROM inbound WHERE restored = 1",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(imported, 1);
}

#[test]
fn whom_somebody_verified_is_known_again_on_their_next_device() {
    let mut two = Two::<Symbolic>::new(11);
    let (alice, bob, general) = (two.alice, two.bob, two.general);
    two.stage.says(alice, general, "hello");
    two.stage.says(bob, general, "hi");
    let user = two.stage.user(alice);
    let person = |two: &Two<Symbolic>, who: Who| match two.stage.world.clients[who]
        .query(&Query::Person { user })
    {
        QueryReply::Person { person: Some(view) } => view,
        other => panic!("nobody: {other:?}"),
    };
    let number = person(&two, bob).safety_number.unwrap();
    two.stage.does(bob, Command::NumberMatches { user, number });
    two.stage.settle();
    assert_eq!(person(&two, bob).safety, Safety::Verified);
    assert_eq!(two.backup(bob).missing, 0);
    two.stage.world.kill(bob);
    let key = two.bobs_key.clone();
    let (phone, _) = two.stage.signs_in("bob", Some(key));
    two.stage.settle();
    assert_eq!(person(&two, phone).safety, Safety::Verified);
}

#[test]
fn another_vault_than_the_log_names_is_refused() {
    let mut two = Two::<Symbolic>::new(5);
    two.stage.world.kill(two.bob);
    let changed = two.tamper(
        "UPDATE account SET vault = (SELECT vault FROM account WHERE username = 'alice')
         WHERE username = 'bob'",
    );
    assert_eq!(changed, 1);
    let phone = two.stage.world.install(9, "bob");
    let refused = two.stage.asks(
        phone,
        Command::SignIn {
            username: "bob".to_owned(),
            password: cloister_testkit::cast::PASSWORD.to_owned(),
            device_name: "phone".to_owned(),
            recovery_key: Some(two.bobs_key.clone()),
            code: None,
        },
    );
    assert_eq!(refused.unwrap_err().code, ErrorCode::VaultChanged);
}

#[test]
fn revoking_a_device_changes_the_key_of_the_backup_and_loses_nothing() {
    let mut two = Two::<Symbolic>::new(6);
    let (alice, bob, general) = (two.alice, two.bob, two.general);
    two.stage.says(alice, general, "one");
    let laptop = two.second_device();
    let phone = two.second_device();
    two.stage.says(laptop, general, "two");
    let device = two.stage.world.clients[laptop].session().me.unwrap().device;
    two.stage.does(
        bob,
        Command::RevokeDevice {
            device,
            also: Vec::new(),
        },
    );
    two.stage.settle();
    two.stage.settle();
    let versions: Vec<i64> = {
        let eyes = &two.stage.world.server.eyes;
        let user = two.stage.user(bob);
        let mut rows = eyes
            .prepare("SELECT DISTINCT version FROM backup_record WHERE user_id = ?1")
            .unwrap();
        let rows = rows.query_map([user.as_bytes()], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    assert_eq!(
        versions,
        [2],
        "everything is under the new key, the old records are gone"
    );
    two.stage.says(alice, general, "three");
    assert_eq!((two.backup(bob).missing, two.backup(phone).missing), (0, 0));
    // The new key is in the vault too.
    two.stage.world.kill(bob);
    two.stage.world.kill(phone);
    let key = two.bobs_key.clone();
    let (tablet, _) = two.stage.signs_in("bob", Some(key));
    two.stage.settle();
    assert_eq!(two.scrolls_back(tablet, general), ["one", "two", "three"]);
}

#[test]
fn signing_out_waits_until_every_key_is_backed_up() {
    let mut two = Two::<Symbolic>::new(7);
    let (alice, bob, general) = (two.alice, two.bob, two.general);
    two.take_no_records();
    two.stage.says(alice, general, "hello");
    assert!(two.backup(bob).missing > 0);
    let refused = two.stage.asks(bob, Command::SignOut { anyway: false });
    assert_eq!(refused.unwrap_err().code, ErrorCode::NotBackedUp);
    assert_eq!(two.stage.state(bob), DeviceState::Active);
    two.tamper("UPDATE backup SET version = 0 WHERE version = 9");
    two.stage.does(bob, Command::SignOut { anyway: false });
    let key = two.bobs_key.clone();
    let (phone, _) = two.stage.signs_in("bob", Some(key));
    two.stage.settle();
    assert_eq!(two.scrolls_back(phone, general), ["hello"]);
}

#[test]
fn a_device_that_may_lose_its_keys_signs_out_if_it_is_told_so() {
    let mut two = Two::<Symbolic>::new(8);
    two.take_no_records();
    let (alice, bob, general) = (two.alice, two.bob, two.general);
    two.stage.says(alice, general, "hello");
    let guild = two.guild;
    assert!(two.stage.first_channel(bob, guild) == general);
    two.stage.does(bob, Command::SignOut { anyway: true });
}

#[test]
fn a_device_that_slept_comes_back_with_new_keys_and_misses_nothing() {
    let mut two = Two::<Vodozemac>::new(9);
    let (alice, bob, general) = (two.alice, two.bob, two.general);
    let laptop = two.second_device();
    two.stage.says(alice, general, "before");
    let dm = two.stage.dm(alice, bob);
    two.stage.settle();
    two.stage.world.kill(laptop);
    let device = two.stage.user(bob);
    let aged = two.stage.world.server.eyes.execute(
        "UPDATE device SET last_seen_at = 1, created_at = 1 WHERE user_id = ?1
         AND id = (SELECT max(id) FROM device WHERE user_id = ?1)",
        [device.as_bytes()],
    );
    assert_eq!(aged.unwrap(), 1);
    two.stage.says(alice, general, "still waiting");
    two.stage.says(alice, dm, "its key waits in the queue");
    let waiting = |two: &Two<Vodozemac>| -> i64 {
        let eyes = &two.stage.world.server.eyes;
        eyes.query_row(
            "SELECT count(*) FROM inbox_item
             WHERE device_id = (SELECT max(id) FROM device WHERE user_id = ?1)",
            [device.as_bytes()],
            |row| row.get(0),
        )
        .unwrap()
    };
    assert!(waiting(&two) > 0);
    two.stage.world.server.put_to_sleep();
    assert_eq!(waiting(&two), 0);
    two.stage.settle();
    two.stage.says(alice, general, "while it sleeps");
    two.stage.says(bob, general, "and so on");
    assert_eq!(waiting(&two), 0, "nobody encrypts for a device that sleeps");
    two.stage.world.revive(laptop);
    two.stage.settle();
    two.stage.settle();
    two.stage.says(alice, general, "welcome back");
    two.stage.says(laptop, general, "here I am");
    assert_eq!(
        two.stage.sees(laptop, general),
        [
            "before",
            "still waiting",
            "while it sleeps",
            "and so on",
            "welcome back",
            "here I am"
        ]
    );
    assert_eq!(two.stage.sees(laptop, dm), ["its key waits in the queue"]);
    assert_eq!(two.stage.sees(alice, general).len(), 6);
    assert_eq!(two.stage.world.broken, None);
}
