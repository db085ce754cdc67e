//! Two devices that show the same seven emoji if nobody stands between them.
//!
//! Whoever answers commits to a key first, so that neither side (and nobody between) can try
//! keys until the emoji fit. Everything that is to be believed afterwards is in what the emoji
//! are made from: the transaction, both sides with their roles, both keys and both persons'
//! first log entries. At last each side sends MACs over its own keys, each under a name that
//! says what kind of key it is: an id can never be taken for a key.

mod emoji;

use cloister_proof::{decode, encode, fingerprint::base32, hash};
use cloister_wire::{DeviceId, Hash, Octets, UserId};
use minicbor::{Decode, Encode};
use vodozemac::{
    Curve25519PublicKey,
    sas::{EstablishedSas, Mac, Sas},
};

pub use emoji::{Emoji, emoji};

/// What a comparison is for. It is part of what is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum About {
    /// Two people.
    #[n(0)]
    Person,
    /// A person's device, and one that waits to become theirs.
    #[n(1)]
    Device,
}

/// One of the two, as the other has to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Side {
    #[n(0)]
    pub user: UserId,
    #[n(1)]
    pub device: DeviceId,
    #[n(2)]
    pub signing: Hash,
    #[n(3)]
    pub identity: Hash,
    /// Hash of the first entry of the person's device log.
    #[n(4)]
    pub genesis: Hash,
}

/// Who compares what with whom. Both must have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Frame {
    #[n(0)]
    pub about: About,
    #[n(1)]
    pub txn: Octets<16>,
    #[n(2)]
    pub starter: Side,
    #[n(3)]
    pub answerer: Side,
}

impl Frame {
    fn hash(&self) -> Hash {
        hash(&[b"cloister/sas/frame/v1", &encode(self)])
    }

    fn commitment(&self, key: &Hash) -> Hash {
        hash(&[b"cloister/sas/commit/v1", &encode(self), &key.0])
    }

    fn side(&self, role: Role) -> &Side {
        match role {
            Role::Starter => &self.starter,
            Role::Answerer => &self.answerer,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Starter,
    Answerer,
}

impl Role {
    const fn other(self) -> Self {
        match self {
            Self::Starter => Self::Answerer,
            Self::Answerer => Self::Starter,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Starter => "starter",
            Self::Answerer => "answerer",
        }
    }
}

/// A message of a comparison. It travels openly: it proves itself, or the emoji differ.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Step {
    /// To all devices of somebody, or to the one that waits: shall we compare?
    #[n(0)]
    Ask {
        #[n(0)]
        about: About,
    },
    /// The answer: the hash of a key that is shown later.
    #[n(1)]
    Commit {
        #[n(0)]
        commitment: Hash,
    },
    #[n(2)]
    StarterKey {
        #[n(0)]
        key: Hash,
    },
    #[n(3)]
    AnswererKey {
        #[n(0)]
        key: Hash,
    },
    /// The person saw the same emoji.
    #[n(4)]
    Same {
        #[n(0)]
        genesis: Hash,
        #[n(1)]
        signing: Hash,
        #[n(2)]
        identity: Hash,
    },
    /// It is over: 0 given up, 1 the emoji differed, 2 another device took it.
    #[n(5)]
    End {
        #[n(0)]
        why: u8,
    },
}

/// A step with the comparison it belongs to, as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Letter {
    #[n(0)]
    pub v: u8,
    #[n(1)]
    pub txn: Octets<16>,
    #[n(2)]
    pub step: Step,
}

impl Letter {
    pub fn new(txn: Octets<16>, step: Step) -> Self {
        Self { v: 1, txn, step }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    pub fn parse(bytes: &[u8]) -> Option<Self> {
        decode::<Self>(bytes).ok().filter(|letter| letter.v == 1)
    }
}

/// Why a comparison must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SasError {
    #[error("this step does not follow")]
    OutOfTurn,
    #[error("the key is not the one that was promised")]
    BrokenPromise,
    #[error("the key is not a proper one")]
    BadKey,
    #[error("the other side means other keys")]
    Mismatch,
}

/// One side of a comparison.
pub struct Comparison {
    frame: Frame,
    role: Role,
    state: State,
    /// The person here saw the same emoji.
    same_here: bool,
    /// The other side's proof that its person did.
    same_there: bool,
}

enum State {
    /// The starter waits for the promise.
    Asked(Sas),
    /// The answerer waits for the starter's key.
    Promised(Sas),
    /// The starter has shown its key and holds the other to the promise.
    Shown(Sas, Hash),
    Established(Box<Shared>),
    Over,
}

struct Shared {
    sas: EstablishedSas,
    starter_key: Hash,
    answerer_key: Hash,
}

impl std::fmt::Debug for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Comparison({:?})", self.role)
    }
}

impl Comparison {
    /// For whoever asked, once it is known which device answers.
    pub fn start(frame: Frame) -> Self {
        Self::with(frame, Role::Starter, State::Asked(Sas::new()))
    }

    /// For whoever was asked: with the promise to send.
    pub fn answer(frame: Frame) -> (Self, Step) {
        let sas = Sas::new();
        let commitment = frame.commitment(&octets(sas.public_key()));
        let state = State::Promised(sas);
        (
            Self::with(frame, Role::Answerer, state),
            Step::Commit { commitment },
        )
    }

