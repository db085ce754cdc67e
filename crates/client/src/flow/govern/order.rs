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

#[expect(clippy::too_many_lines, reason = "one arm for each act")]
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
        Act::Settle { user, reason } => {
            let path = format!("{base}/members/{user}/settled");
            let request = to_cbor(&Settle { reason });
            let bytes = shared.call(Method::Put, path, Some(request)).await?;
            keep_member(shared, guild, &read(&bytes)?)?;
        }
        Act::Quarantine { user, reason } => {
            let path = format!("{base}/members/{user}/quarantine");
            let request = to_cbor(&Quarantine { reason });
            let bytes = shared.call(Method::Put, path, Some(request)).await?;
            keep_member(shared, guild, &read(&bytes)?)?;
        }
        Act::LiftQuarantine { user, reason } => {
            let path = format!("{base}/members/{user}/quarantine/lift");
            let request = to_cbor(&LiftQuarantine { reason });
            let bytes = shared.call(Method::Post, path, Some(request)).await?;
            keep_member(shared, guild, &read(&bytes)?)?;
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
        Act::LiftBan { user, reason } => {
            let path = format!("{base}/bans/{user}/lift");
            shared
                .tell_server(Method::Post, path, &LiftBan { reason })
                .await?;
        }
        Act::TimeOut {
            user,
            reason,
            for_s,
        } => {
            let path = format!("{base}/members/{user}/timeout");
            let request = to_cbor(&TimeOut { reason, for_s });
            let bytes = shared.call(Method::Put, path, Some(request)).await?;
            keep_member(shared, guild, &read(&bytes)?)?;
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
        _ => return Err(another()),
    }
    Ok(CommandReply::Done)
}
