//! Invite links: `…/invite/CODE#SEED`. What follows `#` stays with people.

use cloister_e2ee::{
    Primitives,
    seed::{Link, Seed},
};
use cloister_proof::{
    InviteCert, Purpose, Signed, Signer,
    fingerprint::base32,
    guild_log::{InviteUse, OpBody, Position},
    invite::cert_hash,
};
use cloister_wire::{
    Bytes, ErrorCode, GuildId,
    account::InvitePreview as WirePreview,
    guild::{Appended, CreateInvite, EndInvite, Join, Joined, Membership},
};

use crate::{
    core::{Shared, refuse},
    engine::Method,
    flow::{call::CallError, guild, sync},
    show,
    store::StoreError,
    view::{CommandReply, InvitePreview, Refusal, Topic},
};

/// An invite as somebody typed or opened it.
pub(crate) fn read(text: &str) -> Result<Link, Refusal> {
    Link::parse(text).ok_or_else(|| {
        refuse(
            ErrorCode::InviteInvalid,
            "That is not an invite: it is cut off or has a letter too many.",
        )
    })
}

pub(crate) async fn preview<P: Primitives>(
    shared: &Shared<P>,
    text: &str,
) -> Result<InvitePreview, Refusal> {
    let link = read(text)?;
    let shown = fetch(shared, &link).await?;
    Ok(InvitePreview {
        code: shown.code,
        guild: shown.guild,
        guild_name: shown.guild_name,
        rules: shown.rules,
        icon: shown.icon.as_ref().map(show::picture::data_url),
        inviter_name: shown.inviter_name,
        members: shown.members,
        expires_at: shown.expires_at,
        seeded: link.seed.is_some(),
        membership: shown.membership,
        questions: shown.questions,
    })
}

/// What the server says of an invite; with a seed, checked against the certificate.
pub(super) async fn fetch<P: Primitives>(
    shared: &Shared<P>,
    link: &Link,
) -> Result<WirePreview, Refusal> {
    let shown: WirePreview = shared
        .call_openly(Method::Get, &format!("/api/v1/invites/{}", link.code), None)
        .await?;
    if link.seed.is_some() {
        certificate(&shown, link)?;
    }
    Ok(shown)
}

/// The certificate that the link's own key signed.
pub(super) fn certificate(shown: &WirePreview, link: &Link) -> Result<InviteCert, Refusal> {
    let forged = || {
        refuse(
            ErrorCode::TrustViolation,
            "This server shows another invitation than the one in the link.",
        )
    };
    let (seed, cert) = link
        .seed
        .as_ref()
        .zip(shown.cert.as_ref())
        .ok_or_else(forged)?;
    let cert = InviteCert::verify_link(cert.as_ref(), &seed.signing_key().public_key())
        .map_err(|_| forged())?;
    if cert.code == link.code && shown.guild == Some(cert.guild) {
        Ok(cert)
    } else {
        Err(forged())
    }
}

pub(crate) async fn join<P: Primitives>(
    shared: &Shared<P>,
    text: &str,
) -> Result<CommandReply, Refusal> {
    let link = read(text)?;
    join_link(shared, &link)
        .await
        .map(|guild| CommandReply::Guild { guild })
}

