//! Primitives without secrecy, for simulations: the same rules of who can open what, and when a
//! ratchet is out of step, at a hundredth of the cost. Signatures are real.
//!
//! A session opens each of its messages once and in any order within a window; a one-time key
//! opens one session; a group key opens messages from its index on. Nothing is hidden.

use std::collections::BTreeSet;

use cloister_proof::{Signer, decode, encode, hash};
use cloister_wire::{Bytes, Hash, Octets};
use ed25519_dalek::SigningKey;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;

use crate::{OlmCiphertext, OpenError, Primitives};

/// How far behind the newest one a message of a session may come.
const WINDOW: u64 = 40;

#[derive(Debug)]
pub struct Symbolic;

#[derive(Debug, Clone, Encode, Decode)]
#[cbor(map)]
pub struct Account {
    #[n(0)]
    seed: Hash,
    #[n(1)]
    identity: Hash,
    #[n(2)]
    one_time: BTreeSet<Hash>,
    #[n(3)]
    fallback: Vec<Hash>,
}

/// One side of a pair. `opener` says which.
#[derive(Debug, Clone, Encode, Decode)]
#[cbor(map)]
pub struct Session {
    #[n(0)]
    id: Hash,
    #[n(1)]
    opener: u8,
    #[n(2)]
    identity: Hash,
    #[n(3)]
    prekey: Hash,
    #[n(4)]
    sent: u64,
    #[n(5)]
    newest: u64,
    /// Numbers below `newest` that have not come yet.
    #[n(6)]
    skipped: BTreeSet<u64>,
    #[n(7)]
    heard: u8,
}

#[derive(Debug, Clone, Encode, Decode)]
#[cbor(map)]
struct Letter {
    #[n(0)]
    session: Hash,
    #[n(1)]
    from_opener: u8,
    #[n(2)]
    number: u64,
    #[n(3)]
    identity: Hash,
    #[n(4)]
    prekey: Hash,
    #[n(5)]
    plain: Bytes,
    #[n(6)]
    sum: Hash,
}

#[derive(Debug, Clone, Encode, Decode)]
#[cbor(map)]
pub struct Group {
    #[n(0)]
    id: Hash,
    #[n(1)]
    secret: Hash,
    #[n(2)]
    index: u32,
}

#[derive(Debug, Clone, Encode, Decode)]
#[cbor(map)]
struct GroupLetter {
    #[n(0)]
    group: Hash,
    #[n(1)]
    index: u32,
    #[n(2)]
    plain: Bytes,
    #[n(3)]
    sum: Hash,
}

impl Signer for Account {
    fn public_key(&self) -> Hash {
        SigningKey::from_bytes(&self.seed.0).public_key()
    }

    fn sign(&self, message: &[u8]) -> Octets<64> {
        Signer::sign(&SigningKey::from_bytes(&self.seed.0), message)
    }
}

impl Primitives for Symbolic {
    type Account = Account;
    type Session = Session;
    type Outbound = Group;
    type Inbound = Group;

    fn new_account(chance: &mut dyn CryptoRng) -> Account {
        Account {
            seed: draw(chance),
            identity: draw(chance),
            one_time: BTreeSet::new(),
            fallback: Vec::new(),
        }
    }

    fn identity(account: &Account) -> Hash {
        account.identity
    }

    fn one_time_keys(account: &mut Account, count: usize, chance: &mut dyn CryptoRng) -> Vec<Hash> {
        let made: Vec<Hash> = (0..count).map(|_| draw(chance)).collect();
        account.one_time.extend(&made);
        made
    }

    fn fallback_key(account: &mut Account, chance: &mut dyn CryptoRng) -> Hash {
        let key = draw(chance);
        account.fallback.insert(0, key);
        account.fallback.truncate(2);
        key
    }

    fn account_to_bytes(account: &Account) -> Vec<u8> {
        encode(account)
    }

    fn account_from_bytes(bytes: &[u8]) -> Option<Account> {
        decode(bytes).ok()
    }

    fn open_session(
        account: &Account,
        _: &Hash,
        prekey: &Hash,
        chance: &mut dyn CryptoRng,
    ) -> Option<Session> {
        let id = draw(chance);
        let (identity, prekey) = (account.identity, *prekey);
        Some(Session {
            id,
            opener: 1,
            identity,
            prekey,
            sent: 0,
            newest: 0,
            skipped: BTreeSet::new(),
            heard: 0,
        })
    }

    fn accept_session(
        account: &mut Account,
        identity: &Hash,
        message: &OlmCiphertext,
    ) -> Result<(Session, Vec<u8>), OpenError> {
        let letter = open_letter(message)?;
        if letter.identity != *identity {
            return Err(OpenError::Mismatch);
        }
        if !account.one_time.contains(&letter.prekey) && !account.fallback.contains(&letter.prekey)
        {
            return Err(OpenError::UnknownPrekey);
        }
        let mut session = Session {
            id: letter.session,
            opener: 0,
            identity: letter.identity,
            prekey: letter.prekey,
            sent: 0,
            newest: 0,
            skipped: BTreeSet::new(),
            heard: 0,
        };
        let plain = Self::decrypt(&mut session, message)?;
        account.one_time.remove(&letter.prekey);
        Ok((session, plain))
    }

