//! What the operator does from a client. Whatever changes something needs password and second
//! factor of a moment ago.

use axum::{
    extract::State,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use cloister_wire::{
    SecurityEventId, UserId,
    operate::{
        Everybody, HAPPENED_EXPORT, HAPPENED_PAGE, Happened, HappenedPage, LimitInForce,
        LimitsInForce, LookAfter, MailStanding, MailTested, PeopleState, Policy, ResetLink,
        SetPolicy, TestMail,
    },
    security::SecurityEventKind,
};
use serde::Deserialize;

use super::{
    address::{At, Query},
    audit::{Format, harmless},
    extract::Body,
    reply::{Done, Reply},
};
use crate::{
    App, Error, Result,
    access::{self, Caller},
    action::{
        self,
        operate::{Asked, Sought},
    },
    config::Limit,
    mail::{EmailAddress, round},
    operator, store,
    visitor::{Visitor, place_text},
};

/// Longest part of a name that is looked for.
const WITH_CHARS: usize = 48;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Those {
    #[serde(default)]
    with: String,
    #[serde(default)]
    state: PeopleState,
    #[serde(default)]
    after: String,
}

/// Which of what happened.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    username: Option<String>,
    kind: Option<SecurityEventKind>,
    since: Option<u64>,
    until: Option<u64>,
    before: Option<SecurityEventId>,
    format: Option<Format>,
}

impl Which {
    fn asked(self) -> Asked {
        Asked {
            username: self.username.filter(|name| !name.is_empty()),
            kind: self.kind,
            since: self.since,
            until: self.until,
            before: self.before,
        }
    }
}

pub async fn people(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<Those>,
) -> Result<Reply<Everybody>> {
    let typed = [&asked.with, &asked.after];
    if typed
        .iter()
        .any(|text| text.chars().count() > WITH_CHARS || text.contains('\0'))
    {
        return Err(Error::invalid("Nobody has a name like this."));
    }
    let parts = app.clone();
    let sought = Sought {
        with: asked.with,
        state: asked.state,
        after: asked.after,
    };
    let everybody = app
        .db
        .read(move |tx| {
            let permit = access::operate(tx, &caller)?;
            action::operate::everybody(tx, &parts, &permit, &sought)
        })
        .await?;
    Ok(Reply::ok(everybody))
}

pub async fn look_after(
    State(app): State<App>,
    caller: Caller,
    visitor: Visitor,
    At(user): At<UserId>,
    Body(request): Body<LookAfter>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::operate_proved(tx, &caller)?;
            action::operate::look_after(tx, &parts, &permit, (user, request.deed), &visitor)
        })
        .await?;
    Ok(Done::default())
}

pub async fn reset(
    State(app): State<App>,
    caller: Caller,
    visitor: Visitor,
    At(user): At<UserId>,
) -> Result<Reply<ResetLink>> {
    let parts = app.clone();
    let token = app
        .db
        .write(move |tx| {
            let permit = access::operate_proved(tx, &caller)?;
            action::operate::offer_reset(tx, &parts, &permit, user, &visitor)
        })
        .await?;
    let address = app.config.address(app.config.listen);
    Ok(Reply::created(ResetLink {
        url: format!("{address}/reset#{token}"),
    }))
}

pub async fn mail(State(app): State<App>, caller: Caller) -> Result<Reply<MailStanding>> {
    let since = app.env.now().saturating_sub(round::KEPT_MS);
    let standing = app
        .db
        .read(move |tx| {
            let permit = access::operate(tx, &caller)?;
            store::mail::standing(tx, &permit, since)
        })
        .await?;
    let mail = &app.config.mail;
    Ok(Reply::ok(MailStanding {
        server: mail.server.clone(),
        port: mail.port(),
        tls: mail.tls.name().to_owned(),
        from: mail.from.clone(),
        waiting: standing.waiting,
        sent: standing.sent,
        failed: standing.failed,
        said: standing.said,
    }))
}

