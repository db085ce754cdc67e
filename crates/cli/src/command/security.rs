//! What guards one's account: password, second factor, sign-ins, and what happened to it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use cloister_client::view::{AccountAct, AccountReply, Command, CommandReply};
use cloister_wire::{ErrorCode, SessionId, security::Which};
use serde_json::json;

use super::operator::place;
use crate::{
    arguments::Global,
    failure::{self, Failure},
    print::{Print, moment, printable},
    seat::{self, Seat},
    secret::{self, Typed},
    target::unexpected,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Password {
    /// Choose another password; every other device is signed out
    Change {
        /// File with the new password (`-`: stdin)
        #[arg(long, value_name = "FILE")]
        new_password_file: Option<PathBuf>,
        #[command(flatten)]
        proof: Proof,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Session {
    /// List where you are signed in
    List,
    /// End a sign-in
    Revoke {
        /// Its id
        #[arg(required_unless_present_any = ["others", "all"])]
        id: Option<SessionId>,
        /// All but this one
        #[arg(long, conflicts_with = "all")]
        others: bool,
        /// All, this one too
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        proof: Proof,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Factor {
    /// Whether a second factor is on, and how many backup codes are left
    Show,
    /// Set up an authenticator; prints its secret, takes a first code, prints the backup codes
    Enable(Proof),
    /// Turn the authenticator off
    Disable(Proof),
    /// New backup codes in the place of the old ones
    BackupCodes(Proof),
}

/// What sensitive commands may ask for once more.
#[derive(Debug, Args)]
pub(crate) struct Proof {
    /// File with your password (`-`: stdin); without it, it is asked for when it is needed
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Code of your authenticator, or a backup code
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
}

impl Password {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        let Password::Change {
            new_password_file,
            proof,
        } = self;
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            let current = proof.password()?;
            let new = secret::read(new_password_file.as_deref(), "New password", Typed::Twice)?;
            let code = proof.code.clone();
            act(seat, AccountAct::ChangePassword { current, new, code }).await?;
            let note = "password changed; your other devices are signed out";
            seat.print.line(&json!({"state": "changed"}), note)
        })
    }
}

impl Session {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            match self {
                Session::List => list(seat).await,
                Session::Revoke {
                    id,
                    others,
                    all,
                    proof,
                } => {
                    let act = match id {
                        Some(session) => AccountAct::EndSignIn { session },
                        None => AccountAct::EndSignIns {
                            which: if all && !others {
                                Which::All
                            } else {
                                Which::Others
                            },
                        },
                    };
                    sensitive(seat, act, &proof).await?;
                    seat.print.line(&json!({"state": "ended"}), "ended")
                }
            }
        })
    }
}

impl Factor {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            match self {
                Factor::Show => show(seat).await,
                Factor::Enable(proof) => enable(seat, &proof).await,
                Factor::Disable(proof) => {
                    let password = proof.password()?;
                    let code = proof.code("Code, or a backup code")?;
                    act(seat, AccountAct::DisableTotp { password, code }).await?;
                    seat.print.line(&json!({"state": "off"}), "off")
                }
                Factor::BackupCodes(proof) => {
                    let reply = sensitive(seat, AccountAct::RenewBackupCodes, &proof).await?;
                    codes(seat, reply)
                }
            }
        })
    }
}

/// What happened to the account.
pub(crate) fn events(global: &Global, print: &Print) -> Result<(), Failure> {
    seat::with_profile(global, print, async |seat| {
        seat.reach().await?;
        let AccountReply::SecurityEvents { events } = act(seat, AccountAct::SecurityEvents).await?
        else {
            return Err(strange());
        };
        for event in events.iter().rev() {
            let kind = json!(event.kind);
            let kind = kind.as_str().unwrap_or_default().to_owned();
            let device = event.device_name.as_deref().unwrap_or_default();
            seat.print.line(
                &json!({
                    "at": event.at, "kind": kind, "place": event.place,
                    "device": event.device_name, "user_agent": event.user_agent,
                    "unseen": event.unseen,
                }),
                format_args!(
                    "{}  {kind}  from {}  {}",
                    moment(event.at),
                    place(&event.place),
                    printable(device)
                ),
            )?;
        }
        act(seat, AccountAct::SecurityEventsSeen).await.map(|_| ())
    })
}

