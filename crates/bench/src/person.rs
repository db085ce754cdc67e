//! Accounts whose devices sign like real ones. They hold no secrets of encryption: to the server
//! a ciphertext is a ciphertext.

use anyhow::{Context, Result};
use cloister_e2ee::seed::Seed;
use cloister_proof::{
    ChannelPolicy, DeviceCert, InviteCert, Op, Prekey, Purpose, Signed, Signer,
    devlog::{Body, Entry},
    guild_log::{InviteUse, LogRights, OpBody, Position},
    invite::cert_hash,
    prekey::PrekeyKind,
};
use cloister_wire::{
    Bytes, ChannelId, DeviceId, GuildId, Hash, Octets, UserId,
    account::{Admission, ClientKind, InvitePreview, Register, SignedIn},
    guild::{Appended, CreateChannel, CreateGuild, CreateInvite, Join, Joined, Membership},
    key::UploadKeys,
};
use ed25519_dalek::SigningKey;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::de::IgnoredAny;

use crate::{api::Api, env};

/// What the server takes for a vault.
const VAULT: [u8; 80] = [7; 80];
pub(crate) const PASSWORD: &str = "vivid otter climbs nine";
/// Accounts that are made at once.
const AT_ONCE: usize = 16;

/// Somebody with one device.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    key: SigningKey,
    genesis: Hash,
    pub(crate) token: String,
}

/// A guild with one channel, and the link into it.
#[derive(Debug)]
pub(crate) struct Guild {
    pub(crate) channel: ChannelId,
    pub(crate) link: Link,
}

/// An invite link: code, and the key that its seed gives.
#[derive(Debug)]
pub(crate) struct Link {
    code: String,
    key: SigningKey,
}

impl Link {
    /// From `CODE#SEED`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let (code, seed) = text.split_once('#').context("an invite without a seed")?;
        let seed = Seed::from_text(seed).context("not a seed")?;
        Ok(Self {
            code: code.to_owned(),
            key: seed.signing_key(),
        })
    }

    pub(crate) fn admission(&self) -> Admission {
        Admission::Invite {
            code: self.code.clone(),
        }
    }
}

impl Person {
    pub(crate) async fn register(api: &Api, name: &str, admission: Admission) -> Result<Self> {
        let now = env::now_ms();
        let user = UserId::new(now, &env::random()?);
        let device = DeviceId::new(now, &env::random()?);
        let (key, recovery) = (signing_key()?, signing_key()?);
        let cert = DeviceCert {
            user,
            device,
            reg_id: 1,
            signing: key.public_key(),
            identity: Octets(env::random()?),
            calls: Octets(env::random()?),
            platform: "cli".to_owned(),
            created_ms: now,
        };
        let entry = Entry {
            v: 1,
            user,
            version: 1,
            prev: None,
            at_ms: now,
            body: Body::Genesis {
                device: cert,
                recovery_key: recovery.public_key(),
                vault: cloister_proof::hash(&[&VAULT]),
                reset_of: None,
            },
        };
        let entry = Signed::seal(Purpose::Devlog, &entry, &[&key, &recovery]);
        let mut person = Self {
            user,
            device,
            key,
            genesis: entry.payload_hash(),
            token: String::new(),
        };
        let request = Register {
            admission,
            username: name.to_owned(),
            display_name: name.to_owned(),
            password: PASSWORD.to_owned(),
            user,
            genesis: Bytes(entry.to_bytes()),
            keys: UploadKeys {
                one_time: vec![person.prekey(1, PrekeyKind::OneTime)?],
                fallback: Some(person.prekey(2, PrekeyKind::Fallback)?),
                replace: false,
            },
            vault: Bytes(VAULT.to_vec()),
            name_ct: Bytes(vec![8; 40]),
            client: ClientKind::Native,
        };
        let signed_in: SignedIn = api.post("/api/v1/accounts", None, &request).await?;
        person.token = signed_in.tokens.access_token;
        Ok(person)
    }

