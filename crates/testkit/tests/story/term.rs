//! Stories of roles that are given by themselves, and of roles that ask for something.

use cloister_client::{
    Symbolic,
    view::{Act, Command, CommandReply, GuildView, Query, QueryReply, Question, Told},
};
use cloister_testkit::cast::{Stage, Who};
use cloister_wire::{
    ErrorCode, GuildId, Permissions, RoleId,
    permission::{Constraints, Place, Subject},
    role::Automatic,
};

fn view(stage: &Stage<Symbolic>, who: Who, guild: GuildId) -> GuildView {
    match stage.world.clients[who].query(&Query::Guild { guild }) {
        QueryReply::Guild { guild: Some(view) } => view,
        other => panic!("no guild: {other:?}"),
    }
}

fn role(stage: &mut Stage<Symbolic>, who: Who, guild: GuildId, permissions: Permissions) -> RoleId {
    let act = Act::CreateRole {
        name: "Regulars".to_owned(),
        color: None,
        hoisted: false,
        mentionable: false,
        permissions,
    };
    match stage.does(who, Command::Govern { guild, act }) {
        CommandReply::Role { role } => role,
        other => panic!("no role: {other:?}"),
    }
}

#[test]
fn a_role_that_is_given_by_itself_opens_a_channel_to_whoever_joins() {
    let mut stage = Stage::<Symbolic>::new(71);
    let alice = stage.operator("alice");
    let (guild, general) = stage.guild(alice);
    let regulars = role(&mut stage, alice, guild, Permissions::NONE);
    let sets = [
        (Subject::Everyone, false),
        (Subject::Role { role: regulars }, true),
    ];
    for (subject, gives) in sets {
        let (allow, deny) = if gives {
            (Permissions::VIEW_CHANNEL, Permissions::NONE)
        } else {
            (Permissions::NONE, Permissions::VIEW_CHANNEL)
        };
        let act = Act::SetOverwrite {
            place: Place::Channel { channel: general },
            subject,
            allow,
            deny,
        };
        stage.does(alice, Command::Govern { guild, act });
    }
    let act = Act::SetAutomatic {
        role: regulars,
        automatic: Some(Automatic::Joined),
    };
    stage.does(alice, Command::Govern { guild, act });
    let told = stage.does(
        alice,
        Command::Ask {
            guild,
            question: Question::Terms,
        },
    );
    let CommandReply::Told(Told::Terms { terms }) = told else {
        panic!("no terms: {told:?}");
    };
    assert_eq!(terms[0].automatic, Some(Automatic::Joined));
    // Changing the role's name leaves what was signed of it.
    let act = Act::EditRole {
        role: regulars,
        name: "Guests".to_owned(),
        color: None,
        hoisted: false,
        mentionable: false,
        permissions: Permissions::CREATE_INVITE,
    };
    stage.does(alice, Command::Govern { guild, act });
    let link = stage.link(alice, guild);
    let (bob, _) = stage.newcomer("bob", &link);
    stage.settle();
    assert_eq!(view(&stage, bob, guild).my_roles, [regulars]);
    stage.says(alice, general, "welcome, guest");
    assert_eq!(stage.sees(bob, general), ["welcome, guest"]);
    stage.says(bob, general, "thank you");
    assert_eq!(stage.sees(alice, general).len(), 2);
}

#[test]
fn whoever_lacks_what_a_role_asks_for_is_told_so_and_goes_on_reading() {
    let mut stage = Stage::<Symbolic>::new(72);
    let alice = stage.operator("alice");
    let (guild, general) = stage.guild(alice);
    let link = stage.link(alice, guild);
    let (bob, _) = stage.newcomer("bob", &link);
    let admins = role(&mut stage, alice, guild, Permissions::ADMINISTRATOR);
    let act = Act::SetRoles {
        user: stage.user(bob),
        roles: vec![admins],
        reason: None,
    };
    stage.does(alice, Command::Govern { guild, act });
    let act = Act::SetConstraints {
        role: admins,
        constraints: Constraints {
            second_factor: true,
            ..Constraints::default()
        },
        excludes: Vec::new(),
    };
    stage.does(alice, Command::Govern { guild, act });
    stage.settle();
    let act = Act::Rename {
        name: "Bob's".to_owned(),
    };
    let refused = stage.asks(bob, Command::Govern { guild, act }).unwrap_err();
    assert_eq!(refused.code, ErrorCode::RoleConstrained);
    let rights = view(&stage, bob, guild).my_permissions;
    assert!(!rights.contains(Permissions::ADMINISTRATOR));
    stage.says(alice, general, "still here?");
    assert_eq!(stage.sees(bob, general), ["still here?"]);
}
