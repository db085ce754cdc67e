//! Suite 1, exactly as devices use it.

use cloister_e2ee::{OlmCiphertext, Primitives, vodozemac::Vodozemac};
use cloister_proof::Signer;
use cloister_wire::{Hash, Octets};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde_json::{Value, json};
use vodozemac::base64_encode;

use crate::{Answer, bytes, plain, text};

pub struct Side {
    chance: ChaCha20Rng,
    account: <Vodozemac as Primitives>::Account,
    session: Option<<Vodozemac as Primitives>::Session>,
    outbound: Option<<Vodozemac as Primitives>::Outbound>,
    inbound: Option<<Vodozemac as Primitives>::Inbound>,
}

fn key(request: &Value, field: &str) -> Result<Hash, String> {
    let bytes: [u8; 32] = bytes(request, field)?
        .try_into()
        .map_err(|_| format!("{field} is no key"))?;
    Ok(Octets(bytes))
}

impl Side {
    pub fn new() -> Self {
        let mut chance = ChaCha20Rng::from_seed([1; 32]);
        Self {
            account: Vodozemac::new_account(&mut chance),
            chance,
            session: None,
            outbound: None,
            inbound: None,
        }
    }

    pub fn answer(&mut self, name: &str, request: &Value) -> Answer {
        match name {
            "keys" => {
                let made = Vodozemac::one_time_keys(&mut self.account, 1, &mut self.chance);
                Ok(json!({
                    "identity": base64_encode(Vodozemac::identity(&self.account).0),
                    "signing": base64_encode(self.account.public_key().0),
                    "one_time": base64_encode(made[0].0),
                }))
            }
            "open" => {
                let (identity, one_time) = (key(request, "identity")?, key(request, "one_time")?);
                let made =
                    Vodozemac::open_session(&self.account, &identity, &one_time, &mut self.chance);
                self.session = Some(made.ok_or("no session with these keys")?);
                Ok(json!({}))
            }
            "accept" => {
                let (identity, message) = (key(request, "identity")?, letter(request)?);
                let made = Vodozemac::accept_session(&mut self.account, &identity, &message);
                let (session, opened) = made.map_err(|error| error.to_string())?;
                self.session = Some(session);
                plain(&opened)
            }
            "encrypt" => {
                let session = self.session.as_mut().ok_or("no session")?;
                let made = Vodozemac::encrypt(session, text(request, "plain")?.as_bytes());
                let made = made.ok_or("nothing was encrypted")?;
                Ok(json!({ "kind": made.kind, "ct": base64_encode(made.ct) }))
            }
            "decrypt" => {
                let session = self.session.as_mut().ok_or("no session")?;
                let opened = Vodozemac::decrypt(session, &letter(request)?);
                plain(&opened.map_err(|error| error.to_string())?)
            }
            "group" => {
                let session = Vodozemac::new_outbound(&mut self.chance);
                let key = base64_encode(Vodozemac::outbound_key(&session));
                self.outbound = Some(session);
                Ok(json!({ "key": key }))
            }
            "group_encrypt" => {
                let session = self.outbound.as_mut().ok_or("no group session")?;
                let ct = Vodozemac::outbound_encrypt(session, text(request, "plain")?.as_bytes());
                Ok(json!({ "ct": base64_encode(ct) }))
            }
            "join" => {
                let made = Vodozemac::inbound(&bytes(request, "key")?);
                self.inbound = Some(made.ok_or("no session with this key")?);
                Ok(json!({}))
            }
            "group_decrypt" => {
                let session = self.inbound.as_mut().ok_or("no group session")?;
                let opened = Vodozemac::inbound_decrypt(session, &bytes(request, "ct")?);
                plain(&opened.map_err(|error| error.to_string())?.0)
            }
            other => Err(format!("suite_{other}: unknown")),
        }
    }
}

fn letter(request: &Value) -> Result<OlmCiphertext, String> {
    let kind = request["kind"].as_u64().ok_or("kind is missing")?;
    Ok(OlmCiphertext {
        kind: u8::try_from(kind).map_err(|error| error.to_string())?,
        ct: bytes(request, "ct")?,
    })
}
