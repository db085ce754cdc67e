//! What somebody is called in one guild.

use cloister_wire::{UserId, guild::Member, moderation::SetNickname};
use serde_json::json;

use super::{account::display_name, audit, role::member_changed};
use crate::{
    Error, Result,
    access::{self, Permit, guild::InGuild},
    store::{self, db::Tx},
};

/// Gives a member a nickname, or takes it away; another's only below one's own rank.
pub fn set(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    user: UserId,
    request: &SetNickname,
) -> Result<Member> {
    let nickname = request.nickname.as_deref().map(display_name).transpose()?;
    let reason = audit::reason(request.reason.as_deref())?;
    let stored = access::guild::member(tx, permit, user)?;
    if user != permit.user {
        permit.check_above(access::guild::rank_of(&stored, user))?;
    }
    let found = store::guild::get_member(tx, permit.guild, user)?;
    let before = found.ok_or_else(Error::not_found)?;
    if before.nickname == nickname {
        return Ok(before);
    }
    store::guild::update_nickname(tx, permit, user, nickname.as_deref())?;
    let act = audit::Act::new(audit::MEMBER_NICKNAME, audit::member(user))
        .before(&json!({"nickname": before.nickname}))
        .after(&json!({"nickname": nickname}))
        .because(reason);
    audit::note(tx, permit, act)?;
    member_changed(tx, permit, user)?;
    store::guild::get_member(tx, permit.guild, user)?.ok_or_else(Error::not_found)
}
