//! Joining by application.

use axum::extract::State;
use cloister_wire::{
    GuildId, UserId,
    application::{
        Applicant, Applications, Apply, Approve, Decline, OwnApplications, SetQuestions,
    },
    guild::Appended,
    limits::MEMBERS_PAGE,
};

use super::{
    address::{At, AtTwo, Query},
    extract::Body,
    guild::PageOf,
    reply::{Done, Reply},
};
use crate::{
    App, Result,
    access::{self, Caller, policy::Verb},
    action, store,
};

pub async fn set_questions(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<SetQuestions>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::EditGuild)?;
            action::application::set_questions(tx, &permit, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn apply(
    State(app): State<App>,
    caller: Caller,
    At(code): At<String>,
    Body(request): Body<Apply>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::act(tx, &caller)?;
            action::application::apply(tx, &parts, &permit, &code, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn own(State(app): State<App>, caller: Caller) -> Result<Reply<OwnApplications>> {
    let applications = app
        .db
        .read(move |tx| {
            let permit = access::act(tx, &caller)?;
            store::application::page_own(tx, &permit)
        })
        .await?;
    Ok(Reply::ok(OwnApplications { applications }))
}

pub async fn withdraw(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::act(tx, &caller)?;
            action::application::withdraw(tx, &permit, guild)
        })
        .await?;
    Ok(Done::default())
}

pub async fn page(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Query(page): Query<PageOf>,
) -> Result<Reply<Applications>> {
    let found = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::Vouch)?;
            store::application::page(tx, &permit, page.after(), page.sought(MEMBERS_PAGE))
        })
        .await?;
    let (applications, end) = page.cut(MEMBERS_PAGE, found);
    Ok(Reply::ok(Applications { applications, end }))
}

pub async fn applicant(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, user): AtTwo<GuildId, UserId>,
) -> Result<Reply<Applicant>> {
    let applicant = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::Vouch)?;
            action::application::applicant(tx, &permit, user)
        })
        .await?;
    Ok(Reply::ok(applicant))
}

pub async fn approve(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, user): AtTwo<GuildId, UserId>,
    Body(request): Body<Approve>,
) -> Result<Reply<Appended>> {
    let parts = app.clone();
    let appended = app
        .db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::Vouch)?;
            action::application::approve(tx, &parts, &permit, user, &request)
        })
        .await?;
    Ok(Reply::ok(appended))
}

pub async fn decline(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, user): AtTwo<GuildId, UserId>,
    Body(request): Body<Decline>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::Vouch)?;
            action::application::decline(tx, &permit, user, &request)
        })
        .await?;
    Ok(Done::default())
}
