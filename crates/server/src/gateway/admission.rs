//! From `identify` to a session: who is it, is it really that device, where does it go on.

use std::{net::IpAddr, time::Duration};

use cloister_wire::{
    ErrorCode, Octets,
    gateway::{CloseCode, Identify, Resume},
};

use super::{
    bus::{Identity, Mailbox},
    session::{Admission, Carried, Input, Session},
};
use crate::{
    App, Error, Result,
    access::{self, Caller, Claims},
    action::{self, connection::Connect},
    store,
};

/// How long a session may take to hand itself over to a new connection.
const HAND_OVER: Duration = Duration::from_secs(2);

/// Somebody who was let in.
#[derive(Debug)]
pub struct Admitted {
    pub claims: Claims,
    pub session: Session,
    pub mailbox: Mailbox,
}

/// Checks who it is; then the named session goes on, or `session` becomes a new one.
pub async fn admit(
    app: &App,
    identify: Identify,
    session: Session,
    from: IpAddr,
) -> Result<Admitted, CloseCode> {
    let read = app
        .keys
        .tokens()
        .read_with_expiry(&identify.access_token, app.env.now());
    let (claims, expires_at) = read.ok_or(CloseCode::Unauthenticated)?;
    let claims = claims.shown_from(from);
    let resume = identify.resume.clone();
    connect(app, claims, identify).await?;
    let identity = Identity {
        user: claims.user,
        device: claims.device,
        session: claims.session,
    };
    if let Some(resume) = resume
        && let Some(carried) = take_over(app, identity, &resume).await
        && let Some(session) = carried.session.resume(resume.n, expires_at, app.env.now())
    {
        return Ok(Admitted {
            claims,
            session,
            mailbox: carried.mailbox,
        });
    }
    begin(app, claims, identity, session, expires_at)
        .await
        .map_err(|error| code_of(&error))
}

/// The device's pair of nonces decides whether its store is the one that was here last.
async fn connect(app: &App, claims: Claims, identify: Identify) -> Result<(), CloseCode> {
    let connected = app
        .db
        .write(move |tx| {
            let permit = access::enrol(tx, &Caller::Bearer(claims))?;
            action::connection::connect(tx, &permit, &identify)
        })
        .await;
    match connected {
        Ok(Connect::Accepted) => Ok(()),
        Ok(Connect::Cloned) => Err(CloseCode::DeviceCloned),
        Err(error) => Err(code_of(&error)),
    }
}

async fn take_over(app: &App, identity: Identity, resume: &Resume) -> Option<Carried> {
    let carried = app.bus.claim(resume.gateway, identity)?;
    tokio::time::timeout(HAND_OVER, carried).await.ok()?.ok()
}

/// A new gateway session. It listens before it reads where everything stands, so that nothing
/// falls between the two.
async fn begin(
    app: &App,
    claims: Claims,
    identity: Identity,
    mut session: Session,
    expires_at: u64,
) -> Result<Admitted> {
    let caller = Caller::Bearer(claims);
    let first = app
        .db
        .read(move |tx| access::subscription::derive(tx, &caller))
        .await?;
    let gateway = Octets(app.env.bytes());
    let guilds: Vec<_> = first.guilds().collect();
    let mailbox = app.bus.listen(identity, gateway, &guilds);
    let caller = Caller::Bearer(claims);
    let (ready, subscription) = app
        .db
        .read(move |tx| {
            let subscription = access::subscription::derive(tx, &caller)?;
            let permit = access::enrol(tx, &caller)?;
            Ok((
                store::connection::ready(tx, &permit, gateway)?,
                subscription,
            ))
        })
        .await?;
    app.bus.follow(mailbox.listener, subscription.guilds());
    let admission = Admission {
        ready,
        subscription,
        expires_at,
    };
    session.handle(Input::Admitted(Box::new(admission)), app.env.now());
    Ok(Admitted {
        claims,
        session,
        mailbox,
    })
}

/// How a refusal reads as the end of a connection.
pub fn code_of(error: &Error) -> CloseCode {
    match error.code() {
        ErrorCode::Unauthenticated | ErrorCode::DeviceRevoked | ErrorCode::AccountDisabled => {
            CloseCode::Unauthenticated
        }
        ErrorCode::DeviceCloned => CloseCode::DeviceCloned,
        code => {
            tracing::warn!(?code, %error, "a gateway session could not go on");
            CloseCode::Draining
        }
    }
}
