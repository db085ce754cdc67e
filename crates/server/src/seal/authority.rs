//! The server's word: what it signs and tags so that everybody can hold it to it.

use cloister_proof::{
    AuditCheckpoint, EpochRecord, LogEntry, Purpose, Signed, Signer, epoch, frank,
    guild_log::Position, log_head, transcript,
};
use cloister_wire::{
    Bytes, ChannelId, GuildId, Hash,
    channel::{EpochProof, SignedHead},
    limits,
};
use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

/// Signs epochs, guild logs and transcript heads, and tags messages. Prints nothing.
pub struct Authority {
    signing: SigningKey,
    /// Which life of the database this is.
    incarnation: u64,
    /// Keys of the tags, oldest first; the place in the list is the generation, from 1.
    frank: Vec<Zeroizing<[u8; 32]>>,
    /// How many devices it lets into an audience.
    devices_per_channel: usize,
}

impl Authority {
    pub fn new(signing: SigningKey, incarnation: u64, frank: Vec<Zeroizing<[u8; 32]>>) -> Self {
        Self {
            signing,
            incarnation,
            frank,
            devices_per_channel: limits::DEVICES_PER_CHANNEL,
        }
    }

    /// With another limit than the usual one.
    #[must_use]
    pub fn admitting(mut self, devices_per_channel: u32) -> Self {
        self.devices_per_channel = devices_per_channel as usize;
        self
    }

    pub const fn devices_per_channel(&self) -> usize {
        self.devices_per_channel
    }

    pub const fn incarnation(&self) -> u64 {
        self.incarnation
    }

    pub fn public_key(&self) -> Hash {
        self.signing.public_key()
    }

    /// Signs all epoch records of one transaction under one root.
    pub fn sign_epochs(&self, records: &[EpochRecord]) -> Vec<EpochProof> {
        epoch::sign_records(records, self.incarnation, &self.signing)
    }

    pub fn sign_entry(&self, entry: &LogEntry) -> Signed {
        Signed::seal(Purpose::LogEntry, entry, &[&self.signing])
    }

    pub fn sign_log_head(&self, guild: GuildId, position: Position) -> SignedHead {
        log_head::sign(self.incarnation, guild, position, &self.signing)
    }

    pub fn sign_checkpoint(&self, checkpoint: &AuditCheckpoint) -> Signed {
        Signed::seal(Purpose::AuditCheckpoint, checkpoint, &[&self.signing])
    }

    pub fn sign_head(&self, channel: ChannelId, seq: u64, head: Hash) -> SignedHead {
        transcript::sign(self.incarnation, channel, seq, head, &self.signing)
    }

    /// The tag with which a report can later prove that this server accepted a message.
    pub fn tag(&self, tagged: &frank::Tagged) -> Bytes {
        let newest = self.frank.last().expect("there is a first frank key");
        Bytes(frank::tag(newest, self.frank.len() as u32, tagged))
    }

    /// Whether this server made `tag` for exactly this, with this or an earlier key.
    pub fn tag_verifies(&self, tagged: &frank::Tagged, tag: &[u8]) -> bool {
        let Some((generation, _)) = tag.split_first_chunk::<4>() else {
            return false;
        };
        let generation = u32::from_be_bytes(*generation);
        let key = (generation as usize)
            .checked_sub(1)
            .and_then(|place| self.frank.get(place));
        key.is_some_and(|key| frank::tag_verifies(key, generation, tagged, tag))
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authority(incarnation {})", self.incarnation)
    }
}