async fn list(seat: &Seat<'_>) -> Result<(), Failure> {
    let AccountReply::SignIns { sign_ins } = act(seat, AccountAct::SignIns).await? else {
        return Err(strange());
    };
    for one in sign_ins {
        let this = if one.this_one { "  this one" } else { "" };
        let name = one.device_name.clone().unwrap_or_default();
        seat.print.line(
            &json!({
                "id": one.session, "device": one.device, "device_name": one.device_name,
                "user_agent": one.user_agent, "place": one.place, "created_at": one.created_at,
                "last_seen_at": one.last_seen_at, "expires_at": one.expires_at,
                "this_one": one.this_one,
            }),
            format_args!(
                "{}  {}  from {}  last used {}{this}",
                one.session,
                printable(&name),
                place(&one.place),
                moment(one.last_seen_at),
            ),
        )?;
    }
    Ok(())
}

async fn show(seat: &Seat<'_>) -> Result<(), Failure> {
    let AccountReply::Factors(factors) = act(seat, AccountAct::Factors).await? else {
        return Err(strange());
    };
    let said = match factors.totp_at {
        Some(at) => format!(
            "on since {}, {} backup codes left",
            moment(at),
            factors.backup_codes_left
        ),
        None => "off".to_owned(),
    };
    seat.print.line(
        &json!({
            "totp_at": factors.totp_at, "backup_codes_left": factors.backup_codes_left,
            "required": factors.required,
        }),
        said,
    )
}

async fn enable(seat: &Seat<'_>, proof: &Proof) -> Result<(), Failure> {
    let AccountReply::Totp(totp) = sensitive(seat, AccountAct::OfferTotp, proof).await? else {
        return Err(strange());
    };
    for pair in totp.qr.chunks(2) {
        seat.print.note(half_blocks(pair));
    }
    seat.print.line(
        &json!({"secret": totp.secret, "url": totp.url}),
        format_args!("secret: {}", totp.secret),
    )?;
    let code = secret::read_line("First code of the authenticator")?;
    codes(seat, act(seat, AccountAct::ActivateTotp { code }).await?)
}

/// Two rows of a picture as one line of text, dark on light.
fn half_blocks(rows: &[String]) -> String {
    let dark = |row: usize, column: usize| {
        rows.get(row)
            .is_some_and(|row| row.as_bytes().get(column) == Some(&b'1'))
    };
    let width = rows.first().map_or(0, String::len);
    (0..width)
        .map(|column| match (dark(0, column), dark(1, column)) {
            (false, false) => '█',
            (false, true) => '▀',
            (true, false) => '▄',
            (true, true) => ' ',
        })
        .collect()
}

fn codes(seat: &Seat<'_>, reply: AccountReply) -> Result<(), Failure> {
    let AccountReply::BackupCodes { codes } = reply else {
        return Err(strange());
    };
    seat.print.note(
        "Keep these backup codes where you keep nothing else of this account. Each opens once, \
         and they are not shown again.",
    );
    seat.print
        .line(&json!({"backup_codes": codes}), codes.join("\n"))
}

/// An act that may ask for password and code once more.
pub(super) async fn sensitive(
    seat: &Seat<'_>,
    what: AccountAct,
    proof: &Proof,
) -> Result<AccountReply, Failure> {
    match act(seat, what.clone()).await {
        Err(failure) if failure.is(ErrorCode::ProofRequired) => {}
        other => return other,
    }
    let password = proof.password()?;
    let code = proof.code.clone();
    let given = AccountAct::Prove {
        password: password.clone(),
        code,
    };
    match act(seat, given).await {
        Err(failure) if failure.is(ErrorCode::SecondFactorRequired) && Print::can_ask() => {
            let code = Some(proof.code("Code, or a backup code")?);
            act(seat, AccountAct::Prove { password, code }).await?;
        }
        other => {
            other?;
        }
    }
    act(seat, what).await
}

pub(super) async fn act(seat: &Seat<'_>, act: AccountAct) -> Result<AccountReply, Failure> {
    match seat.command(Command::Account { act }).await? {
        CommandReply::Account { reply } => Ok(reply),
        other => Err(unexpected(&other)),
    }
}

pub(super) fn strange() -> Failure {
    Failure::new(
        failure::OTHER,
        &failure::name(ErrorCode::Internal),
        "The answer is not one to this question.",
    )
}

impl Proof {
    fn password(&self) -> Result<String, Failure> {
        secret::read(self.password_file.as_deref(), "Password", Typed::Once)
    }

    fn code(&self, prompt: &str) -> Result<String, Failure> {
        match &self.code {
            Some(code) => Ok(code.clone()),
            None => secret::read_line(prompt),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_drawn_with_two_rows_in_a_line() {
        let rows = ["0101".to_owned(), "0011".to_owned()];
        assert_eq!(half_blocks(&rows), "█▄▀ ");
        assert_eq!(half_blocks(&rows[..1]), "█▄█▄");
    }
}
