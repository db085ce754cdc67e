//! The server's word on where a guild's log stands. Members tell each other what they were shown, so
//! that a server that shows them different logs convicts itself.

use cloister_wire::{GuildId, channel::SignedHead};

use crate::{ProofError, Purpose, Signer, guild_log::Position};

fn payload(incarnation: u64, guild: GuildId, position: Position) -> Vec<u8> {
    [
        &incarnation.to_be_bytes()[..],
        guild.as_bytes(),
        &position.seq.to_be_bytes(),
        &position.head.0,
    ]
    .concat()
}

/// The server's signature over the newest entry of a guild's log.
pub fn sign(
    incarnation: u64,
    guild: GuildId,
    position: Position,
    signer: &dyn Signer,
) -> SignedHead {
    SignedHead {
        seq: position.seq,
        head: position.head,
        signature: signer.sign_for(Purpose::LogHead, &payload(incarnation, guild, position)),
    }
}

pub fn verify(
    incarnation: u64,
    guild: GuildId,
    signed: &SignedHead,
    server_key: &cloister_wire::Hash,
) -> Result<(), ProofError> {
    let position = Position {
        seq: signed.seq,
        head: signed.head,
    };
    let payload = payload(incarnation, guild, position);
    Purpose::LogHead.verify(server_key, &payload, &signed.signature)
}

#[cfg(test)]
mod tests {
    use cloister_wire::Octets;
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::transcript;

    #[test]
    fn a_head_counts_for_its_log_and_its_place_only() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let guild = GuildId::from_bytes([1; 16]);
        let position = Position {
            seq: 9,
            head: Octets([3; 32]),
        };
        let signed = sign(2, guild, position, &key);
        let server = key.public_key();
        assert_eq!(verify(2, guild, &signed, &server), Ok(()));
        assert!(verify(1, guild, &signed, &server).is_err());
        assert!(verify(2, GuildId::from_bytes([2; 16]), &signed, &server).is_err());
        let mut moved = signed.clone();
        moved.seq = 8;
        assert!(verify(2, guild, &moved, &server).is_err());
        // A channel of the same id is another thing.
        let channel = cloister_wire::ChannelId::from_bytes(*guild.as_bytes());
        assert!(transcript::verify(2, channel, &signed, &server).is_err());
    }
}