    #[expect(
        clippy::large_types_passed_by_value,
        reason = "a comparison keeps its frame"
    )]
    const fn with(frame: Frame, role: Role, state: State) -> Self {
        Self {
            frame,
            role,
            state,
            same_here: false,
            same_there: false,
        }
    }

    /// Takes the other side's step; gives the one that answers it. After an error it is over.
    pub fn take(&mut self, step: &Step) -> Result<Option<Step>, SasError> {
        let state = std::mem::replace(&mut self.state, State::Over);
        match (state, step) {
            (State::Asked(sas), Step::Commit { commitment }) => {
                let key = octets(sas.public_key());
                self.state = State::Shown(sas, *commitment);
                Ok(Some(Step::StarterKey { key }))
            }
            (State::Promised(sas), Step::StarterKey { key }) => {
                let own = octets(sas.public_key());
                self.establish(sas, *key, own)?;
                Ok(Some(Step::AnswererKey { key: own }))
            }
            (State::Shown(sas, commitment), Step::AnswererKey { key }) => {
                if self.frame.commitment(key) != commitment {
                    return Err(SasError::BrokenPromise);
                }
                let own = octets(sas.public_key());
                self.establish(sas, own, *key)?;
                Ok(None)
            }
            (
                State::Established(shared),
                Step::Same {
                    genesis,
                    signing,
                    identity,
                },
            ) if !self.same_there => {
                let theirs = self.frame.side(self.role.other());
                for (kind, id, key, mac) in named(theirs, [genesis, signing, identity]) {
                    let info = self.mac_info(self.role.other(), kind, &id);
                    shared
                        .sas
                        .verify_mac(&base32(&key.0), &info, &Mac::from_slice(&mac.0))
                        .map_err(|_| SasError::Mismatch)?;
                }
                self.state = State::Established(shared);
                self.same_there = true;
                Ok(None)
            }
            _ => Err(SasError::OutOfTurn),
        }
    }

    fn establish(
        &mut self,
        sas: Sas,
        starter_key: Hash,
        answerer_key: Hash,
    ) -> Result<(), SasError> {
        let theirs = match self.role {
            Role::Starter => answerer_key,
            Role::Answerer => starter_key,
        };
        // One's own key back would make both sides one.
        if theirs == octets(sas.public_key()) {
            return Err(SasError::BadKey);
        }
        let sas = sas
            .diffie_hellman(Curve25519PublicKey::from_bytes(theirs.0))
            .map_err(|_| SasError::BadKey)?;
        self.state = State::Established(Box::new(Shared {
            sas,
            starter_key,
            answerer_key,
        }));
        Ok(())
    }

    /// What both people look at, once both keys are there.
    pub fn emoji(&self) -> Option<[Emoji; 7]> {
        let State::Established(shared) = &self.state else {
            return None;
        };
        let bytes = shared.sas.bytes(&format!(
            "cloister/sas/v1|{}|{}|{}",
            base32(&self.frame.hash().0),
            base32(&shared.starter_key.0),
            base32(&shared.answerer_key.0)
        ));
        Some(bytes.emoji_indices().map(emoji))
    }

    /// The person here saw the same emoji: the proof for the other side.
    pub fn same(&mut self) -> Result<Step, SasError> {
        let State::Established(shared) = &self.state else {
            return Err(SasError::OutOfTurn);
        };
        let own = self.frame.side(self.role);
        let blank = Octets([0; 32]);
        let [genesis, signing, identity] = named(own, [&blank; 3]).map(|(kind, id, key, _)| {
            let info = self.mac_info(self.role, kind, &id);
            let mac = shared.sas.calculate_mac(&base32(&key.0), &info);
            Octets(mac.as_bytes().try_into().expect("an HMAC has 32 bytes"))
        });
        self.same_here = true;
        Ok(Step::Same {
            genesis,
            signing,
            identity,
        })
    }

    /// Both people saw the same emoji, and both keys check.
    pub fn is_done(&self) -> bool {
        self.same_here && self.same_there
    }

    pub const fn said_same(&self) -> bool {
        self.same_here
    }

    /// The other one, as it was compared.
    pub fn other(&self) -> &Side {
        self.frame.side(self.role.other())
    }

    /// What a MAC stands for: whose it is, what kind of key, and of what.
    fn mac_info(&self, from: Role, kind: &str, id: &[u8; 16]) -> String {
        format!(
            "cloister/sas-mac/v1|{}|{}|{kind}|{}",
            base32(&self.frame.hash().0),
            from.name(),
            base32(id)
        )
    }
}

/// The three keys of a side, each with its kind, what it is of, and the MAC that came with it.
fn named<'a>(
    side: &Side,
    [genesis, signing, identity]: [&'a Hash; 3],
) -> [(&'static str, [u8; 16], Hash, &'a Hash); 3] {
    let (user, device) = (*side.user.as_bytes(), *side.device.as_bytes());
    [
        ("genesis of user", user, side.genesis, genesis),
        ("signing key of device", device, side.signing, signing),
        ("identity key of device", device, side.identity, identity),
    ]
}

fn octets(key: Curve25519PublicKey) -> Hash {
    Octets(key.to_bytes())
}

#[cfg(test)]
mod tests;
