//! What people say in a channel, as a device would send it, without the secrets of encryption.

use cloister_proof::{EpochRecord, Roster};
use cloister_wire::{
    Bytes, ChannelId, DeviceId, Hash, MessageId, Octets, Txn,
    channel::{EpochView, MessageClass, SealedContent, Send, Share, Withhold, WithholdCode, Wrap},
    key::Envelope,
};
use serde_json::{Value, json};

use super::{
    Answer, Stage,
    person::{Device, Guild, Person, fixed},
};

/// A ciphertext that nobody takes for text.
pub fn ciphertext(number: u8) -> Bytes {
    Bytes([vec![3, 0xff, 0xfe], vec![number; 61]].concat())
}

pub fn txn(number: u8) -> Txn {
    fixed(number, Txn::new)
}

/// An envelope for one device.
pub fn wrap(device: DeviceId, number: u8) -> Wrap {
    let mut dedupe_id = [number; 32];
    dedupe_id[..16].copy_from_slice(device.as_bytes());
    let envelope = Envelope {
        reg_id: 1,
        kind: 0,
        ct: ciphertext(number),
    };
    Wrap {
        device,
        dedupe_id: Octets(dedupe_id),
        envelope,
    }
}

/// One device in one channel, with what it knows of the audience.
pub struct Voice<'a> {
    pub stage: &'a Stage,
    pub device: Device,
    pub channel: ChannelId,
    pub epoch: u64,
    pub roster_hash: Hash,
    pub roster: Roster,
    pub session: Hash,
}

impl<'a> Voice<'a> {
    /// A device that has just looked who reads the channel.
    pub async fn of(stage: &'a Stage, device: &Device, channel: ChannelId) -> Self {
        let mut voice = Self {
            stage,
            device: device.clone(),
            channel,
            epoch: 0,
            roster_hash: Octets([0; 32]),
            roster: Roster::default(),
            session: Octets([device.key.to_bytes()[0]; 32]),
        };
        voice.look().await;
        voice
    }

    /// Looks who reads the channel now.
    pub async fn look(&mut self) {
        let view = self.epoch_since(0).await;
        self.epoch = view.epoch;
        self.roster_hash = view.roster_hash;
        self.roster = Roster::parse(view.roster.unwrap().as_ref()).unwrap();
        assert_eq!(self.roster.hash(), self.roster_hash);
    }

    pub async fn epoch_since(&self, since: u64) -> EpochView {
        let path = format!("/api/v1/channels/{}/epoch?since={since}", self.channel);
        let answer = self
            .stage
            .get(&path)
            .bearing(&self.device.access)
            .send()
            .await;
        serde_json::from_value(answer.expect(200)).unwrap()
    }

    /// The other devices that read here.
    pub fn others(&self) -> Vec<DeviceId> {
        let all = self.roster.entries().map(|entry| entry.device);
        all.filter(|device| *device != self.device.id).collect()
    }

    pub fn sharing(&self, devices: &[DeviceId]) -> Share {
        Share {
            session: self.session,
            epoch: self.epoch,
            roster_hash: self.roster_hash,
            from_index: 0,
            shared_history: true,
            envelopes: devices
                .iter()
                .map(|device| wrap(*device, self.session.0[0]))
                .collect(),
            withheld: vec![],
            writes: 1,
        }
    }

    pub fn withholding(&self, devices: &[DeviceId]) -> Share {
        let code = WithholdCode::NoPrekey;
        let withheld = devices
            .iter()
            .map(|device| Withhold {
                device: *device,
                code,
            })
            .collect();
        Share {
            withheld,
            ..self.sharing(&[])
        }
    }

    pub async fn share(&self, share: &Share) -> Answer {
        let path = format!("/api/v1/channels/{}/shares", self.channel);
        self.stage
            .post(&path)
            .bearing(&self.device.access)
            .json(share)
            .send()
            .await
    }

    /// A message at an index of the session.
    pub fn message(&self, number: u8, msg_index: u32) -> Send {
        let session = self.session;
        Send {
            txn: txn(number ^ self.device.key.to_bytes()[0].rotate_left(4)),
            epoch: self.epoch,
            roster_hash: self.roster_hash,
            suite: 1,
            class: MessageClass::Message,
            target: None,
            thread: None,
            notify: None,
            ttl_s: None,
            content: SealedContent::Group {
                session,
                msg_index,
                ct: ciphertext(number),
            },
            c2: Octets([number; 32]),
            wraps: vec![],
            writes: 2,
        }
    }

    /// A direct message, with its key for `devices`.
    pub fn direct(&self, number: u8, devices: &[DeviceId]) -> Send {
        Send {
            content: SealedContent::Direct {
                ct: ciphertext(number),
            },
            wraps: devices.iter().map(|device| wrap(*device, number)).collect(),
            ..self.message(number, 0)
        }
    }

    pub fn about(&self, number: u8, index: u32, class: MessageClass, target: MessageId) -> Send {
        Send {
            class,
            target: Some(target),
            ..self.message(number, index)
        }
    }

    pub async fn send(&self, message: &Send) -> Answer {
        let path = format!("/api/v1/channels/{}/messages", self.channel);
        self.stage
            .post(&path)
            .bearing(&self.device.access)
            .json(message)
            .send()
            .await
    }

    /// Shares with everybody else and says `count` things from index 0 on.
    pub async fn say(&self, count: u8) {
        self.share(&self.sharing(&self.others())).await.expect(200);
        for number in 0..count {
            self.send(&self.message(number + 1, u32::from(number)))
                .await
                .expect(201);
        }
    }

    pub async fn history(&self, query: &str) -> Answer {
        let path = format!("/api/v1/channels/{}/messages{query}", self.channel);
        self.stage
            .get(&path)
            .bearing(&self.device.access)
            .send()
            .await
    }

    /// Checks the records of a view under the server's key.
    pub fn records(&self, view: &EpochView) -> Vec<EpochRecord> {
        let key = self.stage.app.authority.public_key();
        let verify = |proof| EpochRecord::verify(proof, 1, &key).unwrap();
        view.records.iter().map(verify).collect()
    }
}

/// The view in a refusal.
pub fn view_in(answer: &Answer) -> EpochView {
    serde_json::from_value(answer.body["epoch"].clone()).unwrap()
}

/// What waits for a device.
pub async fn queue(stage: &Stage, device: &Device) -> Vec<Value> {
    let answer = stage
        .get("/api/v1/to-device")
        .bearing(&device.access)
        .send()
        .await
        .expect(200);
    answer["items"].as_array().unwrap().clone()
}

/// Alice with a guild, and Bob who has joined it by a link.
pub async fn two(stage: &Stage) -> (Person, Person, Guild) {
    let alice = Person::set_up(stage, "alice", 1).await;
    let bob = Person::invited(stage, "bob", 2).await;
    let guild = alice.create_guild(stage, 3).await;
    let link = alice.invite(stage, &guild, "garden-gate", 0).await;
    bob.join(stage, &guild, &link).await.expect(201);
    (alice, bob, guild)
}

/// The conversation of two people.
pub async fn dm_of(stage: &Stage, one: &Person, other: &Person) -> ChannelId {
    let ask = stage.post("/api/v1/dms").bearing(&one.device.access);
    let answer = ask.json(json!({"peer": other.id})).send().await.expect(200);
    serde_json::from_value(answer["channel"]["id"].clone()).unwrap()
}
