//! A18: earlier messages for somebody whom the log does not entitle to them, and from somebody
//! who may not hand them on.

use std::{cell::RefCell, rc::Rc};

use cloister_client::view::{Command, EarlierMessages};
use cloister_testkit::{cast::Who, judge::read};
use cloister_wire::{
    DeviceId, UserId,
    channel::{HistoryWish, HistoryWishes},
    key::SendToDevice,
};

use crate::cast::Cast;

/// Notes to which devices anything is sent through the queue.
fn watch(cast: &mut Cast) -> Rc<RefCell<Vec<DeviceId>>> {
    let sent = Rc::new(RefCell::new(Vec::new()));
    let book = sent.clone();
    cast.stage.world.meddler.on_requests(move |_, request| {
        let body = request.body.as_deref();
        let body = body.filter(|_| request.path == "/api/v1/to-device");
        if let Some(send) = body.and_then(read::<SendToDevice>) {
            let devices = send.items.into_iter().map(|item| item.device);
            book.borrow_mut().extend(devices);
        }
    });
    sent
}

/// From now on the server says that somebody waits for the history of general.
fn invents_wish(cast: &mut Cast, user: UserId) {
    let (guild, channel) = (cast.guild, cast.general);
    cast.stage
        .world
        .meddler
        .on_answers(move |_, _, request, answer| {
            if request.path != "/api/v1/history/wishes" {
                return;
            }
            answer.status = 200;
            answer.say(&HistoryWishes {
                wishes: vec![HistoryWish {
                    guild,
                    channel,
                    user,
                }],
            });
        });
}

/// Somebody who came by the bare code: nobody has vouched for them.
fn stranger(cast: &mut Cast) -> Who {
    let link = cast.stage.link(cast.alice, cast.guild);
    let code = link.split_once('#').unwrap().0;
    let code = code.rsplit_once('/').unwrap().1.to_owned();
    let dave = cast.stage.newcomer("dave", &code).0;
    cast.stage.does(dave, Command::JoinGuild { invite: code });
    cast.stage.settle();
    dave
}

fn restart(cast: &mut Cast, who: Who) {
    cast.stage.world.kill(who);
    cast.stage.world.revive(who);
    cast.stage.settle();
}

#[test]
fn a18_whom_nobody_vouched_for_is_handed_nothing_whatever_the_server_says() {
    let mut cast: Cast = Cast::new(261);
    let (alice, general) = (cast.alice, cast.general);
    cast.stage.says(alice, general, "for those who were there");
    let dave = stranger(&mut cast);
    let (user, device) = (cast.stage.user(dave), cast.device(dave));
    let sent = watch(&mut cast);
    invents_wish(&mut cast, user);
    restart(&mut cast, alice);
    assert!(!sent.borrow().contains(&device), "dave was handed keys");
}

#[test]
fn a18_where_the_policy_keeps_them_nobody_is_handed_earlier_messages() {
    let mut cast: Cast = Cast::new(262);
    let (alice, bob, general) = (cast.alice, cast.bob, cast.general);
    cast.stage.says(alice, general, "said before");
    let rule = EarlierMessages::Kept;
    let channel = general;
    cast.stage
        .does(alice, Command::SetHistory { channel, rule });
    cast.stage.settle();
    let (user, device) = (cast.stage.user(bob), cast.device(bob));
    let sent = watch(&mut cast);
    invents_wish(&mut cast, user);
    restart(&mut cast, alice);
    assert!(!sent.borrow().contains(&device), "bob was handed keys");
}

#[test]
fn a18_what_somebody_hands_over_who_is_no_member_any_more_is_not_taken() {
    let mut cast: Cast = Cast::new(263);
    let (alice, bob, carol) = (cast.alice, cast.bob, cast.carol);
    let (guild, general) = (cast.guild, cast.general);
    cast.stage.says(alice, general, "said before");
    let link = cast.stage.link(alice, guild);
    for who in [alice, bob, carol] {
        cast.stage.world.kill(who);
    }
    let (dave, _) = cast.stage.newcomer("dave", &link);
    cast.stage.world.kill(dave);
    let sent = watch(&mut cast);
    cast.stage.world.revive(carol);
    cast.stage.settle();
    assert!(!sent.borrow().is_empty(), "carol handed nothing over");
    cast.stage.does(carol, Command::LeaveGuild { guild });
    cast.stage.settle();
    cast.stage.world.revive(dave);
    cast.stage.settle();
    let before = None;
    let channel = general;
    cast.stage
        .does(dave, Command::LoadHistory { channel, before });
    cast.stage.settle();
    assert_eq!(cast.stage.sees(dave, general), ["before"]);
}
