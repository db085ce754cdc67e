//! From what people type to ids: `GUILD/CHANNEL` or `@user`, by names or by ids.

use cloister_client::view::{
    ChannelSummary, Command, CommandReply, DmSummary, GuildSummary, GuildView, MemberView,
    OwnEmoji, Query, QueryReply,
};
use cloister_wire::{
    CategoryId, ChannelId, GuildId, UserId,
    role::{Category, Role},
};

use crate::{
    failure::{CONFLICT, Failure},
    seat::Seat,
};

/// The guild of this name or id.
pub(crate) async fn guild(seat: &Seat<'_>, wanted: &str) -> Result<GuildSummary, Failure> {
    let guilds = guilds(seat).await?;
    pick("guild", wanted, guilds, |guild| {
        (guild.id.to_string(), guild.name.clone())
    })
}

pub(crate) async fn guilds(seat: &Seat<'_>) -> Result<Vec<GuildSummary>, Failure> {
    match seat.query(Query::Guilds).await? {
        QueryReply::Guilds { guilds } => Ok(guilds),
        other => Err(unexpected(&other)),
    }
}

/// Channels and members of a guild.
pub(crate) async fn guild_view(seat: &Seat<'_>, guild: GuildId) -> Result<GuildView, Failure> {
    match seat.query(Query::Guild { guild }).await? {
        QueryReply::Guild { guild: Some(view) } => Ok(view),
        QueryReply::Guild { guild: None } => Err(unknown("guild", &guild.to_string())),
        other => Err(unexpected(&other)),
    }
}

/// The channel that a TARGET names: `@` stands before a person or the name of a conversation of
/// several. A direct conversation is opened if there is none yet, which
/// needs the server.
pub(crate) async fn channel(seat: &Seat<'_>, target: &str) -> Result<ChannelId, Failure> {
    if let Some(user) = target.strip_prefix('@') {
        return conversation(seat, user).await;
    }
    if let Ok(channel) = target.parse::<ChannelId>() {
        return Ok(channel);
    }
    if !target.contains('/') {
        return Err(Failure::usage(format!("{target:?} is not a target."))
            .next("Write GUILD/CHANNEL or @user."));
    }
    // Names may have slashes themselves: every place where the target can be cut is tried.
    let mut not_found = None;
    for (at, _) in target.match_indices('/') {
        let (first, second) = (&target[..at], &target[at + 1..]);
        match channel_in(seat, first, second).await {
            Err(failure) if failure.exit == CONFLICT => {
                // The first cut is the usual one, and so its sentence the best.
                not_found.get_or_insert(failure);
            }
            outcome => return outcome,
        }
    }
    Err(not_found.unwrap_or_else(|| unknown("channel", target)))
}

async fn channel_in(seat: &Seat<'_>, in_guild: &str, wanted: &str) -> Result<ChannelId, Failure> {
    let guild = guild(seat, in_guild).await?;
    let wanted = wanted.strip_prefix('#').unwrap_or(wanted);
    let channels = guild_view(seat, guild.id).await?.channels;
    let name = |channel: &ChannelSummary| (channel.id.to_string(), channel.name.clone());
    Ok(pick("channel", wanted, channels, name)?.id)
}

async fn conversation(seat: &Seat<'_>, wanted: &str) -> Result<ChannelId, Failure> {
    let dms = match seat.query(Query::Dms).await? {
        QueryReply::Dms { dms } => dms,
        other => return Err(unexpected(&other)),
    };
    let open = pick("conversation", wanted, dms, |dm: &DmSummary| {
        match dm.peer {
            Some(peer) => (peer.to_string(), dm.username.clone()),
            None => (dm.channel.to_string(), dm.display_name.clone()),
        }
    });
    if let Ok(dm) = open {
        return Ok(dm.channel);
    }
    let user = match wanted.parse() {
        Ok(user) => user,
        Err(_) => person(seat, wanted).await?,
    };
    match seat.command(Command::OpenDm { user }).await? {
        CommandReply::Channel { channel } => Ok(channel),
        other => Err(unexpected(&other)),
    }
}

/// The person that `@name`, a name or an id means.
pub(crate) async fn user(seat: &Seat<'_>, wanted: &str) -> Result<UserId, Failure> {
    let wanted = wanted.strip_prefix('@').unwrap_or(wanted);
    if let Ok(user) = wanted.parse() {
        return Ok(user);
    }
    let dms = match seat.query(Query::Dms).await? {
        QueryReply::Dms { dms } => dms,
        other => return Err(unexpected(&other)),
    };
    let peers: Vec<_> = dms
        .into_iter()
        .filter_map(|dm| Some((dm.peer?, dm.username)))
        .collect();
    let known = pick(
        "person",
        wanted,
        peers,
        |(user, name): &(UserId, String)| (user.to_string(), name.clone()),
    );
    match known {
        Ok((user, _)) => Ok(user),
        Err(_) => person(seat, wanted).await,
    }
}

/// The role of this name or id.
pub(crate) fn role(view: &GuildView, wanted: &str) -> Result<Role, Failure> {
    let name = |role: &Role| (role.id.to_string(), role.name.clone());
    pick("role", wanted, view.roles.clone(), name)
}

