//! An event on its way to many connections: encoded once for each encoding, shared by all.

use std::sync::OnceLock;

use axum::body::Bytes;
use cloister_wire::{GuildId, gateway::Event};

use super::bus::Audience;

/// How frames are written on one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Json,
    Cbor,
}

/// An event with its audience and, once somebody needed them, its bytes.
#[derive(Debug)]
pub struct Published {
    pub audience: Audience,
    pub event: Event,
    json: OnceLock<Bytes>,
    cbor: OnceLock<Bytes>,
}

impl Published {
    pub const fn new(audience: Audience, event: Event) -> Self {
        Self {
            audience,
            event,
            json: OnceLock::new(),
            cbor: OnceLock::new(),
        }
    }

    /// The guild whose rights decide who hears this, and the version they must be derived at.
    pub const fn stamp(&self) -> Option<(GuildId, u64)> {
        match &self.audience {
            Audience::Guild {
                guild,
                access_version,
            }
            | Audience::Channel {
                guild,
                access_version,
                ..
            }
            | Audience::Readers {
                guild,
                access_version,
                ..
            } => Some((*guild, *access_version)),
            _ => None,
        }
    }

    /// `ServerFrame::Event` with this number: the shared bytes of the event in a frame of its
    /// own, without serialising it again.
    pub fn frame(&self, n: u64, encoding: Encoding) -> Vec<u8> {
        let body = self.body(encoding);
        let mut frame = Vec::with_capacity(body.len() + 40);
        match encoding {
            Encoding::Json => {
                frame.extend_from_slice(br#"{"op":"event","n":"#);
                frame.extend_from_slice(n.to_string().as_bytes());
                frame.extend_from_slice(br#","event":"#);
                frame.extend_from_slice(body);
                frame.push(b'}');
            }
            Encoding::Cbor => {
                // A map of three: "op", "n" as an unsigned integer of 8 bytes, "event".
                frame.extend_from_slice(b"\xa3\x62op\x65event\x61n\x1b");
                frame.extend_from_slice(&n.to_be_bytes());
                frame.extend_from_slice(b"\x65event");
                frame.extend_from_slice(body);
            }
        }
        frame
    }

    fn body(&self, encoding: Encoding) -> &Bytes {
        match encoding {
            Encoding::Json => self
                .json
                .get_or_init(|| encode(&self.event, encoding).into()),
            Encoding::Cbor => self
                .cbor
                .get_or_init(|| encode(&self.event, encoding).into()),
        }
    }
}

/// The bytes of a value that we made ourselves.
pub(super) fn encode(value: &impl serde::Serialize, encoding: Encoding) -> Vec<u8> {
    let mut out = Vec::new();
    match encoding {
        Encoding::Json => {
            serde_json::to_writer(&mut out, value).expect("wire types are writable as JSON");
        }
        Encoding::Cbor => {
            ciborium::into_writer(value, &mut out).expect("wire types are writable as CBOR");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use cloister_wire::{
        ChannelId, Permissions, UserId,
        gateway::{EventFrame, ServerFrame},
        guild::{Channel, Guild},
    };

    use super::*;

    fn id<T>(make: impl Fn([u8; 16]) -> T, byte: u8) -> T {
        make([byte; 16])
    }

    fn guild_joined() -> Published {
        let guild = Guild {
            id: id(GuildId::from_bytes, 1),
            kind: cloister_wire::guild::GuildKind::Guild,
            name: "Garden".to_owned(),
            icon: None,
            banner: None,
            emoji: Vec::new(),
            rules: None,
            rules_wait: false,
            questions: Vec::new(),
            newcomer_s: 0,
            links_s: 0,
            mentions_s: 0,
            retention_days: None,
            owner: id(UserId::from_bytes, 2),
            everyone: Permissions::EVERYONE,
            access_version: 3,
            log_seq: 4,
            member_count: 2,
            my_permissions: Permissions::ALL,
            my_roles: Vec::new(),
            roles: Vec::new(),
            categories: Vec::new(),
            channels: vec![Channel {
                id: id(ChannelId::from_bytes, 3),
                guild: Some(id(GuildId::from_bytes, 1)),
                name: "general".to_owned(),
                topic: String::new(),
                category: None,
                slow_mode_s: 0,
                retention_days: None,
                kept_days: None,
                writers: cloister_wire::guild::Writers::All,
                position: 0,
                epoch: 1,
                last_seq: 0,
                read_seq: 0,
                joined_seq: 0,
                scrub_seq: 0,
                pin_version: 0,
                waiting: 0,
                waits: false,
                continues: None,
                my_permissions: Permissions::ALL,
            }],
        };
        let user = Audience::User(id(UserId::from_bytes, 2));
        Published::new(
            user,
            Event::GuildJoined {
                guild: Box::new(guild),
            },
        )
    }

    #[test]
    fn a_spliced_frame_reads_as_the_frame_it_stands_for() {
        let published = guild_joined();
        for n in [1, 23, 24, 70_000, u64::from(u32::MAX) + 1] {
            let whole = ServerFrame::Event(EventFrame {
                n,
                event: published.event.clone(),
            });
            let json: ServerFrame =
                serde_json::from_slice(&published.frame(n, Encoding::Json)).unwrap();
            assert_eq!(json, whole);
            let cbor: ServerFrame =
                ciborium::from_reader(published.frame(n, Encoding::Cbor).as_slice()).unwrap();
            assert_eq!(cbor, whole);
        }
    }

    #[test]
    fn the_spliced_json_is_what_serialising_the_frame_gives() {
        let published = guild_joined();
        let whole = ServerFrame::Event(EventFrame {
            n: 9,
            event: published.event.clone(),
        });
        assert_eq!(
            published.frame(9, Encoding::Json),
            encode(&whole, Encoding::Json)
        );
    }

    #[test]
    fn the_event_is_encoded_once_for_all_receivers() {
        let published = guild_joined();
        let first = published.body(Encoding::Cbor).as_ptr();
        published.frame(1, Encoding::Cbor);
        assert_eq!(published.body(Encoding::Cbor).as_ptr(), first);
    }
}