pub(crate) async fn join_link<P: Primitives>(
    shared: &Shared<P>,
    link: &Link,
) -> Result<GuildId, Refusal> {
    let shown = fetch(shared, link).await?;
    let no_guild = || {
        refuse(
            ErrorCode::InviteInvalid,
            "This invite is to the whole instance, not to a server on it.",
        )
    };
    let guild_id = shown.guild.ok_or_else(no_guild)?;
    let already = shared.core().store.guild(guild_id)?.is_some();
    if already {
        return Ok(guild_id);
    }
    let newest = shown.log.as_ref().map_or(Position::START, |log| Position {
        seq: log.seq,
        head: log.head,
    });
    let (op, genesis) = {
        let core = shared.core();
        match &link.seed {
            Some(seed) => {
                let cert = certificate(&shown, link)?;
                let hash = shown
                    .cert
                    .as_ref()
                    .and_then(|cert| cert_hash(cert.as_ref()).ok())
                    .ok_or_else(no_guild)?;
                let after = if newest.seq >= cert.log.seq {
                    newest
                } else {
                    cert.log
                };
                let body = OpBody::Join {
                    invite: Some(InviteUse {
                        code: link.code.clone(),
                        cert: hash,
                    }),
                };
                let key = seed.signing_key();
                (
                    guild::sign(&core, guild_id, after, body, Some(&key))?,
                    Some(cert.guild_genesis),
                )
            }
            None => (
                guild::sign(&core, guild_id, newest, OpBody::Join { invite: None }, None)?,
                None,
            ),
        }
    };
    let joined: Joined = shared
        .post(
            format!("/api/v1/invites/{}/join", link.code),
            &Join {
                op: Bytes(op.to_bytes()),
            },
        )
        .await?;
    guild::entered(shared, &joined, genesis.as_ref())?;
    Ok(guild_id)
}

pub(crate) async fn create<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    uses: u32,
    expires_in_s: u32,
    membership: Membership,
) -> Result<CommandReply, Refusal> {
    sync::bring_log(shared, guild).await?;
    let (request, seed) = {
        let mut core = shared.core();
        let me = core.store.me()?;
        let log = core.store.guild_log(guild)?.ok_or(StoreError::Unreadable)?;
        let own = core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?;
        let account = core.store.account()?.ok_or(StoreError::Unreadable)?;
        let seed = Seed::draw(&mut core.chance);
        let key = seed.signing_key();
        let code = base32(&core.draw::<8>());
        let expires_ms = (expires_in_s > 0).then(|| core.now + u64::from(expires_in_s) * 1_000);
        let cert = InviteCert {
            guild,
            guild_genesis: log.genesis,
            log: log.position,
            inviter: me.user,
            inviter_genesis: own.genesis,
            code: code.clone(),
            key: key.public_key(),
            uses,
            expires_ms,
        };
        let cert = Signed::seal(Purpose::InviteCert, &cert, &[&account, &key]);
        let body = OpBody::Invite {
            code: code.clone(),
            cert: cert.payload_hash(),
            key: key.public_key(),
            uses,
            expires_ms,
        };
        let op = guild::sign(&core, guild, log.position, body, None)?;
        (
            CreateInvite {
                code,
                cert: Bytes(cert.to_bytes()),
                op: Bytes(op.to_bytes()),
                membership,
            },
            seed,
        )
    };
    let made: Result<Appended, CallError> = shared
        .post(format!("/api/v1/guilds/{guild}/invites"), &request)
        .await;
    made?;
    let url = {
        let mut core = shared.core();
        core.store
            .commit(|store| store.put_invite_seed(guild, &request.code, &seed.to_text()))?;
        core.tell(Topic::Invites { guild });
        link_url(&core.options.base_url, &request.code, &seed.to_text())
    };
    sync::bring_log(shared, guild).await?;
    Ok(CommandReply::Invite {
        code: format!("{}#{}", request.code, seed.to_text()),
        url,
    })
}

pub(crate) fn link_url(base: &str, code: &str, seed: &str) -> String {
    format!("{base}/invite/{code}#{seed}")
}

pub(crate) async fn end<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    code: String,
) -> Result<CommandReply, Refusal> {
    sync::bring_log(shared, guild).await?;
    let op = {
        let core = shared.core();
        guild::sign(
            &core,
            guild,
            guild::position(&core, guild)?,
            OpBody::InviteEnd { code: code.clone() },
            None,
        )?
    };
    let path = format!("/api/v1/guilds/{guild}/invites/{code}/end");
    let ended: Result<Appended, CallError> = shared
        .post(
            path,
            &EndInvite {
                op: Bytes(op.to_bytes()),
            },
        )
        .await;
    ended?;
    sync::bring_log(shared, guild).await?;
    shared.core().tell(Topic::Invites { guild });
    Ok(CommandReply::Done)
}