/// Everybody in a guild.
pub(crate) async fn members(seat: &Seat<'_>, guild: GuildId) -> Result<Vec<MemberView>, Failure> {
    let query = Query::Members {
        guild,
        search: String::new(),
        users: None,
        offset: 0,
        limit: u32::MAX,
    };
    match seat.query(query).await? {
        QueryReply::Members(view) => Ok(view.members),
        other => Err(unexpected(&other)),
    }
}

/// The guild's own emoji of this name or id.
pub(crate) fn emoji(view: &GuildView, wanted: &str) -> Result<OwnEmoji, Failure> {
    let name = |emoji: &OwnEmoji| (emoji.id.to_string(), emoji.name.clone());
    pick("emoji", wanted.trim_matches(':'), view.emoji.clone(), name)
}

/// The member of this name or id.
pub(crate) async fn member(
    seat: &Seat<'_>,
    guild: GuildId,
    wanted: &str,
) -> Result<MemberView, Failure> {
    let wanted = wanted.trim_start_matches('@');
    let name = |member: &MemberView| (member.user.to_string(), member.username.clone());
    pick("member", wanted, members(seat, guild).await?, name)
}

/// The channel of this name or id in one guild.
pub(crate) fn channel_of(view: &GuildView, wanted: &str) -> Result<ChannelSummary, Failure> {
    let wanted = wanted.strip_prefix('#').unwrap_or(wanted);
    let name = |channel: &ChannelSummary| (channel.id.to_string(), channel.name.clone());
    pick("channel", wanted, view.channels.clone(), name)
}

/// The category of this name or id.
pub(crate) fn category(view: &GuildView, wanted: &str) -> Result<CategoryId, Failure> {
    let name = |category: &Category| (category.id.to_string(), category.name.clone());
    Ok(pick("category", wanted, view.categories.clone(), name)?.id)
}

/// Somebody whom this person shares a guild with.
pub(crate) async fn person(seat: &Seat<'_>, wanted: &str) -> Result<UserId, Failure> {
    let wanted = wanted.strip_prefix('@').unwrap_or(wanted);
    let mut people: Vec<MemberView> = Vec::new();
    for guild in guilds(seat).await? {
        for member in members(seat, guild.id).await? {
            if !people.iter().any(|known| known.user == member.user) {
                people.push(member);
            }
        }
    }
    let name = |member: &MemberView| (member.user.to_string(), member.username.clone());
    Ok(pick("person", wanted, people, name)?.user)
}

/// Whether an id and a name fit.
type Rule<'a> = &'a dyn Fn(&str, &str) -> bool;

/// The one that has this id, else this name, else this name in other capitals.
fn pick<T>(
    what: &str,
    wanted: &str,
    candidates: Vec<T>,
    id_and_name: impl Fn(&T) -> (String, String),
) -> Result<T, Failure> {
    let folded = wanted.to_lowercase();
    let rules: [Rule<'_>; 3] = [
        &|id, _| id == folded,
        &|_, name| name == wanted,
        &|_, name| name.to_lowercase() == folded,
    ];
    let fits = |rule: &Rule<'_>| -> Vec<usize> {
        let indexed = candidates.iter().enumerate();
        let named = indexed.map(|(index, candidate)| (index, id_and_name(candidate)));
        named
            .filter(|(_, (id, name))| rule(id, name))
            .map(|(index, _)| index)
            .collect()
    };
    let found = rules.iter().map(fits).find(|found| !found.is_empty());
    match found.as_deref() {
        Some([index]) => {
            let index = *index;
            candidates
                .into_iter()
                .nth(index)
                .ok_or_else(|| unknown(what, wanted))
        }
        Some(several) => {
            let ids: Vec<String> = several
                .iter()
                .map(|index| id_and_name(&candidates[*index]).0)
                .collect();
            Err(
                Failure::usage(format!("There is more than one {what} {wanted:?}."))
                    .next(format!("Use an id: {}.", ids.join(", "))),
            )
        }
        None => Err(unknown(what, wanted)),
    }
}

pub(crate) fn unknown(what: &str, wanted: &str) -> Failure {
    Failure::new(
        CONFLICT,
        "NOT_FOUND",
        format!("There is no {what} {wanted:?} that you can see."),
    )
}

/// The engine answered another question than was asked: a mistake of ours.
pub(crate) fn unexpected(answer: &impl std::fmt::Debug) -> Failure {
    tracing::error!(?answer, "an answer that does not fit");
    Failure::other("The engine gave an answer that does not fit the question.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(wanted: &str) -> Result<&'static str, u8> {
        let names = vec![
            ("1a", "Friends"),
            ("2b", "friends"),
            ("3c", "Work"),
            ("4d", "Work"),
        ];
        pick("guild", wanted, names, |(id, name)| {
            ((*id).to_owned(), (*name).to_owned())
        })
        .map(|(id, _)| id)
        .map_err(|failure| failure.exit)
    }

    #[test]
    fn an_id_wins_over_a_name_and_an_exact_name_over_other_capitals() {
        assert_eq!(found("2B"), Ok("2b"));
        assert_eq!(found("friends"), Ok("2b"));
        assert_eq!(found("Friends"), Ok("1a"));
    }

    #[test]
    fn two_of_one_name_are_not_guessed_between() {
        assert_eq!(found("Work"), Err(crate::failure::USAGE));
        assert_eq!(found("FRIENDS"), Err(crate::failure::USAGE));
    }

    #[test]
    fn a_name_that_is_not_there_is_gone() {
        assert_eq!(found("Elsewhere"), Err(CONFLICT));
    }
}
