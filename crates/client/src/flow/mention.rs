//! Names in texts. People write `@name` and `#channel`; what is sent says `<@id>` and `<#id>`, so
//! that it still means the same when somebody changes their name. Names in code stay as they are.

use std::collections::BTreeMap;

use cloister_e2ee::Primitives;
use cloister_wire::{ChannelId, EmojiId, GuildId, Permissions, UserId, channel::Notify, emoji};

use crate::{
    core::Core,
    store::{ChannelRow, StoreError},
    view::MentionView,
};

/// People that one message tells by name.
const NOTIFIED_MAX: usize = 50;
/// `<@` or `<#`, an id, `>`.
const TOKEN_BYTES: usize = 39;

/// A text ready to be sent, and whom it tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub body: String,
    pub users: Vec<UserId>,
    pub everyone: bool,
}

impl Resolved {
    /// Whom the server is asked to tell; `also` is told whatever the text says.
    pub fn notify(&self, me: UserId, also: Option<UserId>) -> Option<Notify> {
        let mut users = Vec::new();
        for user in self.users.iter().copied().chain(also) {
            if user != me && !users.contains(&user) && users.len() < NOTIFIED_MAX {
                users.push(user);
            }
        }
        let everyone = self.everyone;
        (everyone || !users.is_empty()).then_some(Notify { users, everyone })
    }
}

/// Names that may stand in a text.
struct Names {
    people: BTreeMap<String, UserId>,
    channels: BTreeMap<String, ChannelId>,
    emoji: BTreeMap<String, EmojiId>,
}

/// Replaces names by what they stand for.
pub(crate) fn resolve<P: Primitives>(
    core: &Core<P>,
    row: &ChannelRow,
    body: &str,
) -> Result<Resolved, StoreError> {
    if !body.contains(['@', '#', ':']) {
        return Ok(Resolved {
            body: body.to_owned(),
            ..Resolved::default()
        });
    }
    let names = names(core, row)?;
    let mut resolved = Resolved::default();
    for (kind, piece) in pieces(body) {
        match kind {
            Piece::Code => resolved.body.push_str(piece),
            Piece::Plain => resolve_plain(piece, &names, &mut resolved),
        }
    }
    let rights = row.view.my_permissions;
    resolved.everyone &= rights.contains(Permissions::MENTION_EVERYONE);
    Ok(resolved)
}

fn names<P: Primitives>(core: &Core<P>, row: &ChannelRow) -> Result<Names, StoreError> {
    let users = match (row.view.guild, row.peer) {
        (Some(guild), _) => core
            .store
            .members(guild)?
            .into_iter()
            .map(|member| member.user)
            .collect(),
        (None, Some(peer)) => vec![peer],
        (None, None) => Vec::new(),
    };
    let mut people = BTreeMap::new();
    for user in users {
        if let Some((username, _)) = core.store.names(user)? {
            people.insert(username.to_lowercase(), user);
        }
    }
    let channels = match row.view.guild {
        Some(guild) => core
            .store
            .channels_of(guild)?
            .into_iter()
            .map(|row| (row.view.name, row.view.id))
            .collect(),
        None => BTreeMap::new(),
    };
    let emoji = match row.view.guild {
        Some(guild) => core.store.guild(guild)?.map(|row| row.view.emoji),
        None => None,
    };
    let emoji = emoji.into_iter().flatten().map(|one| (one.name, one.id));
    Ok(Names {
        people,
        channels,
        emoji: emoji.collect(),
    })
}

fn resolve_plain(text: &str, names: &Names, into: &mut Resolved) {
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let begins = !before.is_alphanumeric();
        if let Some((token, ..)) = emoji::token_at(rest) {
            into.body.push_str(token);
            rest = &rest[token.len()..];
            before = '>';
            continue;
        }
        if let Some((token, Mentioned::Person(user))) = token_at(rest) {
            // Written out already: it tells them if they are here.
            if names.people.values().any(|known| *known == user) {
                into.users.push(user);
            }
            into.body.push_str(token);
            rest = &rest[token.len()..];
            before = '>';
            continue;
        }
        let found = match c {
            '@' if begins => person_at(&rest[1..], names),
            '#' if begins => channel_at(&rest[1..], names),
            ':' => {
                if let Some((name, id)) = emoji_at(&rest[1..], names) {
                    into.body.push_str(&emoji::token(name, id));
                    rest = &rest[name.len() + 2..];
                    before = '>';
                    continue;
                }
                None
            }
            _ => None,
        };
        if let Some((length, mentioned)) = found {
            match mentioned {
                Mentioned::Everyone => {
                    into.everyone = true;
                    into.body.push_str(&rest[..=length]);
                }
                Mentioned::Person(user) => {
                    into.users.push(user);
                    into.body.extend(["<@", &user.to_string(), ">"]);
                }
                Mentioned::Channel(channel) => {
                    into.body.extend(["<#", &channel.to_string(), ">"]);
                }
            }
            rest = &rest[1 + length..];
            before = '>';
            continue;
        }
        into.body.push(c);
        rest = &rest[c.len_utf8()..];
        before = c;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mentioned {
    Everyone,
    Person(UserId),
    Channel(ChannelId),
}

/// The longest name at the beginning of `text` that somebody here has.
fn person_at(text: &str, names: &Names) -> Option<(usize, Mentioned)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    let mut run = &text[..end];
    loop {
        let folded = run.to_lowercase();
        if folded == "everyone" || folded == "here" {
            return Some((run.len(), Mentioned::Everyone));
        }
        if let Some(user) = names.people.get(&folded) {
            return Some((run.len(), Mentioned::Person(*user)));
        }
        // A sentence may end with the name.
        run = run.strip_suffix(['.', '-', '_'])?;
    }
}

