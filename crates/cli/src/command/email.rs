//! One's e-mail address.

use clap::Subcommand;
use cloister_client::view::{AccountAct, AccountReply};
use serde_json::json;

use super::security::{Proof, act, sensitive, strange};
use crate::{
    arguments::Global,
    failure::Failure,
    print::{Print, printable},
    seat,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Email {
    /// Your address, and one that waits for the link in a mail
    Show,
    /// Have a link mailed to an address, which makes it yours
    Set {
        address: String,
        #[command(flatten)]
        proof: Proof,
    },
    /// Confirm the address with the link of the mail
    Verify {
        /// The link, or what stands behind its #
        link: String,
    },
    /// Take your address away
    Remove(Proof),
}

impl Email {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            match self {
                Email::Show => {
                    let AccountReply::Email(email) = act(seat, AccountAct::Email).await? else {
                        return Err(strange());
                    };
                    let mut facts = vec![match &email.address {
                        Some(address) => printable(address).clone(),
                        None => "none".to_owned(),
                    }];
                    if let Some(wanted) = &email.wanted {
                        facts.push(format!("{} waits for its link", printable(wanted)));
                    }
                    if !email.mail {
                        facts.push("this server sends no mail".to_owned());
                    }
                    seat.print.line(
                        &json!({
                            "address": email.address, "wanted": email.wanted, "mail": email.mail,
                        }),
                        facts.join(", "),
                    )
                }
                Email::Set { address, proof } => {
                    sensitive(seat, AccountAct::SetEmail { address }, &proof).await?;
                    let note = "a mail is on its way; its link makes the address yours";
                    seat.print.line(&json!({"state": "wanted"}), note)
                }
                Email::Verify { link } => {
                    let token = link.rsplit_once('#').map_or(&*link, |(_, token)| token);
                    let token = token.trim().to_owned();
                    act(seat, AccountAct::VerifyEmail { token }).await?;
                    seat.print.line(&json!({"state": "confirmed"}), "confirmed")
                }
                Email::Remove(proof) => {
                    sensitive(seat, AccountAct::RemoveEmail, &proof).await?;
                    seat.print.line(&json!({"state": "removed"}), "removed")
                }
            }
        })
    }
}
