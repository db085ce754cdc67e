//! What somebody is called in one guild.

use axum::extract::State;
use cloister_wire::{GuildId, UserId, guild::Member, moderation::SetNickname};

use super::{address::AtTwo, extract::Body, reply::Reply};
use crate::{
    App, Result,
    access::{self, Caller, policy::Verb},
    action,
};

pub async fn set(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, user): AtTwo<GuildId, UserId>,
    Body(request): Body<SetNickname>,
) -> Result<Reply<Member>> {
    let member = app
        .db
        .write(move |tx| {
            let own = access::act(tx, &caller)?.user == user;
            let verb = if own {
                Verb::NameSelf
            } else {
                Verb::NameOthers
            };
            let permit = access::guild::may_change(tx, &caller, guild, verb)?;
            action::nickname::set(tx, &permit, user, &request)
        })
        .await?;
    Ok(Reply::ok(member))
}
