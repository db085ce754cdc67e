//! A sender whose ciphertexts are random bytes: the server can't tell.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use cloister_proof::{Roster, policy::SUITE_TEXT};
use cloister_wire::{
    Bytes, ChannelId, DeviceId, Hash, Octets, Txn,
    channel::{EpochView, MessageClass, SealedContent, Send, Sent, Share, Shared, Wrap},
    key::Envelope,
    limits::ENVELOPES_PER_SHARE,
};

use crate::{api::Api, env, person::Person};

/// What a sealed message of a line or two has.
const CIPHERTEXT: usize = 300;
/// What a sealed group key has.
const ENVELOPE: usize = 500;

/// A device that has shared its session with everybody in its channel. Each has a connection of
/// its own.
pub(crate) struct Voice {
    api: Api,
    person: Person,
    channel: ChannelId,
    view: EpochView,
    session: Hash,
    next_index: u32,
    writes: u64,
    /// Bytes of the ciphertexts that it sends.
    length: usize,
}

/// One message that was acknowledged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub(crate) txn: Txn,
    /// When its request began.
    pub(crate) begun: Instant,
}

impl Voice {
    pub(crate) async fn of(api: Api, person: Person, channel: ChannelId) -> Result<Self> {
        let path = format!("/api/v1/channels/{channel}/epoch?since=0");
        let view: EpochView = api.get(&path, &person.token).await?;
        let roster = view.roster.as_ref().context("the server shows no roster")?;
        let roster = Roster::parse(roster.as_ref())?;
        let session = Octets(env::random()?);
        let others: Vec<_> = roster
            .entries()
            .filter(|one| one.device != person.device)
            .collect();
        let path = format!("/api/v1/channels/{channel}/shares");
        let mut writes = 0;
        for some in others.chunks(ENVELOPES_PER_SHARE) {
            writes += 1;
            let envelopes = some
                .iter()
                .map(|one| envelope(one.device, one.reg_id))
                .collect::<Result<Vec<_>>>()?;
            let share = Share {
                session,
                epoch: view.epoch,
                roster_hash: view.roster_hash,
                from_index: 0,
                shared_history: true,
                envelopes,
                withheld: vec![],
                writes,
            };
            let _: Shared = api.post(&path, Some(&person.token), &share).await?;
        }
        Ok(Self {
            api,
            person,
            channel,
            view,
            session,
            next_index: 0,
            writes,
            length: CIPHERTEXT,
        })
    }

    /// Sends ciphertexts of this many bytes from now on.
    pub(crate) const fn with_length(mut self, length: usize) -> Self {
        self.length = length;
        self
    }

    pub(crate) fn token(&self) -> &str {
        &self.person.token
    }

    /// Where a page of `limit` messages before `before` is read.
    pub(crate) fn history(&self, before: u64, limit: u64) -> String {
        let channel = self.channel;
        format!("/api/v1/channels/{channel}/messages?before={before}&limit={limit}")
    }

    /// Sends one message after the other; how long each took.
    pub(crate) async fn speak_until(&mut self, end: Instant) -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        while env::instant() < end {
            times.push(self.say().await?.begun.elapsed());
        }
        Ok(times)
    }

    /// Sends one message and waits until it is acknowledged.
    pub(crate) async fn say(&mut self) -> Result<Said> {
        let message = self.message()?;
        let begun = env::instant();
        let path = format!("/api/v1/channels/{}/messages", self.channel);
        let _: Sent = self
            .api
            .post(&path, Some(&self.person.token), &message)
            .await?;
        Ok(Said {
            txn: message.txn,
            begun,
        })
    }

    fn message(&mut self) -> Result<Send> {
        let msg_index = self.next_index;
        self.next_index += 1;
        self.writes += 1;
        Ok(Send {
            txn: Txn::new(env::now_ms(), &env::random()?),
            epoch: self.view.epoch,
            roster_hash: self.view.roster_hash,
            suite: SUITE_TEXT,
            class: MessageClass::Message,
            target: None,
            thread: None,
            notify: None,
            ttl_s: None,
            content: SealedContent::Group {
                session: self.session,
                msg_index,
                ct: sealed(self.length)?,
            },
            c2: Octets(env::random()?),
            wraps: vec![],
            writes: self.writes,
        })
    }
}

fn envelope(device: DeviceId, reg_id: u32) -> Result<Wrap> {
    let envelope = Envelope {
        reg_id,
        kind: 0,
        ct: sealed(ENVELOPE)?,
    };
    Ok(Wrap {
        device,
        dedupe_id: Octets(env::random()?),
        envelope,
    })
}

/// As random as a ciphertext, and like one no valid text.
fn sealed(length: usize) -> Result<Bytes> {
    let mut bytes = vec![3, 0xff, 0xfe];
    while bytes.len() < length {
        bytes.extend(env::random::<32>()?);
    }
    Ok(Bytes(bytes))
}
