//! What the members of a guild agree to before they write.

use cloister_wire::{
    ErrorCode, limits,
    moderation::{AcceptRules, SetRules},
};
use serde_json::json;

use super::{
    audit,
    role::{announce, member_changed},
    term,
};
use crate::{
    Error, Result,
    access::{Permit, guild::InGuild},
    app::Parts,
    store::{self, db::Tx},
};

/// Gives the guild rules, or takes them away. Whoever gives them has agreed.
pub fn set(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, request: &SetRules) -> Result<()> {
    let text = request.rules.as_deref().map(str::trim);
    let text = text.filter(|text| !text.is_empty());
    let ugly = |c: char| c.is_control() && c != '\n';
    if text.is_some_and(|text| text.chars().count() > limits::RULES_CHARS || text.contains(ugly)) {
        return Err(Error::invalid("Rules have at most 4,000 characters."));
    }
    let stored = store::guild::get(tx, permit.guild, permit.user)?;
    let before = stored.ok_or_else(Error::not_found)?.rules;
    if before.as_deref() == text {
        return Ok(());
    }
    store::guild::update_rules(tx, permit, text)?;
    store::guild::update_accepted(tx, permit)?;
    let act = audit::Act::new(audit::GUILD_RULES, audit::guild(permit.guild));
    let act = act.before(&json!({"rules": before}));
    audit::note(tx, permit, act.after(&json!({"rules": text})))?;
    announce(tx, permit)
}

/// Agrees to the rules that the person has read.
pub fn accept(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, InGuild>,
    request: &AcceptRules,
) -> Result<()> {
    let stored = store::guild::get(tx, permit.guild, permit.user)?;
    let stored = stored.ok_or_else(Error::not_found)?;
    if stored.rules.as_deref() != Some(&request.rules) {
        return Err(Error::refuse(
            ErrorCode::Invalid,
            "The rules are others by now. Read them again.",
        ));
    }
    if !stored.rules_wait {
        return Ok(());
    }
    store::guild::update_accepted(tx, permit)?;
    let act = audit::Act::new(audit::MEMBER_RULES, audit::member(permit.user));
    audit::note(tx, permit, act)?;
    member_changed(tx, permit, permit.user)?;
    term::give_due(tx, parts, permit, permit.guild, Some(permit.user)).map(|_| ())
}
