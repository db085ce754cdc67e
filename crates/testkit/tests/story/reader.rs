//! Stories of who reads: conversations of several people, channels for some, keys withheld.

use cloister_client::{
    Symbolic, Vodozemac,
    view::{ChannelKind, Command, CommandReply, Query, QueryReply, ReaderRight},
};
use cloister_testkit::cast::{Stage, Who};
use cloister_wire::{ChannelId, ErrorCode, GuildId};

type Plain = Stage<Symbolic>;

/// Alice with a guild; bob and carol in it by her link, dave by the bare code.
struct Four {
    stage: Plain,
    alice: Who,
    bob: Who,
    carol: Who,
    guild: GuildId,
    link: String,
}

fn four(seed: u64) -> Four {
    let mut stage = Plain::new(seed);
    let alice = stage.operator("alice");
    let (guild, _) = stage.guild(alice);
    let link = stage.link(alice, guild);
    let (bob, _) = stage.newcomer("bob", &link);
    let (carol, _) = stage.newcomer("carol", &link);
    Four {
        stage,
        alice,
        bob,
        carol,
        guild,
        link,
    }
}

impl Four {
    fn private(&mut self, readers: &[Who]) -> ChannelId {
        let readers = readers.iter().map(|one| self.stage.user(*one)).collect();
        let command = Command::CreateChannel {
            guild: self.guild,
            name: "shed".to_owned(),
            readers: Some(readers),
            continues: None,
        };
        match self.stage.does(self.alice, command) {
            CommandReply::Channel { channel } => {
                self.stage.settle();
                channel
            }
            other => panic!("a channel was answered with {other:?}"),
        }
    }

    /// Somebody who came by the bare code: nobody has vouched for them.
    fn stranger(&mut self) -> Who {
        let code = self.link.split_once('#').unwrap().0;
        let code = code.rsplit_once('/').unwrap().1.to_owned();
        let dave = self.stage.newcomer("dave", &code).0;
        done(&mut self.stage, dave, Command::JoinGuild { invite: code });
        dave
    }
}

fn dms(stage: &Plain, who: Who) -> Vec<String> {
    match stage.world.clients[who].query(&Query::Dms) {
        QueryReply::Dms { dms } => dms.into_iter().map(|dm| dm.display_name).collect(),
        other => panic!("conversations were answered with {other:?}"),
    }
}

fn done(stage: &mut Plain, who: Who, command: Command) {
    stage.does(who, command);
    stage.settle();
}

#[test]
fn several_people_talk_add_somebody_rename_and_leave() {
    let mut four = four(1);
    let (alice, bob, carol) = (four.alice, four.bob, four.carol);
    let channel = four.stage.group(alice, &[bob], Some("Tea"));
    four.stage.says(alice, channel, "hello");
    four.stage.says(bob, channel, "hi");
    assert_eq!(four.stage.sees(bob, channel), ["[Tea]", "hello", "hi"]);
    assert_eq!(dms(&four.stage, bob), ["Tea"]);
    let user = four.stage.user(carol);
    done(&mut four.stage, bob, Command::AddToGroup { channel, user });
    four.stage.says(alice, channel, "welcome");
    // Carol reads from when she came, and knows the name.
    assert_eq!(four.stage.sees(carol, channel), ["[Tea]", "welcome"]);
    assert_eq!(dms(&four.stage, carol), ["Tea"]);
    let name = "Coffee".to_owned();
    done(
        &mut four.stage,
        carol,
        Command::RenameGroup { channel, name },
    );
    assert_eq!(dms(&four.stage, alice), ["Coffee"]);
    done(&mut four.stage, alice, Command::LeaveGroup { channel });
    assert_eq!(four.stage.channel(alice, channel), None);
    // Bob came first and owns it now.
    let view = four.stage.channel(carol, channel).unwrap();
    let owner = four.stage.user(bob);
    assert!(matches!(view.kind, ChannelKind::Group { owner: one, .. } if one == owner));
    four.stage.says(bob, channel, "just us");
    assert_eq!(four.stage.sees(carol, channel).last().unwrap(), "just us");
    assert_eq!(four.stage.world.broken, None);
}

