//! Stories of emoji that a guild makes itself.

use cloister_client::{
    Symbolic,
    view::{Act, Command, Content, GuildView, Query, QueryReply},
};
use cloister_testkit::cast::{Pair, Who};
use cloister_wire::GuildId;

/// A picture of one point.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk-M_wHwAEBgIApD5fRAAAAABJRU5ErkJggg";

fn view(two: &Pair<Symbolic>, who: Who) -> GuildView {
    let guild = guild_id(two);
    match two.stage.world.clients[who].query(&Query::Guild { guild }) {
        QueryReply::Guild { guild: Some(view) } => view,
        other => panic!("no guild: {other:?}"),
    }
}

fn guild_id(two: &Pair<Symbolic>) -> GuildId {
    match two.stage.world.clients[two.alice].query(&Query::Guilds) {
        QueryReply::Guilds { guilds } => guilds[0].id,
        other => panic!("no guilds: {other:?}"),
    }
}

#[test]
fn an_emoji_of_the_guild_stands_in_texts_and_reactions_and_keeps_its_meaning() {
    let mut two = Pair::<Symbolic>::new(81);
    let (guild, general) = (guild_id(&two), two.general);
    let act = Act::CreateEmoji {
        name: "boat".to_owned(),
        picture: PNG.to_owned(),
    };
    two.does(two.alice, Command::Govern { guild, act });
    two.stage.settle();
    let emoji = view(&two, two.bob).emoji.remove(0);
    assert_eq!(emoji.name, "boat");
    assert!(emoji.picture.is_some(), "the picture was fetched");
    two.stage.says(two.bob, general, "to the :boat: at 10:30");
    let body = format!("to the {} at 10:30", emoji.token);
    let shown = two.shown(two.alice, &body);
    let named = &shown.mentions[0];
    assert_eq!(
        (named.written.as_str(), &named.picture),
        (":boat:", &emoji.picture)
    );
    let message = shown.id;
    let react = Command::React {
        message,
        emoji: ":boat:".to_owned(),
    };
    two.does(two.alice, react);
    two.stage.settle();
    let reaction = two.shown(two.bob, &body).reactions.remove(0);
    assert_eq!(
        (reaction.name.as_str(), &reaction.picture),
        (":boat:", &emoji.picture)
    );
    // What it is called later is what is shown, and where it is gone its name stays.
    let act = Act::RenameEmoji {
        emoji: emoji.id,
        name: "canoe".to_owned(),
    };
    two.does(two.alice, Command::Govern { guild, act });
    two.stage.settle();
    assert_eq!(two.shown(two.bob, &body).mentions[0].written, ":canoe:");
    let act = Act::DeleteEmoji { emoji: emoji.id };
    two.does(two.alice, Command::Govern { guild, act });
    two.stage.settle();
    let gone = two.shown(two.bob, &body);
    assert_eq!(gone.mentions[0].written, ":boat:");
    assert_eq!(gone.mentions[0].picture, None);
    assert_eq!(gone.reactions[0].picture, None);
    assert!(matches!(gone.content, Content::Text { .. }));
}
