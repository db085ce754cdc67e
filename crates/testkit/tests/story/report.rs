//! Stories of reports: a member reveals one message, and nothing else.

use cloister_client::{
    Symbolic, Vodozemac,
    view::{Command, CommandReply, Query, QueryReply, ReportShown, ReportableView, ReportsOf},
};
use cloister_testkit::cast::{Stage, Who};
use cloister_wire::{
    ChannelId, ErrorCode, GuildId, MessageId,
    report::{ReportReason, ReportTo, Resolution},
};

struct Three<P: cloister_client::Primitives> {
    stage: Stage<P>,
    alice: Who,
    bob: Who,
    guild: GuildId,
    general: ChannelId,
}

fn three<P: cloister_client::Primitives>(seed: u64) -> Three<P> {
    let mut stage = Stage::new(seed);
    let alice = stage.operator("alice");
    let (guild, general) = stage.guild(alice);
    let link = stage.link(alice, guild);
    let (bob, _) = stage.newcomer("bob", &link);
    Three {
        stage,
        alice,
        bob,
        guild,
        general,
    }
}

impl<P: cloister_client::Primitives> Three<P> {
    fn message(&self, who: Who, channel: ChannelId, place: usize) -> MessageId {
        let query = Query::Timeline {
            channel,
            before: None,
            limit: 50,
        };
        match self.stage.world.clients[who].query(&query) {
            QueryReply::Timeline(view) => view.messages[place].id,
            other => panic!("no timeline: {other:?}"),
        }
    }

    fn reportable(&self, who: Who, message: MessageId) -> ReportableView {
        match self.stage.world.clients[who].query(&Query::Reportable { message }) {
            QueryReply::Reportable { view: Some(view) } => view,
            other => panic!("nothing to report: {other:?}"),
        }
    }

    fn reports(&mut self, who: Who, of: ReportsOf) -> Vec<ReportShown> {
        let command = Command::LoadReports {
            of,
            open: true,
            before: None,
        };
        match self.stage.does(who, command) {
            CommandReply::Reports { reports, .. } => reports,
            other => panic!("no reports: {other:?}"),
        }
    }
}

fn report(messages: Vec<MessageId>, to: ReportTo) -> Command {
    Command::Report {
        messages,
        to,
        reason: ReportReason::Harassment,
        note: "every day".into(),
    }
}

#[test]
fn a_member_reports_what_was_said_and_the_owner_reads_it_and_answers() {
    let mut three = three::<Vodozemac>(61);
    let (alice, bob, general) = (three.alice, three.bob, three.general);
    three.stage.says(bob, general, "a kind word");
    three.stage.says(alice, general, "an insult");
    three.stage.says(bob, general, "why?");
    let insult = three.message(bob, general, 1);
    let view = three.reportable(bob, insult);
    // One's own words can be shown with it, and proved too.
    assert!(view.provable && view.messages.len() == 3);
    let own = three.message(bob, general, 2);
    three
        .stage
        .does(bob, report(vec![insult, own], ReportTo::Guild));
    three.stage.settle();
    assert!(three.stage.world.clients[alice].session().reports_new);
    let of = ReportsOf::Guild { guild: three.guild };
    let reports = three.reports(alice, of);
    assert_eq!(reports.len(), 1);
    let shown: Vec<_> = reports[0]
        .messages
        .iter()
        .map(|one| (one.sender_name.as_str(), one.body.as_deref()))
        .collect();
    assert_eq!(shown, [("alice", Some("an insult")), ("bob", Some("why?"))]);
    assert_eq!(reports[0].note, "every day");
    three.stage.does(
        alice,
        Command::ResolveReport {
            of,
            report: reports[0].id,
            resolution: Resolution::ActionTaken,
        },
    );
    three.stage.settle();
    assert!(three.reports(alice, of).is_empty());
    let mine = Command::LoadReports {
        of: ReportsOf::Mine,
        open: true,
        before: None,
    };
    match three.stage.does(bob, mine) {
        CommandReply::MyReports { reports } => {
            assert_eq!(reports[0].resolution, Some(Resolution::ActionTaken));
        }
        other => panic!("no reports: {other:?}"),
    }
    assert_eq!(three.stage.world.broken, None);
}

#[test]
fn a_direct_message_is_reported_to_the_operator_and_still_after_a_crash() {
    let mut three = three::<Symbolic>(62);
    let (alice, bob) = (three.alice, three.bob);
    let dm = three.stage.dm(alice, bob);
    three.stage.says(alice, dm, "psst");
    three.stage.world.kill(bob);
    three.stage.world.revive(bob);
    three.stage.settle();
    let message = three.message(bob, dm, 0);
    let refused = three
        .stage
        .asks(bob, report(vec![message], ReportTo::Guild));
    assert_eq!(refused.unwrap_err().code, ErrorCode::Invalid);
    three
        .stage
        .does(bob, report(vec![message], ReportTo::Operator));
    let reports = three.reports(alice, ReportsOf::Operator);
    assert_eq!(reports[0].messages[0].body.as_deref(), Some("psst"));
}

#[test]
fn what_was_deleted_leaves_no_proof_behind() {
    let mut three = three::<Symbolic>(63);
    let (alice, bob, general) = (three.alice, three.bob, three.general);
    three.stage.says(alice, general, "taken back");
    let message = three.message(bob, general, 0);
    three.stage.does(
        alice,
        Command::Delete {
            messages: vec![message],
        },
    );
    three.stage.settle();
    let refused = three
        .stage
        .asks(bob, report(vec![message], ReportTo::Guild));
    assert_eq!(refused.unwrap_err().code, ErrorCode::ReportUnproved);
    let rows: i64 = three.stage.world.clients[bob]
        .eyes
        .query_row(
            "SELECT count(*) FROM evidence WHERE message = ?1",
            [message.as_bytes()],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(rows, 0);
}
