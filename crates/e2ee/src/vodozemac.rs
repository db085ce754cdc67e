//! The real primitives: vodozemac's Olm and Megolm, version 2 of both (untruncated MACs).

use cloister_proof::Signer;
use cloister_wire::{Hash, Octets};
use rand_core::CryptoRng;
use serde::{Serialize, de::DeserializeOwned};
use vodozemac::{
    Curve25519PublicKey,
    megolm::{
        self, ExportedSessionKey, GroupSession, InboundGroupSession, MegolmMessage, SessionKey,
    },
    olm::{self, Account, OlmMessage, Session},
};

use crate::{OlmCiphertext, OpenError, Primitives};

#[derive(Debug)]
pub struct Vodozemac;

/// An account as a signer of the project's structures.
pub struct DeviceAccount(Account);

impl std::fmt::Debug for DeviceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceAccount")
    }
}

impl Signer for DeviceAccount {
    fn public_key(&self) -> Hash {
        Octets(*self.0.ed25519_key().as_bytes())
    }

    fn sign(&self, message: &[u8]) -> Octets<64> {
        Octets(self.0.sign(message).to_bytes())
    }
}

impl Primitives for Vodozemac {
    type Account = DeviceAccount;
    type Session = Session;
    type Outbound = GroupSession;
    type Inbound = InboundGroupSession;

    fn new_account(_: &mut dyn CryptoRng) -> DeviceAccount {
        DeviceAccount(Account::new())
    }

    fn identity(account: &DeviceAccount) -> Hash {
        Octets(account.0.curve25519_key().to_bytes())
    }

    fn one_time_keys(
        account: &mut DeviceAccount,
        count: usize,
        _: &mut dyn CryptoRng,
    ) -> Vec<Hash> {
        let made = account.0.generate_one_time_keys(count);
        account.0.mark_keys_as_published();
        made.created
            .iter()
            .map(|key| Octets(key.to_bytes()))
            .collect()
    }

    fn fallback_key(account: &mut DeviceAccount, _: &mut dyn CryptoRng) -> Hash {
        account.0.generate_fallback_key();
        let key = account
            .0
            .fallback_key()
            .into_values()
            .next()
            .expect("a fallback key was just made");
        account.0.mark_keys_as_published();
        Octets(key.to_bytes())
    }

    fn account_to_bytes(account: &DeviceAccount) -> Vec<u8> {
        to_bytes(&account.0.pickle())
    }

    fn account_from_bytes(bytes: &[u8]) -> Option<DeviceAccount> {
        from_bytes(bytes).map(|pickle| DeviceAccount(Account::from_pickle(pickle)))
    }

    fn open_session(
        account: &DeviceAccount,
        identity: &Hash,
        prekey: &Hash,
        _: &mut dyn CryptoRng,
    ) -> Option<Session> {
        let config = olm::SessionConfig::version_2();
        account
            .0
            .create_outbound_session(config, curve(identity), curve(prekey))
            .ok()
    }

    fn accept_session(
        account: &mut DeviceAccount,
        identity: &Hash,
        message: &OlmCiphertext,
    ) -> Result<(Session, Vec<u8>), OpenError> {
        let OlmMessage::PreKey(message) = parse(message)? else {
            return Err(OpenError::Corrupt);
        };
        account
            .0
            .create_inbound_session(olm::SessionConfig::version_2(), curve(identity), &message)
            .map(|made| (made.session, made.plaintext))
            .map_err(|error| match error {
                olm::SessionCreationError::MissingOneTimeKey(_) => OpenError::UnknownPrekey,
                olm::SessionCreationError::MismatchedIdentityKey(..) => OpenError::Mismatch,
                _ => OpenError::Corrupt,
            })
    }

    fn session_id(session: &Session) -> String {
        session.session_id()
    }

    fn opened_session_id(message: &OlmCiphertext) -> Option<String> {
        match parse(message).ok()? {
            OlmMessage::PreKey(message) => Some(message.session_id()),
            OlmMessage::Normal(_) => None,
        }
    }

    fn encrypt(session: &mut Session, plain: &[u8]) -> Option<OlmCiphertext> {
        let (kind, ct) = session.encrypt(plain).ok()?.to_parts();
        Some(OlmCiphertext {
            kind: kind as u8,
            ct,
        })
    }

