//! Stories of a guild's list of members.

use cloister_client::{
    Symbolic,
    view::{Act, Command, CommandReply, MemberHeading, MembersView, Query, QueryReply},
};
use cloister_testkit::cast::Pair;
use cloister_wire::{Permissions, UserId};

fn list(
    two: &Pair<Symbolic>,
    who: usize,
    search: &str,
    users: Option<Vec<UserId>>,
    (offset, limit): (u32, u32),
) -> MembersView {
    let query = Query::Members {
        guild: two.guild,
        search: search.to_owned(),
        users,
        offset,
        limit,
    };
    match two.stage.world.clients[who].query(&query) {
        QueryReply::Members(view) => view,
        other => panic!("{other:?}"),
    }
}

fn names(view: &MembersView) -> Vec<&str> {
    view.members
        .iter()
        .map(|one| one.username.as_str())
        .collect()
}

/// Alice owns; Bob, Carol and Dave are members.
fn four() -> (Pair<Symbolic>, usize, usize) {
    let mut two = Pair::<Symbolic>::new(7);
    let link = two.stage.link(two.alice, two.guild);
    let (carol, _) = two.stage.newcomer("carol", &link);
    let (dave, _) = two.stage.newcomer("dave", &link);
    two.stage.settle();
    (two, carol, dave)
}

#[test]
fn the_list_begins_with_the_owner_and_those_under_a_heading_and_comes_in_parts() {
    let (mut two, carol, _) = four();
    let everybody = list(&two, two.bob, "", None, (0, 10));
    assert_eq!(names(&everybody), ["alice", "bob", "carol", "dave"]);
    assert_eq!(everybody.total, 4);
    let guild = two.guild;
    let act = Act::CreateRole {
        name: "Rowers".to_owned(),
        color: None,
        hoisted: true,
        mentionable: false,
        permissions: Permissions::NONE,
    };
    let made = two.stage.does(two.alice, Command::Govern { guild, act });
    let CommandReply::Role { role } = made else {
        panic!("{made:?}");
    };
    let act = Act::SetRoles {
        user: two.stage.user(carol),
        roles: vec![role],
        reason: None,
    };
    two.does(two.alice, Command::Govern { guild, act });
    let everybody = list(&two, two.bob, "", None, (0, 10));
    assert_eq!(names(&everybody), ["alice", "carol", "bob", "dave"]);
    let groups: Vec<_> = everybody
        .groups
        .iter()
        .map(|one| (&one.heading, one.count))
        .collect();
    assert_eq!(
        groups,
        [
            (&MemberHeading::Owner, 1),
            (&MemberHeading::Role { role }, 1),
            (&MemberHeading::Others, 2),
        ]
    );
    let part = list(&two, two.bob, "", None, (1, 2));
    assert_eq!(names(&part), ["carol", "bob"]);
    assert_eq!(
        (part.total, part.groups.len()),
        (4, 3),
        "the whole list is told of"
    );
    assert!(list(&two, two.bob, "", None, (4, 10)).members.is_empty());
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn members_are_found_by_how_their_names_begin_and_who_goes_is_not() {
    let (mut two, carol, dave) = four();
    assert_eq!(names(&list(&two, two.bob, "@CA", None, (0, 10))), ["carol"]);
    assert!(
        list(&two, two.bob, "arol", None, (0, 10))
            .members
            .is_empty()
    );
    let guild = two.guild;
    let act = Act::SetNickname {
        user: two.stage.user(dave),
        nickname: Some("Old Oak".to_owned()),
        reason: None,
    };
    two.does(two.alice, Command::Govern { guild, act });
    for found in ["old o", "oak", "dave"] {
        assert_eq!(
            names(&list(&two, two.bob, found, None, (0, 10))),
            ["dave"],
            "{found}"
        );
    }
    let these = vec![two.stage.user(carol), UserId::from_bytes([9; 16])];
    assert_eq!(
        names(&list(&two, two.bob, "", Some(these), (0, 10))),
        ["carol"]
    );
    two.does(carol, Command::LeaveGuild { guild });
    two.stage.settle();
    let left = list(&two, two.bob, "", None, (0, 10));
    assert_eq!(
        (names(&left), left.total),
        (vec!["alice", "bob", "dave"], 3)
    );
    assert_eq!(two.stage.world.broken, None);
}
