//! What is inside a message's ciphertext, padded so that its length says little.

use cloister_proof::{Context, decode, encode, frank};
use cloister_wire::{
    Hash, MessageId, Octets, UserId,
    channel::{MessageClass, SignedHead},
};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;

use crate::OpenError;

/// Shorter plaintexts are padded to this.
const MIN_BYTES: usize = 256;

/// The plaintext of a message.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Plain {
    #[n(0)]
    pub v: u8,
    #[n(1)]
    pub context: Context,
    /// Ms UTC by the sender's clock.
    #[n(2)]
    pub at_ms: u64,
    #[n(3)]
    pub content: MessageContent,
    /// Opens the commitment.
    #[n(4)]
    pub frank_key: Hash,
    /// The newest signed head that the sender had seen here: how everybody notices a server
    /// that shows different people different histories.
    #[n(5)]
    pub seen_seq: u64,
    #[n(6)]
    pub seen_head: Hash,
    #[n(7)]
    pub seen_signature: Octets<64>,
    /// The newest signed head of the guild's log that the sender had seen.
    #[n(8)]
    pub seen_log: Option<SeenLog>,
}

/// What the server signed of a guild's log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SeenLog {
    #[n(0)]
    pub seq: u64,
    #[n(1)]
    pub head: Hash,
    #[n(2)]
    pub signature: Octets<64>,
}

/// What is said. Edits, reactions and deletions are about the target in the context.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum MessageContent {
    #[n(0)]
    Text {
        #[n(0)]
        body: String,
        /// The message that this one answers.
        #[n(1)]
        reply: Option<MessageId>,
        /// Where the text comes from, as the sender says.
        #[n(2)]
        forwarded: Option<Forwarded>,
    },
    /// The target's text from now on. Counts only from the target's own author.
    #[n(1)]
    Edit {
        #[n(0)]
        body: String,
    },
    #[n(2)]
    Reaction {
        #[n(0)]
        emoji: String,
    },
    /// The sender's reaction with this emoji is withdrawn.
    #[n(3)]
    ReactionEnd {
        #[n(0)]
        emoji: String,
    },
    /// The author takes the target back: nobody keeps its content.
    #[n(4)]
    Deletion,
    #[n(5)]
    Poll {
        #[n(0)]
        question: String,
        #[n(1)]
        options: Vec<String>,
        /// 1 if a person may choose several.
        #[n(2)]
        many: u8,
        /// Votes that the server took later do not count. Ms UTC.
        #[n(3)]
        ends_at_ms: Option<u64>,
    },
    /// What the sender chooses in the target, a poll; replaces what they chose before.
    #[n(6)]
    Vote {
        /// Places in the poll's options, from 0.
        #[n(0)]
        choices: Vec<u32>,
    },
    /// What a conversation of several people is called from now on.
    #[n(7)]
    Name {
        #[n(0)]
        name: String,
    },
}

/// Whose words a forwarded text are, as the forwarder says: nobody can check it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Forwarded {
    #[n(0)]
    pub author: UserId,
    #[n(1)]
    pub at_ms: u64,
}

impl MessageContent {
    pub fn text(body: impl Into<String>) -> Self {
        Self::Text {
            body: body.into(),
            reply: None,
            forwarded: None,
        }
    }

    /// The class under which this content may travel; under another one it is not taken.
    pub const fn class(&self) -> MessageClass {
        match self {
            Self::Text { .. } | Self::Poll { .. } | Self::Name { .. } => MessageClass::Message,
            Self::Edit { .. }
            | Self::Reaction { .. }
            | Self::ReactionEnd { .. }
            | Self::Vote { .. } => MessageClass::Annotation,
            Self::Deletion => MessageClass::Control,
        }
    }
}

impl Plain {
    pub fn new(
        context: Context,
        at_ms: u64,
        content: MessageContent,
        seen: &SignedHead,
        chance: &mut dyn CryptoRng,
    ) -> Self {
        let mut frank_key = [0; 32];
        chance.fill_bytes(&mut frank_key);
        Self {
            v: 1,
            context,
            at_ms,
            content,
            frank_key: Octets(frank_key),
            seen_seq: seen.seq,
            seen_head: seen.head,
            seen_signature: seen.signature,
            seen_log: None,
        }
    }

    /// With what the sender had seen of the guild's log.
    #[must_use]
    pub fn with_log(mut self, seen: Option<SignedHead>) -> Self {
        self.seen_log = seen.map(|seen| SeenLog {
            seq: seen.seq,
            head: seen.head,
            signature: seen.signature,
        });
        self
    }

