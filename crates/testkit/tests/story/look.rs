//! Stories of how guilds and their people look: nicknames and pictures.

use cloister_client::{
    Symbolic,
    view::{Act, Command, GuildTemplate, Query, QueryReply},
};
use cloister_testkit::cast::{Pair, Who};
use cloister_wire::{Bytes, GuildId, Permissions, guild::Writers, picture::PictureUse};

const PNG: &[u8] = &[
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0,
    0, 0, 31, 21, 196, 137, 0, 0, 0, 13, 73, 68, 65, 84, 120, 218, 99, 240, 170, 137, 252, 15, 0,
    4, 82, 2, 31, 253, 227, 54, 59, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
];

fn guild(two: &Pair<Symbolic>, who: Who) -> cloister_client::view::GuildView {
    let guild = guild_id(two);
    match two.stage.world.clients[who].query(&Query::Guild { guild }) {
        QueryReply::Guild { guild: Some(guild) } => guild,
        other => panic!("no guild: {other:?}"),
    }
}

fn guild_id(two: &Pair<Symbolic>) -> GuildId {
    match two.stage.world.clients[two.alice].query(&Query::Guilds) {
        QueryReply::Guilds { guilds } => guilds[0].id,
        other => panic!("no guilds: {other:?}"),
    }
}

fn icon(two: &Pair<Symbolic>, who: Who) -> Option<String> {
    match two.stage.world.clients[who].query(&Query::Guilds) {
        QueryReply::Guilds { guilds } => guilds[0].icon.clone(),
        other => panic!("no guilds: {other:?}"),
    }
}

#[test]
fn a_nickname_stands_wherever_its_person_does_in_that_guild() {
    let mut two = Pair::<Symbolic>::new(41);
    let (general, guild_id) = (two.general, guild_id(&two));
    two.stage.says(two.bob, general, "morning");
    let user = two.stage.user(two.bob);
    let own = two.shown(two.alice, "morning").author_name;
    let act = Act::SetNickname {
        user,
        nickname: Some("Fern".to_owned()),
        reason: None,
    };
    let guild = guild_id;
    two.does(two.bob, Command::Govern { guild, act });
    assert_eq!(two.shown(two.alice, "morning").author_name, "Fern");
    two.stage.says(two.alice, general, "hello @bob");
    let hello = two.shown(two.alice, &format!("hello <@{user}>"));
    assert_eq!(hello.mentions[0].name, "Fern");
    for who in [two.alice, two.bob] {
        let mut members = two.stage.world.clients[who].members(guild).into_iter();
        let member = members.find(|one| one.user == user).unwrap();
        assert_eq!(member.display_name, "Fern");
        assert_eq!(member.nickname.as_deref(), Some("Fern"));
        assert_eq!(member.username, "bob");
    }
    let act = Act::SetNickname {
        user,
        nickname: None,
        reason: None,
    };
    two.does(two.alice, Command::Govern { guild, act });
    assert_eq!(two.shown(two.alice, "morning").author_name, own);
}

#[test]
fn a_picture_comes_to_every_member_and_goes_again() {
    let mut two = Pair::<Symbolic>::new(42);
    let guild = guild_id(&two);
    assert_eq!(icon(&two, two.bob), None);
    let paint = |picture: Option<&[u8]>| Act::SetPicture {
        of: PictureUse::Icon,
        picture: picture.map(|bytes| {
            let text = serde_json::to_value(Bytes(bytes.to_vec())).unwrap();
            text.as_str().unwrap().to_owned()
        }),
    };
    let act = paint(Some(PNG));
    two.does(two.alice, Command::Govern { guild, act });
    two.stage.settle();
    let picture = icon(&two, two.bob).expect("it came");
    match two.stage.world.clients[two.bob].query(&Query::Picture { picture }) {
        QueryReply::Picture { url: Some(url) } => {
            assert!(
                url.starts_with("data:image/png;base64,iVBORw0KGgo"),
                "{url}"
            );
        }
        other => panic!("no picture: {other:?}"),
    }
    let act = paint(None);
    two.does(two.alice, Command::Govern { guild, act });
    two.stage.settle();
    assert_eq!(icon(&two, two.bob), None);
}

#[test]
fn a_member_agrees_to_the_rules_and_then_writes() {
    let mut two = Pair::<Symbolic>::new(43);
    let (general, guild) = (two.general, guild_id(&two));
    let rules = "Be kind.".to_owned();
    let act = Act::SetRules {
        rules: Some(rules.clone()),
    };
    two.does(two.alice, Command::Govern { guild, act });
    two.stage.settle();
    let view = self::guild(&two, two.bob);
    assert_eq!(
        (view.rules.as_deref(), view.rules_wait),
        (Some("Be kind."), true)
    );
    let act = Act::AcceptRules { rules };
    two.does(two.bob, Command::Govern { guild, act });
    assert!(!self::guild(&two, two.bob).rules_wait);
    two.stage.says(two.bob, general, "agreed");
    assert_eq!(two.stage.sees(two.alice, general), ["agreed"]);
}

#[test]
fn a_template_makes_channels_in_which_only_moderators_announce() {
    let mut two = Pair::<Symbolic>::new(44);
    let guild = guild_id(&two);
    let template = GuildTemplate::Club;
    let act = Act::Furnish { template };
    two.does(two.alice, Command::Govern { guild, act });
    two.stage.settle();
    let view = self::guild(&two, two.bob);
    let names: Vec<(&str, &str)> = view
        .channels
        .iter()
        .map(|channel| {
            let category = view
                .categories
                .iter()
                .find(|one| Some(one.id) == channel.category);
            (category.unwrap().name.as_str(), channel.name.as_str())
        })
        .collect();
    assert_eq!(
        names,
        [
            ("Welcome", "announcements"),
            ("Welcome", "introductions"),
            ("Talk", "general"),
            ("Talk", "off-topic"),
        ]
    );
    assert_eq!(view.roles[0].name, "Moderators");
    let may_write = |name: &str| {
        let channel = view.channels.iter().find(|one| one.name == name).unwrap();
        let rights = channel.my_permissions;
        assert!(rights.contains(Permissions::SEND_MESSAGES));
        channel.writers == Writers::All || rights.contains(Permissions::ANNOUNCE)
    };
    assert!(!may_write("announcements"));
    assert!(may_write("introductions"));
    let announcements = view.channels[0].id;
    two.stage.says(two.alice, announcements, "welcome");
    assert_eq!(two.stage.sees(two.bob, announcements), ["welcome"]);
}
