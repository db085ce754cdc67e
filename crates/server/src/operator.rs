//! What an operator does on the machine itself, beside a running server or without one.

pub mod account_application;
pub mod key;
pub mod mail;
pub mod person;
pub mod retention;

use std::path::Path;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cloister_wire::{ErrorCode, UserId, guild::Membership};

use crate::{
    App, Error, Result, access,
    action::{
        self,
        account::{Username, display_name},
        audit::Verdict,
        password::{self, Beside},
    },
    config::Config,
    env::Env,
    seal::password::{Password, check_imported},
    store::{self, account::NewAccount, invite::NewInvite},
};

/// An account that somebody will sign in to with their first device.
#[derive(Debug)]
pub struct NewUser {
    pub username: String,
    pub password: Initial,
    pub role: Role,
}

/// What an account begins with.
#[derive(Debug)]
pub enum Initial {
    Password(Password),
    /// A bcrypt hash of another program, which is replaced at the first sign-in.
    Hash(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Person,
    Operator,
}

/// How an invitation to the instance may be used.
#[derive(Debug, Clone, Copy)]
pub struct InviteTerms {
    /// 0: no limit.
    pub uses: u32,
    /// From now, in ms.
    pub lives_ms: Option<u64>,
}

/// An invitation to the instance.
#[derive(Debug, Clone)]
pub struct Invitation {
    pub code: String,
    pub url: String,
}

/// Makes an account without devices. The first operator ends the set-up link.
pub async fn user_create(data: &Path, config: Config, env: Env, new: NewUser) -> Result<UserId> {
    user(&App::open(data, config, env).await?, new).await
}

/// Makes an account without devices, on an open server.
pub async fn user(app: &App, user: NewUser) -> Result<UserId> {
    let username = Username::parse(&user.username)?;
    let display_name = display_name(&user.username)?;
    let password_hash = match user.password {
        Initial::Password(password) => {
            password::check(
                app.config.passwords.profile,
                Beside::Nothing,
                password.as_str(),
                &password::names(app, username.as_str(), &display_name),
            )?;
            app.hasher.hash(password).await?
        }
        Initial::Hash(hash) => {
            check_imported(&hash)?;
            hash
        }
    };
    let role = user.role;
    app.db
        .write(move |tx| {
            let permit = access::system(tx, "the operator makes an account");
            let operator_at = (role == Role::Operator).then(|| tx.now());
            let account = NewAccount {
                id: tx.id(UserId::new),
                username: username.as_str().to_owned(),
                display_name: display_name.clone(),
                password_hash: password_hash.clone(),
                operator_at,
            };
            if !store::account::insert(tx, &permit, &account)? {
                return Err(Error::refuse(
                    ErrorCode::UsernameTaken,
                    "This name is taken.",
                ));
            }
            if operator_at.is_some() {
                store::instance::update_set_up_hash(tx, &permit, None)?;
            }
            Ok(account.id)
        })
        .await
}

/// Makes an invitation to the instance.
pub async fn invite_create(
    data: &Path,
    config: Config,
    env: Env,
    terms: InviteTerms,
) -> Result<Invitation> {
    invite(&App::open(data, config, env).await?, terms).await
}

/// Makes an invitation to the instance, on an open server.
pub async fn invite(app: &App, terms: InviteTerms) -> Result<Invitation> {
    let address = app.config.address(app.config.listen);
    let code = URL_SAFE_NO_PAD.encode(app.env.bytes::<16>());
    let code_hash = app.keys.hash_secret("invite", code.as_bytes());
    app.db
        .write(move |tx| {
            let permit = access::system(tx, "the operator invites somebody");
            let invite = NewInvite {
                code_hash,
                to_guild: None,
                created_by: None,
                uses: terms.uses,
                expires_at: terms.lives_ms.map(|lives| tx.now() + lives),
                membership: Membership::Lasting,
            };
            if store::invite::insert(tx, &permit, &invite)? {
                Ok(())
            } else {
                Err(Error::internal("a random code was drawn twice"))
            }
        })
        .await?;
    Ok(Invitation {
        url: format!("{address}/invite/{code}"),
        code,
    })
}

/// Follows every audit log of the server, and compares it with checkpoints that somebody kept.
pub async fn audit_verify(
    data: &Path,
    config: Config,
    env: Env,
    kept: Vec<Vec<u8>>,
) -> Result<Verdict> {
    verify_audit(&App::open(data, config, env).await?, kept).await
}

/// The same on an open server.
pub async fn verify_audit(app: &App, kept: Vec<Vec<u8>>) -> Result<Verdict> {
    let authority = app.authority.clone();
    app.db
        .read(move |tx| {
            let permit = access::system(tx, "the operator verifies the audit logs");
            action::audit::verify(tx, &authority, &permit, &kept)
        })
        .await
}