fn channel_at(text: &str, names: &Names) -> Option<(usize, Mentioned)> {
    let ends = |name: &str| {
        let after = text[name.len()..].chars().next();
        !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
    };
    names
        .channels
        .iter()
        .filter(|(name, _)| text.starts_with(name.as_str()) && ends(name))
        .max_by_key(|(name, _)| name.len())
        .map(|(name, channel)| (name.len(), Mentioned::Channel(*channel)))
}

/// An emoji of the guild, after its first colon.
fn emoji_at<'a>(text: &'a str, names: &Names) -> Option<(&'a str, EmojiId)> {
    let name = &text[..text.find(':')?];
    Some((name, *names.emoji.get(name)?))
}

/// A mention that is written out, at the beginning of `text`.
fn token_at(text: &str) -> Option<(&str, Mentioned)> {
    let token = text.get(..TOKEN_BYTES)?.strip_suffix('>')?;
    let mentioned = if let Some(id) = token.strip_prefix("<@") {
        Mentioned::Person(id.parse().ok()?)
    } else {
        Mentioned::Channel(token.strip_prefix("<#")?.parse().ok()?)
    };
    Some((&text[..TOKEN_BYTES], mentioned))
}

/// What the mentions of a text stand for, each once, by their names in this guild.
pub(crate) fn mentions<P: Primitives>(
    core: &Core<P>,
    guild: Option<GuildId>,
    body: &str,
) -> Result<Vec<MentionView>, StoreError> {
    let mut found: Vec<MentionView> = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if let Some((token, name, id)) = emoji::token_at(rest) {
            if !found.iter().any(|known| known.token == token) {
                found.push(emoji_view(core, guild, (token, name, id))?);
            }
            rest = &rest[token.len()..];
            continue;
        }
        let Some((token, mentioned)) = token_at(rest) else {
            rest = &rest[1..];
            continue;
        };
        if !found.iter().any(|known| known.token == token)
            && let Some(view) = view(core, guild, token, mentioned)?
        {
            found.push(view);
        }
        rest = &rest[token.len()..];
    }
    Ok(found)
}

/// An emoji by the name that it has now; one that is gone, by the name that it had.
fn emoji_view<P: Primitives>(
    core: &Core<P>,
    guild: Option<GuildId>,
    (token, name, id): (&str, &str, EmojiId),
) -> Result<MentionView, StoreError> {
    let row = match guild {
        Some(guild) => core.store.guild(guild)?,
        None => None,
    };
    let known = row.and_then(|row| row.view.emoji.into_iter().find(|one| one.id == id));
    let picture = match &known {
        Some(one) if core.store.has_picture(&one.picture)? => Some(one.picture.to_string()),
        _ => None,
    };
    let name = known.map_or_else(|| name.to_owned(), |one| one.name);
    Ok(MentionView {
        token: token.to_owned(),
        written: format!(":{name}:"),
        name,
        person: None,
        channel: None,
        picture,
    })
}

fn view<P: Primitives>(
    core: &Core<P>,
    guild: Option<GuildId>,
    token: &str,
    mentioned: Mentioned,
) -> Result<Option<MentionView>, StoreError> {
    let token = token.to_owned();
    Ok(match mentioned {
        Mentioned::Everyone => None,
        Mentioned::Person(user) => match core.store.names(user)? {
            Some((username, _)) => Some(MentionView {
                token,
                name: core.store.name_in(guild, user)?,
                written: format!("@{username}"),
                person: Some(user),
                channel: None,
                picture: None,
            }),
            None => None,
        },
        Mentioned::Channel(channel) => core.store.channel(channel)?.map(|row| MentionView {
            token,
            written: format!("#{}", row.view.name),
            name: row.view.name,
            person: None,
            channel: Some(channel),
            picture: None,
        }),
    })
}

