//! Invitations: looking at one, using one, making and ending them.

use axum::extract::State;
use cloister_wire::{
    ErrorCode, GuildId,
    account::InvitePreview,
    guild::{Appended, CreateInvite, EndInvite, Invites, Join, Joined, SetInvite},
};

use super::{
    address::{At, AtTwo},
    extract::Body,
    reply::{Done, Reply},
};
use crate::{
    App, Error, Result,
    access::{self, Caller, policy::Verb},
    action, store,
    visitor::Visitor,
};

pub async fn preview(
    State(app): State<App>,
    visitor: Visitor,
    At(code): At<String>,
) -> Result<Reply<InvitePreview>> {
    app.invite_lookups
        .spend(&visitor.network(), app.env.now())
        .allowed()?;
    let hash = app.keys.hash_secret("invite", code.as_bytes());
    let found = app
        .db
        .read(move |tx| {
            let permit = access::anyone(tx);
            let now = tx.now();
            let found = store::invite::get(tx, &permit, &hash)?;
            let Some(invite) = found.filter(|invite| invite.is_live(now)) else {
                return Ok(None);
            };
            let guild = invite.guild;
            let log = guild
                .map(|guild| action::guild::log_of(tx, &permit, guild))
                .transpose()?;
            let icon = match guild {
                Some(guild) => store::picture::icon(tx, &permit, guild)?,
                None => None,
            };
            let questions = match guild {
                Some(guild) => store::application::questions(tx, &permit, guild)?,
                None => Vec::new(),
            };
            Ok(Some((invite, log, icon, questions)))
        })
        .await?;
    let used_up = |uses: u32, used: u32| uses > 0 && used >= uses;
    let (invite, log, icon, questions) = found.ok_or_else(|| {
        let sentence = "This invitation does not exist or has run out.";
        Error::refuse(ErrorCode::InviteInvalid, sentence)
    })?;
    invite.check_open()?;
    if used_up(invite.uses, invite.used) {
        let sentence = "This invitation has been used up. Ask for another one.";
        return Err(Error::refuse(ErrorCode::InviteUsedUp, sentence));
    }
    Ok(Reply::ok(InvitePreview {
        code,
        guild: invite.guild,
        guild_name: invite.guild_name,
        icon,
        rules: invite.rules,
        inviter: invite.created_by,
        inviter_name: invite.inviter_name,
        members: invite.members,
        expires_at: invite.expires_at,
        cert: invite.cert,
        log,
        questions,
        membership: invite.membership,
    }))
}

pub async fn join(
    State(app): State<App>,
    caller: Caller,
    At(code): At<String>,
    Body(request): Body<Join>,
) -> Result<Reply<Joined>> {
    let parts = app.clone();
    let joined = app
        .db
        .write(move |tx| {
            let permit = access::act(tx, &caller)?;
            action::guild::join(tx, &parts, &permit, &code, &request)
        })
        .await?;
    Ok(Reply::created(joined))
}

pub async fn create(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<CreateInvite>,
) -> Result<Reply<Appended>> {
    let parts = app.clone();
    let appended = app
        .db
        .write(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::CreateInvite)?;
            action::invite::create(tx, &parts, &permit, &request)
        })
        .await?;
    Ok(Reply::created(appended))
}

/// All invitations for whoever manages them; for others, their own.
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
) -> Result<Reply<Invites>> {
    let invites = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::CreateInvite)?;
            let mut invites = store::invite::page(tx, &permit, guild)?;
            if access::guild::may(tx, &caller, guild, Verb::EndAnyInvite).is_err() {
                invites.retain(|invite| invite.created_by == permit.user);
            }
            Ok(invites)
        })
        .await?;
    Ok(Reply::ok(Invites { invites }))
}

/// Pauses an invitation, or goes on with it.
pub async fn set(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, code): AtTwo<GuildId, String>,
    Body(request): Body<SetInvite>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = match access::guild::may(tx, &caller, guild, Verb::EndAnyInvite) {
                Ok(permit) => permit,
                Err(_) => access::guild::may(tx, &caller, guild, Verb::CreateInvite)?,
            };
            action::invite::set(tx, &parts, &permit, &code, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn end(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, code): AtTwo<GuildId, String>,
    Body(request): Body<EndInvite>,
) -> Result<Reply<Appended>> {
    let parts = app.clone();
    let appended = app
        .db
        .write(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::CreateInvite)?;
            action::invite::end(tx, &parts, &permit, &code, &request)
        })
        .await?;
    Ok(Reply::ok(appended))
}
