//! Stories of the ways back in, and of other recovery keys.

use cloister_client::{
    Primitives, Symbolic,
    view::{Command, CommandReply, DeviceState, Query, QueryReply, RecoveryView},
};
use cloister_testkit::cast::Who;
use cloister_wire::ErrorCode;

use super::Two;

#[test]
fn a_passkey_lets_a_waiting_device_in_until_it_is_removed() {
    let mut two = Two::<Symbolic>::new(10);
    let (alice, bob, general) = (two.alice, two.bob, two.general);
    two.stage.says(alice, general, "before");
    let (credential, secret) = ("Y3JlZA".to_owned(), "B".repeat(42) + "A");
    let add = Command::AddPasskey {
        credential: credential.clone(),
        secret: secret.clone(),
        name: "Laptop".to_owned(),
    };
    two.stage.does(bob, add);
    let ways =
        |two: &Two<Symbolic>, who: Who| match two.stage.world.clients[who].query(&Query::Ways) {
            QueryReply::Ways { ways } => ways,
            other => panic!("asked for ways, got {other:?}"),
        };
    assert_eq!(ways(&two, bob).len(), 2);
    two.stage.world.kill(bob);
    let unlock = Command::UnlockWithPasskey {
        credential: credential.clone(),
        secret: secret.clone(),
    };
    let stranger = Command::UnlockWithPasskey {
        credential,
        secret: "C".repeat(42) + "A",
    };
    let (laptop, state) = two.stage.signs_in("bob", None);
    assert_eq!(state, DeviceState::Pending);
    let refused = two.stage.asks(laptop, stranger).unwrap_err();
    assert_eq!(refused.code, ErrorCode::RecoveryKeyWrong);
    two.stage.does(laptop, unlock.clone());
    two.stage.settle();
    assert_eq!(two.stage.state(laptop), DeviceState::Active);
    assert_eq!(two.scrolls_back(laptop, general), ["before"]);
    let id = ways(&two, laptop)[1].id.clone();
    two.stage.does(laptop, Command::RemoveWay { id });
    two.stage.settle();
    let (phone, _) = two.stage.signs_in("bob", None);
    let refused = two.stage.asks(phone, unlock).unwrap_err();
    assert_eq!(refused.code, ErrorCode::RecoveryKeyWrong);
    let key = two.bobs_key.clone();
    let wait = Command::UnlockWithRecoveryKey { recovery_key: key };
    two.stage.does(phone, wait);
    two.stage.settle();
    assert_eq!(two.stage.state(phone), DeviceState::Active);
    assert_eq!(two.scrolls_back(phone, general), ["before"]);
}

impl<P: Primitives> Two<P> {
    fn recovery(&self, who: Who) -> RecoveryView {
        match self.stage.world.clients[who].query(&Query::Recovery) {
            QueryReply::Recovery(view) => view,
            other => panic!("asked for the recovery key, got {other:?}"),
        }
    }

    fn new_key(&mut self, who: Who, command: Command) -> String {
        match self.stage.does(who, command) {
            CommandReply::RecoveryKey { recovery_key } => recovery_key,
            other => panic!("asked for another key, got {other:?}"),
        }
    }

    /// Every device of bob's is lost, and he comes back with this key.
    fn comes_back(&mut self, key: &str) -> Who {
        let (phone, state) = self.stage.signs_in("bob", Some(key.to_owned()));
        assert_eq!(state, DeviceState::Active);
        self.stage.settle();
        phone
    }

    /// A new device that shows this key is refused.
    fn is_paper(&mut self, person: usize, key: &str) {
        let phone = self.stage.world.install(person, "bob");
        let sign_in = Command::SignIn {
            username: "bob".to_owned(),
            password: cloister_testkit::cast::PASSWORD.to_owned(),
            device_name: "phone".to_owned(),
            recovery_key: Some(key.to_owned()),
            code: None,
        };
        let refused = self.stage.asks(phone, sign_in).unwrap_err();
        assert_eq!(refused.code, ErrorCode::RecoveryKeyWrong);
    }
}

const DAY_MS: u64 = 24 * 3_600_000;

#[test]
fn with_the_old_recovery_key_a_new_one_counts_at_once_and_nothing_is_lost() {
    let mut two = Two::<Symbolic>::new(12);
    let (alice, bob, general) = (two.alice, two.bob, two.general);
    two.stage.says(alice, general, "before");
    let laptop = two.second_device();
    two.stage.does(bob, Command::RecoveryKept);
    let nothing = Command::ReplaceRecovery { recovery_key: None };
    let refused = two.stage.asks(bob, nothing).unwrap_err();
    assert_eq!(refused.code, ErrorCode::RecoveryKeyWrong);
    let old = two.bobs_key.clone();
    let typed = Command::ReplaceRecovery {
        recovery_key: Some(old.clone()),
    };
    let key = two.new_key(bob, typed);
    two.stage.settle();
    assert_eq!(two.recovery(bob).key, Some(key.clone()));
    assert_eq!(two.recovery(laptop).key, None);
    two.stage.says(laptop, general, "after");
    two.stage.world.kill(bob);
    two.stage.world.kill(laptop);
    two.is_paper(9, &old);
    let phone = two.comes_back(&key);
    assert_eq!(two.scrolls_back(phone, general), ["before", "after"]);
}

