//! People with fixed keys: what their devices would sign, without the secrets of encryption.

use cloister_proof::{
    ChannelPolicy, DeviceCert, DeviceOffer, InviteCert, Op, Prekey, Purpose, Signed, Signer,
    devlog::{Body, Enrolment, Entry, RevokeReason},
    guild_log::{InviteUse, LogRights, OpBody, Position},
    hash,
    prekey::PrekeyKind,
    signed::challenge_payload,
};
use cloister_wire::{Bytes, ChannelId, DeviceId, GuildId, Hash, Octets, UserId, key::UploadKeys};
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

use super::{Answer, START, Stage};

pub const PASSWORD: &str = "vivid otter climbs nine";

/// One installation.
#[derive(Clone)]
pub struct Device {
    pub id: DeviceId,
    pub key: SigningKey,
    pub access: String,
    pub refresh: String,
}

/// Somebody with a first device.
#[derive(Clone)]
pub struct Person {
    pub name: &'static str,
    pub id: UserId,
    pub device: Device,
    pub recovery: SigningKey,
    pub genesis: Bytes,
    /// Hashes of the entries of the device log.
    pub heads: Vec<Hash>,
}

/// An id of version 7 that is the same in every run.
pub fn fixed<T>(number: u8, make: impl Fn(u64, &[u8; 10]) -> T) -> T {
    make(START + u64::from(number), &[number; 10])
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

impl Device {
    pub fn new(number: u8) -> Self {
        let id = fixed(number, DeviceId::new);
        Self {
            id,
            key: key(number),
            access: String::new(),
            refresh: String::new(),
        }
    }

    pub fn cert(&self, user: UserId) -> DeviceCert {
        let number = self.key.to_bytes()[0];
        DeviceCert {
            user,
            device: self.id,
            reg_id: 1,
            signing: self.key.public_key(),
            identity: Octets([number ^ 0x55; 32]),
            calls: Octets([number ^ 0xaa; 32]),
            platform: "cli".to_owned(),
            created_ms: START,
        }
    }

    /// Prekeys, signed.
    pub fn keys(&self, user: UserId) -> UploadKeys {
        let prekey = |key_id: u64, kind| {
            let prekey = Prekey {
                user,
                device: self.id,
                key_id,
                key: hash(&[self.id.as_bytes(), &key_id.to_be_bytes()]),
                kind,
                created_ms: START,
            };
            Bytes(Signed::seal(Purpose::Prekey, &prekey, &[&self.key]).to_bytes())
        };
        UploadKeys {
            one_time: (1..=3).map(|id| prekey(id, PrekeyKind::OneTime)).collect(),
            fallback: Some(prekey(100, PrekeyKind::Fallback)),
            replace: false,
        }
    }

    pub fn offer(&self, person: &Person) -> Bytes {
        let offer = DeviceOffer {
            cert: self.cert(person.id),
            genesis: person.heads[0],
        };
        Bytes(Signed::seal(Purpose::DeviceOffer, &offer, &[&self.key]).to_bytes())
    }

    fn signed_in(&mut self, answer: &Value) {
        answer["tokens"]["access_token"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.access);
        answer["tokens"]["refresh_token"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut self.refresh);
    }
}

/// What the server takes for a vault.
pub const VAULT: [u8; 80] = [7; 80];

impl Person {
    pub fn new(name: &'static str, number: u8) -> Self {
        let id = fixed(number, UserId::new);
        let device = Device::new(number);
        let recovery = key(number | 0x80);
        let body = Body::Genesis {
            device: device.cert(id),
            recovery_key: recovery.public_key(),
            vault: cloister_proof::hash(&[&VAULT]),
            reset_of: None,
        };
        let entry = Entry {
            v: 1,
            user: id,
            version: 1,
            prev: None,
            at_ms: START,
            body,
        };
        let signed = Signed::seal(Purpose::Devlog, &entry, &[&device.key, &recovery]);
        let heads = vec![signed.payload_hash()];
        Self {
            name,
            id,
            device,
            recovery,
            genesis: Bytes(signed.to_bytes()),
            heads,
        }
    }

    /// The body of a registration.
    pub fn registration(&self, admission: &Value) -> Value {
        json!({
            "admission": admission,
            "username": self.name,
            "display_name": self.name,
            "password": PASSWORD,
            "user": self.id,
            "genesis": self.genesis,
            "keys": self.device.keys(self.id),
            "vault": Bytes(VAULT.to_vec()),
            "name_ct": Bytes(vec![8; 40]),
            "client": "native",
        })
    }

    pub async fn register(&mut self, stage: &Stage, admission: Value) -> Value {
        let ask = stage
            .post("/api/v1/accounts")
            .json(self.registration(&admission));
        let answer = ask.send().await.expect(201);
        self.device.signed_in(&answer);
        answer
    }

    /// The operator, through the printed link.
    pub async fn set_up(stage: &Stage, name: &'static str, number: u8) -> Self {
        let mut person = Self::new(name, number);
        let token = stage.set_up_token().await;
        person
            .register(stage, json!({"set_up": {"token": token}}))
            .await;
        person
    }

    /// Somebody with an invitation to the instance.
    pub async fn invited(stage: &Stage, name: &'static str, number: u8) -> Self {
        let mut person = Self::new(name, number);
        let code = stage.instance_invite(1).await;
        person
            .register(stage, json!({"invite": {"code": code}}))
            .await;
        person
    }

    /// Signs in with a device, as a native client.
    pub async fn sign_in(&self, stage: &Stage, device: Value) -> Answer {
        let body = json!({
            "username": self.name, "password": PASSWORD, "device": device, "client": "native",
        });
        stage.post("/api/v1/sessions").json(body).send().await
    }

    /// A new device, which waits.
    pub async fn add_pending(&self, stage: &Stage, number: u8) -> Device {
        let mut device = Device::new(number);
        let new = json!({"new": {
            "cert": device.offer(self), "keys": device.keys(self.id), "name_ct": Bytes(vec![]),
        }});
        device.signed_in(&self.sign_in(stage, new).await.expect(201));
        device
    }

    /// What a device answers to the server's challenge.
    pub async fn known(&self, stage: &Stage, device: &Device) -> Value {
        let challenge = stage
            .post("/api/v1/challenges")
            .json(json!({"device": device.id}));
        let nonce: Hash =
            serde_json::from_value(challenge.send().await.expect(201)["nonce"].clone()).unwrap();
        let payload = challenge_payload(device.id, &nonce);
        let signature = device.key.sign_for(Purpose::Challenge, &payload);
        json!({"known": {"device": device.id, "nonce": nonce, "signature": signature}})
    }

    /// The next entry of the device log.
    pub fn entry(&self, body: Body, signer: &SigningKey) -> Signed {
        let entry = Entry {
            v: 1,
            user: self.id,
            version: self.heads.len() as u64 + 1,
            prev: self.heads.last().copied(),
            at_ms: START,
            body,
        };
        Signed::seal(Purpose::Devlog, &entry, &[signer])
    }

    pub fn approval(&self, device: &Device) -> Signed {
        let body = Body::AddDevice {
            offer: device.offer(self),
            how: Enrolment::Code,
            approver: Some(self.device.id),
        };
        self.entry(body, &self.device.key)
    }

    pub fn revocation(&self, device: DeviceId) -> Signed {
        let body = Body::Revoke {
            device,
            reason: RevokeReason::Lost,
            also: vec![],
        };
        self.entry(body, &self.device.key)
    }

    /// Appends to the device log with `token`, and remembers the new head.
    pub async fn append(&mut self, stage: &Stage, token: &str, entry: &Signed) -> Answer {
        let answer = stage
            .post("/api/v1/devlog")
            .bearing(token)
            .json(json!({"entry": Bytes(entry.to_bytes())}))
            .send()
            .await;
        if answer.status.is_success() {
            self.heads.push(entry.payload_hash());
        }
        answer
    }

    pub fn op(&self, guild: GuildId, after: Position, body: OpBody, more: &[&dyn Signer]) -> Bytes {
        self.op_at(1, guild, after, body, more)
    }

    /// As who the person was by the entry of this version, which began a life.
    pub fn op_at(
        &self,
        version: u64,
        guild: GuildId,
        after: Position,
        body: OpBody,
        more: &[&dyn Signer],
    ) -> Bytes {
        let op = Op {
            v: 1,
            guild,
            user: self.id,
            genesis: self.heads[version as usize - 1],
            device: self.device.id,
            devlog_version: version,
            after,
            at_ms: START,
            body,
        };
        let mut signers: Vec<&dyn Signer> = vec![&self.device.key];
        signers.extend(more);
        Bytes(Signed::seal(Purpose::GuildOp, &op, &signers).to_bytes())
    }

    /// Makes a guild with one channel.
    /// Signs in again with the device that they have.
    pub async fn comes_back(&mut self, stage: &Stage) -> serde_json::Value {
        let known = self.known(stage, &self.device).await;
        let back = self.sign_in(stage, known).await.expect(201);
        let access = back["tokens"]["access_token"].as_str().unwrap();
        access.clone_into(&mut self.device.access);
        back
    }

    pub async fn create_guild(&self, stage: &Stage, number: u8) -> Guild {
        let (body, genesis) = self.creation(number);
        let ask = stage.post("/api/v1/guilds").bearing(&self.device.access);
        let answer = ask.json(body).send().await.expect(201);
        let log = position(&answer["log"]);
        Guild {
            id: fixed(number, GuildId::new),
            channel: fixed(number | 0x40, ChannelId::new),
            genesis,
            log,
        }
    }

    /// The body of a request that makes a guild, and the hash that names its log.
    pub fn creation(&self, number: u8) -> (Value, Hash) {
        let guild = fixed(number, GuildId::new);
        let channel = fixed(number | 0x40, ChannelId::new);
        let everyone = LogRights(LogRights::INVITE.0);
        let create = self.op(guild, Position::START, OpBody::Create { everyone }, &[]);
        let genesis = Signed::parse(create.as_ref()).unwrap().payload_hash();
        let policy = OpBody::Policy {
            policy: ChannelPolicy::text(channel),
        };
        let policy = self.op(guild, Position::START, policy, &[]);
        let body = json!({
            "guild": guild, "name": "Garden", "create": create,
            "channel": {"channel": channel, "name": "general", "policy": policy},
        });
        (body, genesis)
    }

    /// The body of an invitation, and the key in its link.
    pub fn invitation(&self, guild: &Guild, code: &str, uses: u32) -> (Value, SigningKey) {
        let seed = key(0x77);
        let cert = InviteCert {
            guild: guild.id,
            guild_genesis: guild.genesis,
            log: guild.log,
            inviter: self.id,
            inviter_genesis: self.heads[0],
            code: code.to_owned(),
            key: seed.public_key(),
            uses,
            expires_ms: None,
        };
        let cert = Signed::seal(Purpose::InviteCert, &cert, &[&self.device.key, &seed]);
        let body = OpBody::Invite {
            code: code.to_owned(),
            cert: cert.payload_hash(),
            key: seed.public_key(),
            uses,
            expires_ms: None,
        };
        let op = self.op(guild.id, guild.log, body, &[]);
        (
            json!({"code": code, "cert": Bytes(cert.to_bytes()), "op": op}),
            seed,
        )
    }

    pub async fn invite(&self, stage: &Stage, guild: &Guild, code: &str, uses: u32) -> Link {
        let invitation = self.invitation(guild, code, uses);
        self.send_invitation(stage, guild, code, invitation).await
    }

    /// An invitation to stay for as long as one's connection lasts.
    pub async fn invite_guests(&self, stage: &Stage, guild: &Guild, code: &str) -> Link {
        let (mut body, seed) = self.invitation(guild, code, 0);
        body["membership"] = json!("temporary");
        self.send_invitation(stage, guild, code, (body, seed)).await
    }

    async fn send_invitation(
        &self,
        stage: &Stage,
        guild: &Guild,
        code: &str,
        (body, seed): (Value, SigningKey),
    ) -> Link {
        let path = format!("/api/v1/guilds/{}/invites", guild.id);
        stage
            .post(&path)
            .bearing(&self.device.access)
            .json(&body)
            .send()
            .await
            .expect(201);
        let cert = Signed::parse(
            serde_json::from_value::<Bytes>(body["cert"].clone())
                .unwrap()
                .as_ref(),
        );
        Link {
            code: code.to_owned(),
            cert: cert.unwrap().payload_hash(),
            seed,
        }
    }

    /// The body that ends an invitation.
    pub fn ending(&self, guild: &Guild, code: &str) -> Value {
        let body = OpBody::InviteEnd {
            code: code.to_owned(),
        };
        json!({"op": self.op(guild.id, guild.log, body, &[])})
    }

    /// The body of a join.
    pub fn joining(&self, guild: &Guild, link: &Link) -> Value {
        let invite = Some(InviteUse {
            code: link.code.clone(),
            cert: link.cert,
        });
        json!({"op": self.op(guild.id, guild.log, OpBody::Join { invite }, &[&link.seed])})
    }

    pub async fn join(&self, stage: &Stage, guild: &Guild, link: &Link) -> Answer {
        stage
            .post(&format!("/api/v1/invites/{}/join", link.code))
            .bearing(&self.device.access)
            .json(self.joining(guild, link))
            .send()
            .await
    }
}

/// A guild as its members know it.
#[derive(Clone)]
pub struct Guild {
    pub id: GuildId,
    pub channel: ChannelId,
    pub genesis: Hash,
    /// Its log after it was made.
    pub log: Position,
}

/// An invite link.
pub struct Link {
    pub code: String,
    pub cert: Hash,
    pub seed: SigningKey,
}

pub fn position(appended: &Value) -> Position {
    Position {
        seq: appended["seq"].as_u64().unwrap(),
        head: serde_json::from_value(appended["head"].clone()).unwrap(),
    }
}

impl Stage {
    /// The token that the server would print.
    pub async fn set_up_token(&self) -> String {
        cloister_server::serve::set_up_token(self.data(), &self.app)
            .await
            .unwrap()
            .unwrap()
    }

    /// An invitation to the instance, as the operator's command makes it.
    pub async fn instance_invite(&self, uses: u32) -> String {
        let terms = cloister_server::operator::InviteTerms {
            uses,
            lives_ms: Some(super::DAY_MS),
        };
        cloister_server::operator::invite(&self.app, terms)
            .await
            .unwrap()
            .code
    }
}
