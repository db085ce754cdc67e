//! One JSON request a line, one JSON answer a line: Olm and Megolm as this project uses them
//! (suite 1, version 2 of both, through `cloister_e2ee`), and in version 1, which is all that
//! libolm speaks. Bytes travel as unpadded base64, as both libraries print them.

use std::io::{BufRead, Write};

use serde_json::{Value, json};
use vodozemac::{
    Curve25519PublicKey, base64_decode, base64_encode, megolm,
    olm::{Account, OlmMessage, Session, SessionConfig},
};

mod suite;

type Answer = Result<Value, String>;

/// What this side of the conversation holds.
struct Side {
    account: Account,
    session: Option<Session>,
    outbound: Option<megolm::GroupSession>,
    inbound: Option<megolm::InboundGroupSession>,
    suite: suite::Side,
}

fn main() {
    let mut side = Side {
        account: Account::new(),
        session: None,
        outbound: None,
        inbound: None,
        suite: suite::Side::new(),
    };
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.expect("text")).expect("JSON");
        let name = request["do"].as_str().unwrap_or_default().to_owned();
        let answer = match name.strip_prefix("suite_") {
            Some(name) => side.suite.answer(name, &request),
            None => side.answer(&name, &request),
        };
        let answer = answer.unwrap_or_else(|error| json!({ "error": error }));
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}").expect("somebody listens");
        out.flush().expect("somebody listens");
    }
}

pub fn text<'a>(request: &'a Value, field: &str) -> Result<&'a str, String> {
    request[field].as_str().ok_or_else(|| format!("{field} is missing"))
}

pub fn bytes(request: &Value, field: &str) -> Result<Vec<u8>, String> {
    base64_decode(text(request, field)?).map_err(|error| error.to_string())
}

fn curve(request: &Value, field: &str) -> Result<Curve25519PublicKey, String> {
    Curve25519PublicKey::from_base64(text(request, field)?).map_err(|error| error.to_string())
}

impl Side {
    fn answer(&mut self, name: &str, request: &Value) -> Answer {
        match name {
            "keys" => {
                self.account.generate_one_time_keys(1);
                let keys = self.account.one_time_keys();
                let one_time = keys.values().next().map(|key| key.to_base64());
                let answer = json!({
                    "identity": self.account.curve25519_key().to_base64(),
                    "signing": self.account.ed25519_key().to_base64(),
                    "one_time": one_time,
                });
                self.account.mark_keys_as_published();
                Ok(answer)
            }
            "sign" => {
                let signature = self.account.sign(text(request, "plain")?.as_bytes());
                Ok(json!({ "signature": signature.to_base64() }))
            }
            "open" => {
                let (identity, one_time) = (curve(request, "identity")?, curve(request, "one_time")?);
                let config = SessionConfig::version_1();
                let made = self.account.create_outbound_session(config, identity, one_time);
                self.session = Some(made.map_err(|error| error.to_string())?);
                Ok(json!({}))
            }
            "accept" => {
                let OlmMessage::PreKey(message) = olm(request)? else {
                    return Err("not a prekey message".to_owned());
                };
                let identity = curve(request, "identity")?;
                let config = SessionConfig::version_1();
                let made = self.account.create_inbound_session(config, identity, &message);
                let made = made.map_err(|error| error.to_string())?;
                self.session = Some(made.session);
                plain(&made.plaintext)
            }
            "encrypt" => {
                let session = self.session.as_mut().ok_or("no session")?;
                let message = session.encrypt(text(request, "plain")?);
                let (kind, ct) = message.map_err(|error| error.to_string())?.to_parts();
                Ok(json!({ "kind": kind, "ct": base64_encode(ct) }))
            }
            "decrypt" => {
                let session = self.session.as_mut().ok_or("no session")?;
                let opened = session.decrypt(&olm(request)?);
                plain(&opened.map_err(|error| error.to_string())?)
            }
            "group" => {
                let session = megolm::GroupSession::new(megolm::SessionConfig::version_1());
                let key = session.session_key().to_base64();
                self.outbound = Some(session);
                Ok(json!({ "key": key }))
            }
            "group_encrypt" => {
                let session = self.outbound.as_mut().ok_or("no group session")?;
                let ct = session.encrypt(text(request, "plain")?);
                Ok(json!({ "ct": ct.to_base64() }))
            }
            "join" => {
                let key = megolm::SessionKey::from_base64(text(request, "key")?);
                let key = key.map_err(|error| error.to_string())?;
                let config = megolm::SessionConfig::version_1();
                self.inbound = Some(megolm::InboundGroupSession::new(&key, config));
                Ok(json!({}))
            }
            "group_decrypt" => {
                let session = self.inbound.as_mut().ok_or("no group session")?;
                let message = megolm::MegolmMessage::from_base64(text(request, "ct")?);
                let message = message.map_err(|error| error.to_string())?;
                let opened = session.decrypt(&message).map_err(|error| error.to_string())?;
                plain(&opened.plaintext)
            }
            other => Err(format!("{other}: unknown")),
        }
    }
}

fn olm(request: &Value) -> Result<OlmMessage, String> {
    let kind = request["kind"].as_u64().ok_or("kind is missing")? as usize;
    OlmMessage::from_parts(kind, &bytes(request, "ct")?).map_err(|error| error.to_string())
}

pub fn plain(bytes: &[u8]) -> Answer {
    let text = String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string())?;
    Ok(json!({ "plain": text }))
}