#[test]
fn several_people_talk_with_real_cryptography() {
    let mut stage = Stage::<Vodozemac>::new(2);
    let alice = stage.operator("alice");
    let (guild, _) = stage.guild(alice);
    let link = stage.link(alice, guild);
    let (bob, _) = stage.newcomer("bob", &link);
    let (carol, _) = stage.newcomer("carol", &link);
    let channel = stage.group(alice, &[bob, carol], None);
    stage.says(bob, channel, "hello");
    assert_eq!(stage.sees(alice, channel), ["hello"]);
    assert_eq!(stage.sees(carol, channel), ["hello"]);
    assert_eq!(stage.world.broken, None);
}

#[test]
fn the_owner_takes_somebody_out_and_nobody_else_does() {
    let mut four = four(3);
    let (alice, bob, carol) = (four.alice, four.bob, four.carol);
    let channel = four.stage.group(alice, &[bob, carol], None);
    let user = four.stage.user(carol);
    let command = Command::RemoveFromGroup { channel, user };
    let refused = four.stage.asks(bob, command.clone()).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Forbidden);
    done(&mut four.stage, alice, command);
    four.stage.says(bob, channel, "without her");
    assert_eq!(four.stage.channel(carol, channel), None);
    assert_eq!(four.stage.sees(alice, channel), ["without her"]);
    assert_eq!(four.stage.world.broken, None);
}

#[test]
fn a_private_channel_is_for_those_who_are_named_and_says_who_reads() {
    let mut four = four(4);
    let (alice, bob, carol) = (four.alice, four.bob, four.carol);
    let channel = four.private(&[bob]);
    assert_eq!(four.stage.channel(carol, channel), None);
    four.stage.says(alice, channel, "hello");
    assert_eq!(four.stage.world.broken, None);
    assert_eq!(four.stage.sees(bob, channel), ["hello"]);
    let view = four.stage.channel(bob, channel).unwrap();
    assert_eq!(view.kind, ChannelKind::Private);
    let rights: Vec<_> = view.people.iter().map(|one| one.right).collect();
    assert_eq!(rights, [ReaderRight::Owner, ReaderRight::Named]);
    let users = vec![four.stage.user(carol)];
    done(
        &mut four.stage,
        alice,
        Command::SetReaders { channel, users },
    );
    assert_eq!(four.stage.channel(bob, channel), None);
    four.stage.says(alice, channel, "carol now");
    assert_eq!(four.stage.sees(carol, channel), ["carol now"]);
    assert_eq!(four.stage.world.broken, None);
}

#[test]
fn who_is_not_vouched_for_is_told_why_and_reads_once_vouched_for() {
    let mut four = four(5);
    let alice = four.alice;
    let dave = four.stranger();
    let channel = four.private(&[dave]);
    four.stage.says(alice, channel, "who are you");
    assert_eq!(four.stage.world.broken, None);
    assert_eq!(four.stage.sees(dave, channel), ["WithheldUnvouched"]);
    let view = four.stage.channel(alice, channel).unwrap();
    assert_eq!(view.unvouched, [four.stage.user(dave)]);
    assert!(view.unvouched_kept_out);
    let (guild, user) = (four.guild, four.stage.user(dave));
    done(&mut four.stage, alice, Command::Vouch { guild, user });
    four.stage.says(alice, channel, "welcome");
    assert_eq!(
        four.stage.sees(dave, channel),
        ["WithheldUnvouched", "welcome"]
    );
    assert_eq!(four.stage.world.broken, None);
}

#[test]
fn a_device_that_was_away_when_it_was_added_is_told_why_too() {
    let mut four = four(6);
    let (alice, carol) = (four.alice, four.carol);
    let dave = four.stranger();
    let channel = four.private(&[dave]);
    let (laptop, _) = four.stage.signs_in("dave", None);
    let code = four.stage.world.clients[laptop].session().pending_code;
    let code = code.expect("a pending device shows its code");
    four.stage.world.kill(laptop);
    done(&mut four.stage, dave, Command::ApproveDevice { code });
    four.stage.says(alice, channel, "who are you");
    // A later epoch: the laptop hears of the channel only in that one.
    let users = vec![four.stage.user(dave), four.stage.user(carol)];
    done(
        &mut four.stage,
        alice,
        Command::SetReaders { channel, users },
    );
    four.stage.says(alice, channel, "both of you");
    four.stage.world.revive(laptop);
    four.stage.settle();
    done(
        &mut four.stage,
        laptop,
        Command::LoadHistory {
            channel,
            before: None,
        },
    );
    assert_eq!(
        four.stage.sees(laptop, channel),
        ["WithheldUnvouched", "WithheldUnvouched"]
    );
    assert_eq!(four.stage.world.broken, None);
}