    fn session_id(session: &Session) -> String {
        session.id.to_string()
    }

    fn opened_session_id(message: &OlmCiphertext) -> Option<String> {
        (message.kind == 0).then(|| {
            open_letter(message)
                .ok()
                .map(|letter| letter.session.to_string())
        })?
    }

    fn encrypt(session: &mut Session, plain: &[u8]) -> Option<OlmCiphertext> {
        session.sent += 1;
        let mut letter = Letter {
            session: session.id,
            from_opener: session.opener,
            number: session.sent,
            identity: session.identity,
            prekey: session.prekey,
            plain: plain.into(),
            sum: Octets([0; 32]),
        };
        letter.sum = hash(&[&encode(&letter)]);
        let kind = u8::from(session.opener == 0 || session.heard == 1);
        Some(OlmCiphertext {
            kind,
            ct: encode(&letter),
        })
    }

    fn decrypt(session: &mut Session, message: &OlmCiphertext) -> Result<Vec<u8>, OpenError> {
        let letter = open_letter(message)?;
        if letter.session != session.id || letter.from_opener == session.opener {
            return Err(OpenError::Corrupt);
        }
        if letter.number > session.newest {
            session.skipped.extend(session.newest + 1..letter.number);
            session.newest = letter.number;
            session
                .skipped
                .retain(|number| number + WINDOW > letter.number);
        } else if !session.skipped.remove(&letter.number) {
            return Err(OpenError::Corrupt);
        }
        session.heard = 1;
        Ok(letter.plain.0)
    }

    fn session_to_bytes(session: &Session) -> Vec<u8> {
        encode(session)
    }

    fn session_from_bytes(bytes: &[u8]) -> Option<Session> {
        decode(bytes).ok()
    }

    fn new_outbound(chance: &mut dyn CryptoRng) -> Group {
        Group {
            id: draw(chance),
            secret: draw(chance),
            index: 0,
        }
    }

    fn outbound_id(session: &Group) -> Hash {
        session.id
    }

    fn outbound_index(session: &Group) -> u32 {
        session.index
    }

    fn outbound_key(session: &Group) -> Vec<u8> {
        encode(session)
    }

    fn outbound_encrypt(session: &mut Group, plain: &[u8]) -> Vec<u8> {
        let (group, index, plain) = (session.id, session.index, Bytes::from(plain));
        let sum = group_sum(&session.secret, index, &plain);
        session.index += 1;
        encode(&GroupLetter {
            group,
            index,
            plain,
            sum,
        })
    }

    fn outbound_to_bytes(session: &Group) -> Vec<u8> {
        encode(session)
    }

    fn outbound_from_bytes(bytes: &[u8]) -> Option<Group> {
        decode(bytes).ok()
    }

    fn inbound(key: &[u8]) -> Option<Group> {
        decode(key).ok()
    }

    fn inbound_id(session: &Group) -> Hash {
        session.id
    }

    fn inbound_first_index(session: &Group) -> u32 {
        session.index
    }

    fn inbound_decrypt(session: &mut Group, ct: &[u8]) -> Result<(Vec<u8>, u32), OpenError> {
        let letter: GroupLetter = decode(ct).map_err(|_| OpenError::Corrupt)?;
        if letter.group != session.id
            || letter.sum != group_sum(&session.secret, letter.index, &letter.plain)
        {
            return Err(OpenError::Corrupt);
        }
        if letter.index < session.index {
            return Err(OpenError::NoKey);
        }
        Ok((letter.plain.0, letter.index))
    }

    fn inbound_to_bytes(session: &Group) -> Vec<u8> {
        encode(session)
    }

    fn inbound_from_bytes(bytes: &[u8]) -> Option<Group> {
        decode(bytes).ok()
    }

    fn inbound_export(session: &Group) -> Vec<u8> {
        encode(session)
    }

    fn inbound_import(key: &[u8]) -> Option<Group> {
        decode(key).ok()
    }

    fn inbound_merge(known: &mut Group, other: &mut Group) -> Option<Group> {
        let same = known.id == other.id && known.secret == other.secret;
        let further = if other.index < known.index {
            other
        } else {
            known
        };
        same.then(|| further.clone())
    }
}

fn draw(chance: &mut dyn CryptoRng) -> Hash {
    let mut bytes = [0; 32];
    chance.fill_bytes(&mut bytes);
    Octets(bytes)
}

fn open_letter(message: &OlmCiphertext) -> Result<Letter, OpenError> {
    let mut letter: Letter = decode(&message.ct).map_err(|_| OpenError::Corrupt)?;
    let sum = std::mem::replace(&mut letter.sum, Octets([0; 32]));
    if hash(&[&encode(&letter)]) == sum {
        Ok(letter)
    } else {
        Err(OpenError::Corrupt)
    }
}

fn group_sum(secret: &Hash, index: u32, plain: &Bytes) -> Hash {
    hash(&[&secret.0, &index.to_be_bytes(), plain.as_ref()])
}
