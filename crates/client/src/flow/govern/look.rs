//! How a guild and its members look: pictures and nicknames.

use cloister_e2ee::Primitives;
use cloister_proof::hash;
use cloister_wire::{
    Bytes, EmojiId, ErrorCode, GuildId, Hash, UserId,
    emoji::{CreateEmoji, EditEmoji, Emoji},
    guild::Guild,
    moderation::{AcceptRules, SetNickname, SetRules},
    picture::{Picture, PictureUse, SetPicture},
};

use super::{keep_member, put};
use crate::{
    core::{Shared, refuse},
    engine::Method,
    flow::call::{CallError, read, to_cbor},
    store::StoreError,
    view::{Act, CommandReply, Refusal, Topic},
};

pub(super) async fn set_nickname<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    user: UserId,
    nickname: Option<String>,
    reason: Option<String>,
) -> Result<(), Refusal> {
    let path = format!("/api/v1/guilds/{guild}/members/{user}/nickname");
    let request = to_cbor(&SetNickname { nickname, reason });
    let bytes = shared.call(Method::Put, path, Some(request)).await?;
    keep_member(shared, guild, &read(&bytes)?)
}

pub(super) async fn set_picture<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    of: PictureUse,
    picture: Option<String>,
) -> Result<(), Refusal> {
    let bytes = picture.map(|text| serde_json::from_value::<Bytes>(text.into()));
    let picture = bytes
        .transpose()
        .map_err(|_| refuse(ErrorCode::Invalid, "This picture can't be read."))?;
    let name = match of {
        PictureUse::Icon => "icon",
        PictureUse::Banner => "banner",
        PictureUse::Emoji => {
            return Err(refuse(ErrorCode::Invalid, "An emoji needs a name."));
        }
    };
    let path = format!("/api/v1/guilds/{guild}/{name}");
    put(shared, path, &SetPicture { picture }).await
}

/// Emoji of the guild's own: `act` is about one.
pub(super) async fn change_emoji<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    act: Act,
) -> Result<CommandReply, Refusal> {
    let all = format!("/api/v1/guilds/{guild}/emoji");
    match act {
        Act::CreateEmoji { name, picture } => {
            let picture = serde_json::from_value::<Bytes>(picture.into())
                .map_err(|_| refuse(ErrorCode::Invalid, "This picture can't be read."))?;
            let emoji = {
                let mut core = shared.core();
                EmojiId::new(core.now, &core.draw())
            };
            let request = CreateEmoji {
                emoji,
                name,
                picture,
            };
            let made: Result<Emoji, CallError> = shared.post(all, &request).await;
            made?;
        }
        Act::RenameEmoji { emoji, name } => {
            put(shared, format!("{all}/{emoji}"), &EditEmoji { name }).await?;
        }
        Act::DeleteEmoji { emoji } => {
            let path = format!("{all}/{emoji}");
            shared.call(Method::Delete, path, None).await?;
        }
        _ => return Err(super::another()),
    }
    Ok(CommandReply::Done)
}

pub(super) async fn set_rules<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    rules: Option<String>,
) -> Result<(), Refusal> {
    put(
        shared,
        format!("/api/v1/guilds/{guild}/rules"),
        &SetRules { rules },
    )
    .await
}

pub(super) async fn accept_rules<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    rules: String,
) -> Result<(), Refusal> {
    let path = format!("/api/v1/guilds/{guild}/rules/accept");
    Ok(shared
        .tell_server(Method::Post, path, &AcceptRules { rules })
        .await?)
}

/// Pictures that a guild shows.
fn pictures(guild: &Guild) -> impl Iterator<Item = Hash> + '_ {
    let emoji = guild.emoji.iter().map(|one| one.picture);
    let own = guild.icon.iter().chain(&guild.banner).copied();
    own.chain(emoji)
}

/// Brings the pictures of a guild that are not here, all of them at once: what somebody looks at
/// can't be read from what is fetched when.
pub(crate) fn bring_pictures<P: Primitives>(shared: &Shared<P>, guild: GuildId) {
    if missing(shared, guild).is_empty() {
        return;
    }
    shared.spawn_single(format!("pictures {guild}"), move |shared| async move {
        if let Err(error) = fetch(&shared, guild).await {
            shared.core().fail(&error);
        }
    });
}

fn missing<P: Primitives>(shared: &Shared<P>, guild: GuildId) -> Vec<Hash> {
    let core = shared.core();
    let Ok(Some(row)) = core.store.guild(guild) else {
        return Vec::new();
    };
    let lacks = |hash: &Hash| !core.store.has_picture(hash).unwrap_or(true);
    pictures(&row.view).filter(lacks).collect()
}

async fn fetch<P: Primitives>(shared: &Shared<P>, guild: GuildId) -> Result<(), Refusal> {
    for wanted in missing(shared, guild) {
        let path = format!("/api/v1/guilds/{guild}/pictures/{wanted}");
        let picture: Picture = match shared.get(path).await {
            Ok(picture) => picture,
            // Another one by now: the event that says so brings it.
            Err(CallError::Refused { status: 404, .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        if hash(&[&picture.bytes.0]) != wanted {
            continue;
        }
        let mut core = shared.core();
        core.store.commit(|store| {
            store.put_picture(&wanted, &picture)?;
            let guilds = store.guilds()?;
            let used: Vec<Hash> = guilds.iter().flat_map(pictures).collect();
            store.keep_pictures(&used)?;
            Ok::<_, StoreError>(())
        })?;
        core.tell(Topic::Guilds);
        core.tell(Topic::Guild { guild });
    }
    Ok(())
}