#[test]
fn a_lost_recovery_key_is_replaced_after_three_days_by_whichever_device_is_left() {
    let mut two = Two::<Symbolic>::new(13);
    let (alice, bob, general) = (two.alice, two.bob, two.general);
    two.stage.says(alice, general, "before");
    let laptop = two.second_device();
    let key = two.new_key(bob, Command::ProposeRecovery);
    two.stage.settle();
    let change = two.recovery(bob).change.unwrap();
    assert_eq!((change.key, change.this_device), (Some(key.clone()), true));
    let seen = two.recovery(laptop).change.unwrap();
    assert_eq!((seen.key, seen.this_device), (None, false));
    assert_eq!(seen.ripe_at - seen.proposed_at, 3 * DAY_MS);
    // The device that asked for it does not live to see the day.
    two.stage.world.kill(bob);
    two.stage.world.kill(alice);
    two.stage.world.run_for(2 * DAY_MS);
    two.is_paper(9, &key);
    two.stage.world.run_for(DAY_MS + 3_600_000);
    assert!(two.recovery(laptop).change.is_none());
    two.stage.says(laptop, general, "after");
    two.stage.world.kill(laptop);
    let old = two.bobs_key.clone();
    two.is_paper(10, &old);
    let phone = two.comes_back(&key);
    assert_eq!(two.scrolls_back(phone, general), ["before", "after"]);
}

#[test]
fn a_proposed_recovery_key_that_another_device_stops_never_counts() {
    let mut two = Two::<Symbolic>::new(14);
    let (bob, old) = (two.bob, two.bobs_key.clone());
    let laptop = two.second_device();
    let key = two.new_key(laptop, Command::ProposeRecovery);
    two.stage.settle();
    two.stage.does(bob, Command::CancelRecovery);
    two.stage.settle();
    assert!(two.recovery(laptop).change.is_none());
    two.stage.world.kill(bob);
    two.stage.world.kill(two.alice);
    two.stage.world.run_for(4 * DAY_MS);
    two.is_paper(9, &key);
    two.comes_back(&old);
}

#[test]
fn a_passphrase_lets_a_waiting_device_in_and_another_one_ends_it() {
    let mut two = Two::<Symbolic>::new(15);
    let (alice, bob, general) = (two.alice, two.bob, two.general);
    two.stage.says(alice, general, "before");
    let draw = |two: &mut Two<Symbolic>, who| match two.stage.does(who, Command::MakePassphrase) {
        CommandReply::Passphrase { words } => words,
        other => panic!("asked for a passphrase, got {other:?}"),
    };
    let first = draw(&mut two, bob);
    let second = draw(&mut two, bob);
    assert_eq!(second.split(' ').count(), 6);
    two.stage.settle();
    two.stage.world.kill(bob);
    let (laptop, _) = two.stage.signs_in("bob", None);
    let unlock = |words: String| Command::UnlockWithPassphrase { words };
    let refused = two.stage.asks(laptop, unlock(first)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::RecoveryKeyWrong);
    two.stage.does(laptop, unlock(second.to_uppercase()));
    two.stage.settle();
    assert_eq!(two.stage.state(laptop), DeviceState::Active);
    assert_eq!(two.scrolls_back(laptop, general), ["before"]);
}

#[test]
fn a_recovery_key_that_a_stolen_device_asked_for_goes_with_that_device() {
    let mut two = Two::<Symbolic>::new(16);
    let (bob, old) = (two.bob, two.bobs_key.clone());
    let stolen = two.second_device();
    let key = two.new_key(stolen, Command::ProposeRecovery);
    two.stage.settle();
    assert!(two.recovery(bob).change.is_some());
    let me = two.stage.world.clients[stolen].session().me.unwrap();
    let revoke = Command::RevokeDevice {
        device: me.device,
        also: Vec::new(),
    };
    two.stage.does(bob, revoke);
    two.stage.settle();
    assert!(two.recovery(bob).change.is_none());
    two.stage.world.kill(two.alice);
    two.stage.world.kill(stolen);
    two.stage.world.run_for(3 * DAY_MS + 3_600_000);
    two.is_paper(9, &key);
    two.comes_back(&old);
}
