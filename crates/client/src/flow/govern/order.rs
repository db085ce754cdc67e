//! Keeping order: kicks, bans, timeouts, the gate, and pauses of invites.

use cloister_e2ee::Primitives;
use cloister_wire::{
    GuildId,
    guild::SetInvite,
    moderation::{
        Ban, BanMany, Kick, LiftBan, LiftQuarantine, Quarantine, SetGate, Settle, TimeOut,
    },
};

use super::{another, keep_member, put};
use crate::{
    core::Shared,
    engine::Method,
    flow::call::{read, to_cbor},
    view::{Act, CommandReply, Refusal, Topic},
};

pub(super) async fn order<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    act: Act,
) -> Result<CommandReply, Refusal> {
    let base = format!("/api/v1/guilds/{guild}");
    match act {
        Act::Kick { user, reason } => {
            let path = format!("{base}/members/{user}/kick");
            shared
                .tell_server(Method::Post, path, &Kick { reason })
                .await?;
        }
        Act::SetInvite { code, gate } => {
            put(
                shared,
                format!("{base}/invites/{code}"),
                &SetInvite { gate },
            )
            .await?;
            shared.core().tell(Topic::Invites { guild });
        }
        Act::SetGate {
            joins,
            invites,
            newcomer_s,
            links_s,
            mentions_s,
            reason,
        } => {
            let request = SetGate {
                joins,
                invites,
                newcomer_s,
                links_s,
                mentions_s,
                reason,
            };
            put(shared, format!("{base}/gate"), &request).await?;
        }
        act @ (Act::Ban { .. } | Act::BanMany { .. } | Act::LiftBan { .. }) => {
            ban(shared, &base, act).await?;
        }
        act => hold(shared, guild, &base, act).await?,
    }
    Ok(CommandReply::Done)
}

async fn ban<P: Primitives>(shared: &Shared<P>, base: &str, act: Act) -> Result<(), Refusal> {
    match act {
        Act::Ban {
            user,
            reason,
            for_s,
            delete_s,
        } => {
            let request = Ban {
                reason,
                for_s,
                delete_s,
            };
            put(shared, format!("{base}/bans/{user}"), &request).await?;
        }
        Act::BanMany {
            users,
            reason,
            for_s,
            delete_s,
        } => {
            let request = BanMany {
                users,
                reason,
                for_s,
                delete_s,
            };
            let path = format!("{base}/bans");
            shared.tell_server(Method::Post, path, &request).await?;
        }
        Act::LiftBan { user, reason } => {
            let path = format!("{base}/bans/{user}/lift");
            shared
                .tell_server(Method::Post, path, &LiftBan { reason })
                .await?;
        }
        _ => return Err(another()),
    }
    Ok(())
}

/// What changes how one member stands, and is answered with the member.
async fn hold<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    base: &str,
    act: Act,
) -> Result<(), Refusal> {
    let (method, user, path, body) = match act {
        Act::TimeOut {
            user,
            reason,
            for_s,
        } => {
            let body = to_cbor(&TimeOut { reason, for_s });
            (Method::Put, user, "timeout", body)
        }
        Act::Quarantine { user, reason } => {
            let body = to_cbor(&Quarantine { reason });
            (Method::Put, user, "quarantine", body)
        }
        Act::LiftQuarantine { user, reason } => {
            let body = to_cbor(&LiftQuarantine { reason });
            (Method::Post, user, "quarantine/lift", body)
        }
        Act::Settle { user, reason } => {
            let body = to_cbor(&Settle { reason });
            (Method::Put, user, "settled", body)
        }
        _ => return Err(another()),
    };
    let path = format!("{base}/members/{user}/{path}");
    let bytes = shared.call(method, path, Some(body)).await?;
    keep_member(shared, guild, &read(&bytes)?)
}