    /// Many people by one invitation, named `PREFIX0`, `PREFIX1` and so on.
    pub(crate) async fn crowd(
        api: &Api,
        prefix: &str,
        count: usize,
        admission: &Admission,
    ) -> Result<Vec<Self>> {
        stream::iter(0..count)
            .map(|number| {
                let (name, admission) = (format!("{prefix}{number}"), admission.clone());
                async move { Self::register(api, &name, admission).await }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    fn prekey(&self, key_id: u64, kind: PrekeyKind) -> Result<Bytes> {
        let prekey = Prekey {
            user: self.user,
            device: self.device,
            key_id,
            key: Octets(env::random()?),
            kind,
            created_ms: env::now_ms(),
        };
        let signed = Signed::seal(Purpose::Prekey, &prekey, &[&self.key]);
        Ok(Bytes(signed.to_bytes()))
    }

    fn op(&self, guild: GuildId, after: Position, body: OpBody, more: &[&dyn Signer]) -> Signed {
        let op = Op {
            v: 1,
            guild,
            user: self.user,
            genesis: self.genesis,
            device: self.device,
            devlog_version: 1,
            after,
            at_ms: env::now_ms(),
            body,
        };
        let mut signers: Vec<&dyn Signer> = vec![&self.key];
        signers.extend(more);
        Signed::seal(Purpose::GuildOp, &op, &signers)
    }

    /// Makes a guild with one channel, and a link into it without an end.
    pub(crate) async fn create_guild(&self, api: &Api, name: &str) -> Result<Guild> {
        let now = env::now_ms();
        let guild = GuildId::new(now, &env::random()?);
        let channel = ChannelId::new(now, &env::random()?);
        let everyone = LogRights(LogRights::INVITE.0);
        let create = self.op(guild, Position::START, OpBody::Create { everyone }, &[]);
        let genesis = create.payload_hash();
        let policy = ChannelPolicy::text(channel);
        let policy = self.op(guild, Position::START, OpBody::Policy { policy }, &[]);
        let request = CreateGuild {
            guild,
            name: name.to_owned(),
            create: Bytes(create.to_bytes()),
            channel: CreateChannel {
                channel,
                name: "general".to_owned(),
                policy: Bytes(policy.to_bytes()),
                continues: None,
            },
        };
        let joined: Joined = api
            .post("/api/v1/guilds", Some(&self.token), &request)
            .await?;
        let log = Position {
            seq: joined.log.seq,
            head: joined.log.head,
        };
        let link = self.invite(api, guild, genesis, log).await?;
        Ok(Guild { channel, link })
    }

    async fn invite(
        &self,
        api: &Api,
        guild: GuildId,
        genesis: Hash,
        log: Position,
    ) -> Result<Link> {
        let link = Link {
            code: format!("gate-{:x}", u64::from_be_bytes(env::random()?)),
            key: signing_key()?,
        };
        let cert = InviteCert {
            guild,
            guild_genesis: genesis,
            log,
            inviter: self.user,
            inviter_genesis: self.genesis,
            code: link.code.clone(),
            key: link.key.public_key(),
            uses: 0,
            expires_ms: None,
        };
        let cert = Signed::seal(Purpose::InviteCert, &cert, &[&self.key, &link.key]);
        let body = OpBody::Invite {
            code: link.code.clone(),
            cert: cert.payload_hash(),
            key: link.key.public_key(),
            uses: 0,
            expires_ms: None,
        };
        let request = CreateInvite {
            code: link.code.clone(),
            cert: Bytes(cert.to_bytes()),
            op: Bytes(self.op(guild, log, body, &[]).to_bytes()),
            membership: Membership::Lasting,
        };
        let path = format!("/api/v1/guilds/{guild}/invites");
        let _: Appended = api.post(&path, Some(&self.token), &request).await?;
        Ok(link)
    }

    pub(crate) async fn leave(&self, api: &Api, guild: GuildId) -> Result<()> {
        let path = format!("/api/v1/guilds/{guild}/leave");
        let _: IgnoredAny = api.post(&path, Some(&self.token), &()).await?;
        Ok(())
    }

    /// Joins the guild of a link, and says which it is.
    pub(crate) async fn join(&self, api: &Api, link: &Link) -> Result<GuildId> {
        let path = format!("/api/v1/invites/{}", link.code);
        let shown: InvitePreview = api.get_openly(&path).await?;
        let guild = shown.guild.context("an invite to no guild")?;
        let cert = shown.cert.context("an invite without a certificate")?;
        let log = shown.log.context("a guild without a log")?;
        let after = Position {
            seq: log.seq,
            head: log.head,
        };
        let body = OpBody::Join {
            invite: Some(InviteUse {
                code: link.code.clone(),
                cert: cert_hash(cert.as_ref())?,
            }),
        };
        let op = self.op(guild, after, body, &[&link.key]);
        let request = Join {
            op: Bytes(op.to_bytes()),
        };
        let _: Joined = api
            .post(&format!("{path}/join"), Some(&self.token), &request)
            .await?;
        Ok(guild)
    }
}

fn signing_key() -> Result<SigningKey> {
    Ok(SigningKey::from_bytes(&env::random()?))
}
