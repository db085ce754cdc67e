//! Stories of those who come later: what was said before reaches them where the channel's policy
//! says so, from members, with the name of who handed it over; elsewhere a line says that it
//! does not.

use cloister_client::{
    Primitives, Symbolic, Vodozemac,
    view::{Command, CommandReply, EarlierMessages, Query, QueryReply},
};
use cloister_testkit::cast::{Stage, Who};
use cloister_wire::{ChannelId, ErrorCode, GuildId};

struct Garden<P: Primitives> {
    stage: Stage<P>,
    alice: Who,
    guild: GuildId,
    general: ChannelId,
    link: String,
}

impl<P: Primitives> Garden<P> {
    /// Alice and her guild, in which she has said two things.
    fn new(seed: u64) -> Self {
        let mut stage = Stage::new(seed);
        let alice = stage.operator("alice");
        let (guild, general) = stage.guild(alice);
        let link = stage.link(alice, guild);
        stage.says(alice, general, "first");
        stage.says(alice, general, "second");
        Self {
            stage,
            alice,
            guild,
            general,
            link,
        }
    }

    fn newcomer(&mut self, name: &str) -> Who {
        let link = self.link.clone();
        let (who, _) = self.stage.newcomer(name, &link);
        self.stage.settle();
        who
    }

    /// Somebody who came by the bare code: nobody has vouched for them.
    fn stranger(&mut self, name: &str) -> Who {
        let code = self.link.split_once('#').unwrap().0;
        let code = code.rsplit_once('/').unwrap().1.to_owned();
        let who = self.stage.newcomer(name, &code).0;
        let invite = Command::JoinGuild { invite: code };
        self.does(who, invite);
        who
    }

    #[track_caller]
    fn does(&mut self, who: Who, command: Command) {
        self.stage.does(who, command);
        self.stage.settle();
    }

    fn sets(&mut self, channel: ChannelId, rule: EarlierMessages) {
        let alice = self.alice;
        self.does(alice, Command::SetHistory { channel, rule });
    }

    /// Scrolls up to where it ends; what is shown then.
    fn reads_back(&mut self, who: Who, channel: ChannelId) -> Vec<String> {
        let mut before = None;
        for _ in 0..20 {
            let command = Command::LoadHistory { channel, before };
            let CommandReply::History { reached_start, .. } = self.stage.does(who, command) else {
                panic!("history was answered with something else");
            };
            self.stage.settle();
            if reached_start {
                return self.stage.sees(who, channel);
            }
            before = Some(1);
        }
        panic!("the beginning was never reached");
    }

    fn handed_by(&self, who: Who, channel: ChannelId, body: &str) -> Option<String> {
        self.stage.message(who, channel, body).handed_by
    }

    fn since_joined(&self, who: Who, channel: ChannelId) -> bool {
        let query = Query::Timeline {
            channel,
            before: None,
            limit: 10,
        };
        match self.stage.world.clients[who].query(&query) {
            QueryReply::Timeline(view) => view.since_joined,
            other => panic!("a timeline was answered with {other:?}"),
        }
    }
}

fn a_newcomer_reads_back<P: Primitives>(seed: u64) {
    let mut garden = Garden::<P>::new(seed);
    let general = garden.general;
    let bob = garden.newcomer("bob");
    assert_eq!(garden.reads_back(bob, general), ["first", "second"]);
    assert_eq!(
        garden.handed_by(bob, general, "first").as_deref(),
        Some("alice")
    );
    let alice = garden.alice;
    garden.stage.says(alice, general, "third");
    assert_eq!(garden.stage.sees(bob, general).last().unwrap(), "third");
    assert_eq!(garden.handed_by(bob, general, "third"), None);
    assert_eq!(garden.stage.world.broken, None);
}

#[test]
fn a_newcomer_with_the_link_scrolls_back_and_reads_and_sees_from_whom_it_came() {
    a_newcomer_reads_back::<Symbolic>(601);
}

#[test]
fn a_newcomer_scrolls_back_and_reads_with_real_cryptography() {
    a_newcomer_reads_back::<Vodozemac>(602);
}

#[test]
fn who_was_handed_history_hands_it_on() {
    let mut garden = Garden::<Symbolic>::new(603);
    let (alice, general) = (garden.alice, garden.general);
    garden.newcomer("bob");
    garden.stage.world.kill(alice);
    let carol = garden.newcomer("carol");
    assert_eq!(garden.reads_back(carol, general), ["first", "second"]);
    assert_eq!(
        garden.handed_by(carol, general, "second").as_deref(),
        Some("bob")
    );
}