pub async fn test_mail(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<TestMail>,
) -> Result<Reply<MailTested>> {
    let to = EmailAddress::parse(&request.to)?;
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::operate_proved(tx, &caller)?;
            action::operate::count_test(tx, &parts, &permit)
        })
        .await?;
    let trouble = operator::mail::test_on(&app, &to).await?.err();
    Ok(Reply::ok(MailTested { trouble }))
}

pub async fn policy(State(app): State<App>, caller: Caller) -> Result<Reply<Policy>> {
    let parts = app.clone();
    let policy = app
        .db
        .read(move |tx| {
            let permit = access::operate(tx, &caller)?;
            action::policy::show(tx, &parts, &permit)
        })
        .await?;
    Ok(Reply::ok(policy))
}

pub async fn set_policy(
    State(app): State<App>,
    caller: Caller,
    visitor: Visitor,
    Body(request): Body<SetPolicy>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::operate_proved(tx, &caller)?;
            action::policy::choose(tx, &parts, &permit, &request, &visitor)
        })
        .await?;
    Ok(Done::default())
}

pub async fn events(
    State(app): State<App>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Reply<HappenedPage>> {
    let asked = which.asked();
    let page = app
        .db
        .read(move |tx| {
            let permit = access::operate(tx, &caller)?;
            action::operate::happened(tx, &permit, &asked, HAPPENED_PAGE)
        })
        .await?;
    Ok(Reply::ok(page))
}

/// The newest that fit, as a file; that somebody took them is an event itself.
pub async fn export(
    State(app): State<App>,
    caller: Caller,
    visitor: Visitor,
    Query(which): Query<Which>,
) -> Result<Response> {
    let format = which.format.unwrap_or(Format::Csv);
    let asked = which.asked();
    let events = app
        .db
        .write(move |tx| {
            let permit = access::operate_proved(tx, &caller)?;
            let page = action::operate::happened(tx, &permit, &asked, HAPPENED_EXPORT)?;
            // Nothing is handed out that is not written down.
            action::operate::note_export(tx, &permit, page.events.len(), &visitor)?;
            Ok(page.events)
        })
        .await?;
    let (kind, name, body) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "security.csv", csv(&events)?),
        Format::Json => (
            "application/json",
            "security.json",
            serde_json::to_vec_pretty(&events).map_err(Error::internal)?,
        ),
    };
    let headers = [
        (CONTENT_TYPE, kind.to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, body).into_response())
}

/// One row for each event.
fn csv(events: &[Happened]) -> Result<Vec<u8>> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let head = [
        "id",
        "at",
        "kind",
        "user",
        "username",
        "by",
        "by_name",
        "device",
        "address",
        "place",
        "user_agent",
        "about",
    ];
    table.write_record(head).map_err(Error::internal)?;
    for event in events {
        let user = |id: Option<UserId>| id.map(|id| id.to_string()).unwrap_or_default();
        let kind = serde_json::to_value(event.kind).map_err(Error::internal)?;
        let device = event.device.map(|device| device.to_string());
        let cells = [
            event.id.to_string(),
            event.at.to_string(),
            kind.as_str().unwrap_or_default().to_owned(),
            user(event.user),
            event.username.clone().unwrap_or_default(),
            user(event.by),
            event.by_name.clone().unwrap_or_default(),
            device.unwrap_or_default(),
            event.address.clone(),
            place_text(&event.place),
            event.user_agent.clone(),
            event.about.clone(),
        ];
        table
            .write_record(cells.iter().map(|cell| harmless(cell)))
            .map_err(Error::internal)?;
    }
    table
        .into_inner()
        .map_err(|error| Error::internal(error.to_string()))
}

pub async fn limits(State(app): State<App>, caller: Caller) -> Result<Reply<LimitsInForce>> {
    app.db
        .read(move |tx| access::operate(tx, &caller).map(|_| ()))
        .await?;
    let limits = app.config.limits.table().into_iter().map(in_force);
    Ok(Reply::ok(LimitsInForce {
        limits: limits.collect(),
    }))
}

fn in_force(limit: Limit) -> LimitInForce {
    LimitInForce {
        key: limit.key.to_owned(),
        most: limit.most,
        window_s: limit.window_s,
        counts: limit.counts.to_owned(),
    }
}