    fn decrypt(session: &mut Session, message: &OlmCiphertext) -> Result<Vec<u8>, OpenError> {
        session
            .decrypt(&parse(message)?)
            .map_err(|_| OpenError::Corrupt)
    }

    fn session_to_bytes(session: &Session) -> Vec<u8> {
        to_bytes(&session.pickle())
    }

    fn session_from_bytes(bytes: &[u8]) -> Option<Session> {
        from_bytes(bytes).map(Session::from_pickle)
    }

    fn new_outbound(_: &mut dyn CryptoRng) -> GroupSession {
        GroupSession::new(megolm::SessionConfig::version_2())
    }

    fn outbound_id(session: &GroupSession) -> Hash {
        group_id(&session.session_id())
    }

    fn outbound_index(session: &GroupSession) -> u32 {
        session.message_index()
    }

    fn outbound_key(session: &GroupSession) -> Vec<u8> {
        session.session_key().to_bytes()
    }

    fn outbound_encrypt(session: &mut GroupSession, plain: &[u8]) -> Vec<u8> {
        session.encrypt(plain).to_bytes()
    }

    fn outbound_to_bytes(session: &GroupSession) -> Vec<u8> {
        to_bytes(&session.pickle())
    }

    fn outbound_from_bytes(bytes: &[u8]) -> Option<GroupSession> {
        from_bytes(bytes).map(GroupSession::from_pickle)
    }

    fn inbound(key: &[u8]) -> Option<InboundGroupSession> {
        let key = SessionKey::from_bytes(key).ok()?;
        Some(InboundGroupSession::new(
            &key,
            megolm::SessionConfig::version_2(),
        ))
    }

    fn inbound_id(session: &InboundGroupSession) -> Hash {
        group_id(&session.session_id())
    }

    fn inbound_first_index(session: &InboundGroupSession) -> u32 {
        session.first_known_index()
    }

    fn inbound_decrypt(
        session: &mut InboundGroupSession,
        ct: &[u8],
    ) -> Result<(Vec<u8>, u32), OpenError> {
        let message = MegolmMessage::from_bytes(ct).map_err(|_| OpenError::Corrupt)?;
        let opened = session.decrypt(&message).map_err(|error| match error {
            megolm::DecryptionError::UnknownMessageIndex(..) => OpenError::NoKey,
            _ => OpenError::Corrupt,
        })?;
        Ok((opened.plaintext, opened.message_index))
    }

    fn inbound_to_bytes(session: &InboundGroupSession) -> Vec<u8> {
        to_bytes(&session.pickle())
    }

    fn inbound_from_bytes(bytes: &[u8]) -> Option<InboundGroupSession> {
        from_bytes(bytes).map(InboundGroupSession::from_pickle)
    }

    fn inbound_export(session: &InboundGroupSession) -> Vec<u8> {
        session.export_at_first_known_index().to_bytes()
    }

    fn inbound_import(key: &[u8]) -> Option<InboundGroupSession> {
        let key = ExportedSessionKey::from_bytes(key).ok()?;
        Some(InboundGroupSession::import(
            &key,
            megolm::SessionConfig::version_2(),
        ))
    }

    fn inbound_merge(
        known: &mut InboundGroupSession,
        other: &mut InboundGroupSession,
    ) -> Option<InboundGroupSession> {
        known.merge(other)
    }
}

fn curve(key: &Hash) -> Curve25519PublicKey {
    Curve25519PublicKey::from_bytes(key.0)
}

fn parse(message: &OlmCiphertext) -> Result<OlmMessage, OpenError> {
    OlmMessage::from_parts(usize::from(message.kind), &message.ct).map_err(|_| OpenError::Corrupt)
}

/// A Megolm session id is the base64 of its Ed25519 key.
fn group_id(text: &str) -> Hash {
    let bytes = vodozemac::base64_decode(text).expect("vodozemac writes base64");
    Octets(bytes.try_into().expect("a session id has 32 bytes"))
}

fn to_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("writing to memory does not fail");
    bytes
}

fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    ciborium::from_reader(bytes).ok()
}