/// A text with its mentions as people read them, for one line in a list.
pub(crate) fn spell<P: Primitives>(
    core: &Core<P>,
    guild: Option<GuildId>,
    body: &str,
) -> Result<String, StoreError> {
    let mut text = body.to_owned();
    for one in mentions(core, guild, body)? {
        let said = match (one.person, one.channel) {
            (Some(_), _) => format!("@{}", one.name),
            (None, Some(_)) => format!("#{}", one.name),
            (None, None) => one.written,
        };
        text = text.replace(&one.token, &said);
    }
    Ok(text)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Plain,
    Code,
}

/// A text cut into code, which stands between two runs of equally many backticks, and the rest.
fn pieces(body: &str) -> Vec<(Piece, &str)> {
    let mut pieces = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(found) = body[at..].find('`') {
        let open = at + found;
        let run = run_at(body, open);
        match closing(body, open + run, run) {
            Some(close) => {
                pieces.push((Piece::Plain, &body[start..open]));
                pieces.push((Piece::Code, &body[open..close + run]));
                start = close + run;
                at = start;
            }
            None => at = open + run,
        }
    }
    pieces.push((Piece::Plain, &body[start..]));
    pieces
}

fn run_at(body: &str, at: usize) -> usize {
    body[at..].bytes().take_while(|byte| *byte == b'`').count()
}

/// Where a run of exactly `run` backticks begins after `from`.
fn closing(body: &str, from: usize, run: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = body[at..].find('`') {
        let here = at + found;
        let length = run_at(body, here);
        if length == run {
            return Some(here);
        }
        at = here + length;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOB: UserId = UserId::from_bytes([2; 16]);
    const CAROL: UserId = UserId::from_bytes([3; 16]);
    const BOAT: EmojiId = EmojiId::from_bytes([8; 16]);
    const GENERAL: ChannelId = ChannelId::from_bytes([9; 16]);

    fn resolved(body: &str) -> Resolved {
        let names = Names {
            people: [("bob".to_owned(), BOB), ("carol.x".to_owned(), CAROL)].into(),
            channels: [("general".to_owned(), GENERAL)].into(),
            emoji: [("boat".to_owned(), BOAT)].into(),
        };
        let mut into = Resolved::default();
        for (kind, piece) in pieces(body) {
            match kind {
                Piece::Code => into.body.push_str(piece),
                Piece::Plain => resolve_plain(piece, &names, &mut into),
            }
        }
        into
    }

    #[test]
    fn names_of_people_and_channels_become_what_they_stand_for() {
        let found = resolved("hi @Bob, see #general. And @carol.x.");
        assert_eq!(
            found.body,
            format!("hi <@{BOB}>, see <#{GENERAL}>. And <@{CAROL}>.")
        );
        assert_eq!(found.users, [BOB, CAROL]);
        assert!(!found.everyone);
    }

    #[test]
    fn emoji_of_the_guild_become_what_they_stand_for() {
        let boat = emoji::token("boat", BOAT);
        for (text, body) in [
            ("a :boat: at 10:30", format!("a {boat} at 10:30")),
            (":boat::boat:", format!("{boat}{boat}")),
            (":canoe: `:boat:`", ":canoe: `:boat:`".to_owned()),
            (boat.as_str(), boat.clone()),
        ] {
            assert_eq!(resolved(text).body, body);
        }
    }

    #[test]
    fn everyone_and_here_tell_all() {
        assert!(resolved("@everyone wake up").everyone);
        assert!(resolved("lunch, @here").everyone);
        assert!(!resolved("@everyones").everyone);
    }

    #[test]
    fn what_is_no_name_or_stands_in_code_or_in_an_address_stays() {
        for text in [
            "@nobody #nothing",
            "mail bob@bob.example",
            "`@bob`",
            "```\n@bob #general\n```",
            "``a ` @bob``",
            "#generally",
        ] {
            let found = resolved(text);
            assert_eq!((found.body.as_str(), found.users.len()), (text, 0));
        }
        assert_eq!(resolved("a ` lone tick @bob").users, [BOB]);
    }

    #[test]
    fn a_mention_that_is_written_out_counts_if_they_are_here() {
        let here = format!("<@{BOB}> ok");
        assert_eq!(resolved(&here).users, [BOB]);
        assert_eq!(resolved(&here).body, here);
        let stranger = format!("<@{}>", UserId::from_bytes([7; 16]));
        assert!(resolved(&stranger).users.is_empty());
    }

    #[test]
    fn nobody_is_told_twice_or_of_their_own_words() {
        let found = resolved("@bob @bob @carol.x");
        let notify = found.notify(CAROL, Some(BOB)).unwrap();
        assert_eq!(notify.users, [BOB]);
        assert_eq!(resolved("hello").notify(BOB, None), None);
    }
}
