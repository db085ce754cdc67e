//! Stories of people who apply to join.

use cloister_client::{
    Symbolic,
    view::{Act, Command, CommandReply, Query, QueryReply, Question, Told},
};
use cloister_testkit::cast::{Stage, Who};
use cloister_wire::{ErrorCode, GuildId};

fn guilds(stage: &Stage<Symbolic>, who: Who) -> Vec<GuildId> {
    match stage.world.clients[who].query(&Query::Guilds) {
        QueryReply::Guilds { guilds } => guilds.into_iter().map(|one| one.id).collect(),
        other => panic!("no guilds: {other:?}"),
    }
}

#[test]
fn an_applicant_is_let_in_by_a_members_device_and_reads_and_writes() {
    let mut stage = Stage::<Symbolic>::new(61);
    let alice = stage.operator("alice");
    let (guild, general) = stage.guild(alice);
    let link = stage.link(alice, guild);
    let act = Act::SetQuestions {
        questions: vec!["Why?".to_owned()],
    };
    stage.does(alice, Command::Govern { guild, act });
    // Making an account by the link does not let anybody in.
    let (bob, _) = stage.newcomer("bob", &link);
    assert_eq!(guilds(&stage, bob), []);
    let invite = link.clone();
    let refused = stage.asks(bob, Command::JoinGuild { invite }).unwrap_err();
    assert_eq!(refused.code, ErrorCode::ApplicationNeeded);
    let apply = Command::Apply {
        invite: link.clone(),
        answers: vec!["Because.".to_owned()],
    };
    stage.does(bob, apply);
    let question = Question::Applications { after: None };
    let told = stage.does(alice, Command::Ask { guild, question });
    let CommandReply::Told(Told::Applications { applications, .. }) = told else {
        panic!("no applications: {told:?}");
    };
    assert_eq!(applications[0].answers[0].answer, "Because.");
    let user = applications[0].user;
    let act = Act::Approve { user };
    stage.does(alice, Command::Govern { guild, act });
    stage.settle();
    assert_eq!(guilds(&stage, bob), [guild]);
    let members = stage.world.clients[alice].members(guild);
    let member = members.iter().find(|one| one.user == user).unwrap();
    assert!(member.vouched, "the add is a vouch");
    stage.says(bob, general, "thank you");
    assert_eq!(stage.sees(alice, general), ["thank you"]);
    stage.says(alice, general, "welcome");
    assert_eq!(stage.sees(bob, general), ["thank you", "welcome"]);
}