    /// The sender's commitment, which travels beside the ciphertext.
    pub fn commitment(&self) -> Hash {
        frank::commit(&self.frank_key, &self.context, &encode(&self.content))
    }

    pub fn log_seen(&self) -> Option<SignedHead> {
        self.seen_log.as_ref().map(|seen| SignedHead {
            seq: seen.seq,
            head: seen.head,
            signature: seen.signature,
        })
    }

    pub fn seen(&self) -> SignedHead {
        SignedHead {
            seq: self.seen_seq,
            head: self.seen_head,
            signature: self.seen_signature,
        }
    }

    /// Length as four bytes, the structure, zeros up to a padded length.
    pub fn to_padded(&self) -> Vec<u8> {
        let body = encode(self);
        let mut bytes = (body.len() as u32).to_be_bytes().to_vec();
        bytes.extend(body);
        bytes.resize(padme(bytes.len().max(MIN_BYTES)), 0);
        bytes
    }

    /// Reads a plaintext and checks that it belongs to `context` and opens `c2`. What does not
    /// is never shown, for it could not be reported.
    pub fn open(padded: &[u8], context: &Context, c2: &Hash) -> Result<Self, OpenError> {
        let (length, rest) = padded.split_first_chunk::<4>().ok_or(OpenError::Corrupt)?;
        let body = rest
            .get(..u32::from_be_bytes(*length) as usize)
            .ok_or(OpenError::Corrupt)?;
        let plain: Self = decode(body).map_err(|_| OpenError::Corrupt)?;
        if plain.v != 1 || plain.context != *context {
            return Err(OpenError::Mismatch);
        }
        if frank::opens(c2, &plain.frank_key, context, &encode(&plain.content)) {
            Ok(plain)
        } else {
            Err(OpenError::Corrupt)
        }
    }
}

/// The padded length of `length` bytes: at most 12 % more, leaking O(log log) bits
/// (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with
/// PURBs", PoPETs 2019(4), §4).
pub fn padme(length: usize) -> usize {
    if length < 2 {
        return length;
    }
    let exponent = length.ilog2();
    let size_bits = exponent.ilog2() + 1;
    let mask = (1usize << (exponent - size_bits)) - 1;
    (length + mask) & !mask
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Other programs read these: they never change.
    #[test]
    fn each_kind_of_content_has_its_encoding() {
        let (target, author) = (MessageId::from_bytes([7; 16]), UserId::from_bytes([9; 16]));
        let sixteen = |byte: &str| format!("50{}", byte.repeat(16));
        let a = || "a".to_owned();
        let answer = MessageContent::Text {
            body: a(),
            reply: Some(target),
            forwarded: None,
        };
        let forward = MessageContent::Text {
            body: a(),
            reply: None,
            forwarded: Some(Forwarded { author, at_ms: 5 }),
        };
        let poll = MessageContent::Poll {
            question: a(),
            options: vec!["b".to_owned(), "c".to_owned()],
            many: 1,
            ends_at_ms: None,
        };
        for (content, expected) in [
            (MessageContent::text("a"), "8200816161".to_owned()),
            (answer, format!("8200826161{}", sixteen("07"))),
            (forward, format!("8200836161f682{}05", sixteen("09"))),
            (MessageContent::Edit { body: a() }, "8201816161".to_owned()),
            (
                MessageContent::Reaction { emoji: a() },
                "8202816161".to_owned(),
            ),
            (
                MessageContent::ReactionEnd { emoji: a() },
                "8203816161".to_owned(),
            ),
            (MessageContent::Deletion, "820480".to_owned()),
            (poll, "820583616182616261630".to_owned() + "1"),
            (
                MessageContent::Vote {
                    choices: vec![0, 2],
                },
                "820681820002".to_owned(),
            ),
        ] {
            let bytes = encode(&content);
            let hex = bytes
                .iter()
                .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
            assert_eq!(hex, expected, "{content:?}");
            assert_eq!(decode::<MessageContent>(&bytes).as_ref(), Ok(&content));
        }
    }

    #[test]
    fn padding_follows_the_papers_rule() {
        assert_eq!(padme(256), 256);
        assert_eq!(padme(257), 272);
        assert_eq!(padme(1_000), 1_024);
        assert_eq!(padme(4_097), 4_352);
        for length in 2..20_000 {
            let padded = padme(length);
            assert!(
                padded >= length && padded * 100 <= length * 112 + 100,
                "{length} -> {padded}"
            );
        }
    }
}
