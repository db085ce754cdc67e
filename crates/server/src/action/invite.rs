//! Invitations: making and ending one.

use cloister_proof::{InviteCert, guild_log::OpBody};
use cloister_wire::{
    Bytes, ErrorCode, Permissions,
    guild::{Appended, CreateInvite, EndInvite, SetInvite},
    limits,
    moderation::Gate,
};

use super::{
    audit,
    guild_log::{self, LogOf},
    moderation,
};
use crate::{
    Error, Result,
    access::{Permit, guild::InGuild},
    app::Parts,
    limit::Window,
    store::{self, db::Tx, invite::NewInvite},
};

const HOUR_MINUTES: u64 = 60;

/// Makes an invitation to a guild from what the inviter's device signed.
pub fn create(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, InGuild>,
    request: &CreateInvite,
) -> Result<Appended> {
    let guild = permit.guild;
    let key = parts.keys.hash_secret("invites", permit.user.as_bytes());
    let most = parts.config.limits.invites_per_account;
    let window = Window::per_minutes(most, HOUR_MINUTES);
    store::attempt::spend(tx, permit, &key, window)?.allowed()?;
    moderation::check_invites(tx, guild)?;
    if store::invite::count(tx, permit, guild)? >= limits::INVITES_PER_GUILD {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "This server has 1,000 invitations. End some.",
        ));
    }
    let code = request.code.as_str();
    let well_formed = (8..=64).contains(&code.len())
        && code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !well_formed {
        return Err(Error::invalid(
            "An invitation's code has 8 to 64 letters and digits.",
        ));
    }
    let inviter = store::device::replay(tx, permit.user)?;
    let cert = InviteCert::verify_inviter(request.cert.as_ref(), &inviter)
        .map_err(|_| Error::bad_signature("The invitation's certificate does not check."))?;
    let named = cert.guild == guild && cert.code == code;
    let of = LogOf {
        guild,
        access_version: permit.access_version,
    };
    let (op, appended) = guild_log::append(tx, &parts.authority, of, &request.op, &permit.actor)?;
    let same = matches!(&op.body, OpBody::Invite { code: logged, cert: hash, key, uses, expires_ms }
        if logged == code
            && Some(*hash) == cert_hash(&request.cert)
            && *key == cert.key
            && *uses == cert.uses
            && *expires_ms == cert.expires_ms);
    if !named || !same {
        return Err(Error::refuse(
            ErrorCode::OpInvalid,
            "The invitation's certificate and operation say different things.",
        ));
    }
    if cert.expires_ms.is_some_and(|expires| expires <= tx.now()) {
        return Err(Error::invalid("The invitation would have run out already."));
    }
    let invite = NewInvite {
        code_hash: parts.keys.hash_secret("invite", code.as_bytes()),
        to_guild: Some((guild, code.to_owned(), request.cert.clone())),
        created_by: Some(permit.user),
        uses: cert.uses,
        expires_at: cert.expires_ms,
        membership: request.membership,
    };
    if store::invite::insert(tx, permit, &invite)? {
        let act = audit::Act::new(audit::INVITE_CREATE, audit::invite(code));
        let terms = serde_json::json!({
            "uses": cert.uses, "expires_at": cert.expires_ms, "membership": request.membership,
        });
        audit::note(tx, permit, act.after(&terms))?;
        Ok(appended)
    } else {
        Err(Error::invalid(
            "This code was used before. Draw another one.",
        ))
    }
}

/// Ends an invitation; the log allows it to its maker and to the owner.
pub fn end(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, InGuild>,
    code: &str,
    request: &EndInvite,
) -> Result<Appended> {
    let hash = parts.keys.hash_secret("invite", code.as_bytes());
    store::invite::lock(tx, permit, &hash)?
        .filter(|invite| invite.guild == Some(permit.guild) && invite.ended_at.is_none())
        .ok_or_else(Error::not_found)?;
    let of = LogOf {
        guild: permit.guild,
        access_version: permit.access_version,
    };
    let (op, appended) = guild_log::append(tx, &parts.authority, of, &request.op, &permit.actor)?;
    if !matches!(&op.body, OpBody::InviteEnd { code: logged } if logged == code) {
        return Err(Error::refuse(
            ErrorCode::OpInvalid,
            "The operation ends another invitation.",
        ));
    }
    store::invite::update_ended(tx, permit, &hash)?;
    let act = audit::Act::new(audit::INVITE_END, audit::invite(code));
    audit::note(tx, permit, act)?;
    Ok(appended)
}

/// Lets people in by an invitation, or nobody for now: its maker may, and who manages invitations.
/// It needs no signature: the server can keep anybody out.
pub fn set(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, InGuild>,
    code: &str,
    request: &SetInvite,
) -> Result<()> {
    let hash = parts.keys.hash_secret("invite", code.as_bytes());
    let invite = store::invite::lock(tx, permit, &hash)?
        .filter(|invite| invite.guild == Some(permit.guild) && invite.ended_at.is_none())
        .ok_or_else(Error::not_found)?;
    let own = invite.created_by == Some(permit.user);
    if !own && !permit.permissions.contains(Permissions::MANAGE_INVITES) {
        return Err(Error::forbidden().denied(&permit.actor, permit.guild));
    }
    let before = invite.paused_at.map_or(Gate::Open, |_| Gate::Closed);
    if before == request.gate {
        return Ok(());
    }
    store::invite::update_gate(tx, permit, &hash, request.gate)?;
    let act = audit::Act::new(audit::INVITE_PAUSE, audit::invite(code))
        .before(&serde_json::json!({"gate": before}))
        .after(&serde_json::json!({"gate": request.gate}));
    audit::note(tx, permit, act)
}

fn cert_hash(cert: &Bytes) -> Option<cloister_wire::Hash> {
    cloister_proof::invite::cert_hash(cert.as_ref()).ok()
}