#[test]
fn history_comes_when_somebody_is_there_who_has_it() {
    let mut garden = Garden::<Symbolic>::new(604);
    let (alice, general) = (garden.alice, garden.general);
    garden.stage.world.kill(alice);
    let bob = garden.newcomer("bob");
    assert_eq!(garden.reads_back(bob, general), ["before", "before"]);
    garden.stage.world.revive(alice);
    garden.stage.settle();
    assert_eq!(garden.stage.sees(bob, general), ["first", "second"]);
}

#[test]
fn where_the_policy_keeps_earlier_messages_a_newcomer_reads_from_when_they_came() {
    let mut garden = Garden::<Symbolic>::new(605);
    let (alice, general) = (garden.alice, garden.general);
    garden.sets(general, EarlierMessages::Kept);
    let view = garden.stage.channel(alice, general).unwrap();
    assert_eq!(view.history, Some(EarlierMessages::Kept));
    let bob = garden.newcomer("bob");
    assert!(garden.reads_back(bob, general).is_empty());
    assert!(garden.since_joined(bob, general));
    let refused = garden
        .stage
        .asks(bob, Command::AskHistory { channel: general });
    assert_eq!(refused.unwrap_err().code, ErrorCode::HistoryNotShared);
    garden.stage.says(alice, general, "third");
    // From here on it is shared: carol reads what is said after that, and nothing before.
    garden.sets(general, EarlierMessages::Shared);
    garden.stage.says(alice, general, "fourth");
    let carol = garden.newcomer("carol");
    assert_eq!(garden.reads_back(carol, general), ["fourth"]);
    assert_eq!(garden.stage.sees(bob, general), ["third", "fourth"]);
    assert_eq!(garden.stage.world.broken, None);
}

#[test]
fn who_may_not_sign_policies_changes_nothing() {
    let mut garden = Garden::<Symbolic>::new(606);
    let general = garden.general;
    let bob = garden.newcomer("bob");
    assert!(!garden.stage.channel(bob, general).unwrap().can_set_policy);
    let command = Command::SetHistory {
        channel: general,
        rule: EarlierMessages::Kept,
    };
    let refused = garden.stage.asks(bob, command).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Forbidden);
}

#[test]
fn whom_nobody_vouched_for_is_handed_nothing_until_somebody_does() {
    let mut garden = Garden::<Symbolic>::new(607);
    let (alice, guild, general) = (garden.alice, garden.guild, garden.general);
    let dave = garden.stranger("dave");
    assert!(garden.reads_back(dave, general).is_empty());
    assert!(
        !garden
            .stage
            .channel(dave, general)
            .unwrap()
            .may_have_history
    );
    let refused = garden
        .stage
        .asks(dave, Command::AskHistory { channel: general });
    assert_eq!(refused.unwrap_err().code, ErrorCode::HistoryNotShared);
    let user = garden.stage.user(dave);
    garden.does(alice, Command::Vouch { guild, user });
    assert_eq!(garden.reads_back(dave, general), ["first", "second"]);
}

#[test]
fn who_is_named_for_a_private_channel_that_shares_reads_back() {
    let mut garden = Garden::<Symbolic>::new(608);
    let (alice, guild) = (garden.alice, garden.guild);
    let bob = garden.newcomer("bob");
    let command = Command::CreateChannel {
        guild,
        name: "shed".to_owned(),
        readers: Some(Vec::new()),
        continues: None,
    };
    let CommandReply::Channel { channel } = garden.stage.does(alice, command) else {
        panic!("a channel was answered with something else");
    };
    garden.stage.settle();
    garden.sets(channel, EarlierMessages::Shared);
    garden.stage.says(alice, channel, "in the shed");
    let users = vec![garden.stage.user(bob)];
    garden.does(alice, Command::SetReaders { channel, users });
    assert_eq!(garden.reads_back(bob, channel), ["in the shed"]);
}

#[test]
fn who_left_and_came_back_is_handed_what_was_said_meanwhile() {
    let mut garden = Garden::<Symbolic>::new(609);
    let (alice, guild, general) = (garden.alice, garden.guild, garden.general);
    let bob = garden.newcomer("bob");
    garden.does(bob, Command::LeaveGuild { guild });
    garden.stage.says(alice, general, "without bob");
    assert_eq!(garden.stage.channel(bob, general), None);
    let invite = garden.link.clone();
    garden.does(bob, Command::JoinGuild { invite });
    assert_eq!(
        garden.reads_back(bob, general),
        ["first", "second", "without bob"]
    );
    assert_eq!(garden.stage.world.broken, None);
}
