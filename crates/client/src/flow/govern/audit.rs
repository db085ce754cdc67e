//! Holding the server to its audit log.

use super::{
    AuditCheckpoint, AuditProof, CallError, ErrorCode, GuildId, Primitives, Refusal, Shared,
    StoreError, Topic, refuse,
};

/// Keeps up with a guild's audit log.
pub(crate) fn watch_audit<P: Primitives>(shared: &Shared<P>, guild: GuildId) {
    shared.spawn_single(format!("audit {guild}"), move |shared| async move {
        if let Err(error) = follow_audit(&shared, guild).await {
            shared.core().fail(&error);
        }
    });
}

/// Checks that the audit log still continues what this device knows of it, and remembers how far.
/// A log that was rewritten or cut raises the alarm.
pub(super) async fn follow_audit<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
) -> Result<(), Refusal> {
    loop {
        let (known, instance) = {
            let core = shared.core();
            let instance = core.store.instance()?.ok_or(StoreError::Unreadable)?;
            let kept = core.store.audit_checkpoint(guild)?;
            let known = kept
                .and_then(|kept| AuditCheckpoint::verify(&kept, &instance.server_key).ok())
                // Another life of the server's database begins anew.
                .filter(|known| known.incarnation == instance.incarnation);
            (known, instance)
        };
        let since = known.as_ref().map_or(0, |known| known.seq);
        let path = format!("/api/v1/guilds/{guild}/audit/checkpoint?since={since}");
        let proof: AuditProof = match shared.get(path).await {
            Ok(proof) => proof,
            Err(CallError::Refused { status: 404, .. }) => return Ok(()),
            Err(CallError::Refused { status: 422, .. }) => return alarm(shared, guild),
            Err(error) => return Err(error.into()),
        };
        let checked = AuditCheckpoint::verify(proof.checkpoint.as_ref(), &instance.server_key)
            .ok()
            .filter(|next| next.guild == guild && next.incarnation == instance.incarnation)
            .filter(|next| next.continues(known.as_ref(), &proof.digests).is_ok());
        if checked.is_none() {
            return alarm(shared, guild);
        }
        if since == 0 || !proof.digests.is_empty() {
            let core = shared.core();
            core.store
                .put_audit_checkpoint(guild, proof.checkpoint.as_ref())?;
        }
        if proof.end || proof.digests.is_empty() {
            return Ok(());
        }
    }
}

fn alarm<P: Primitives>(shared: &Shared<P>, guild: GuildId) -> Result<(), Refusal> {
    let why = "The audit log of a server was rewritten or cut: it no longer continues what this \
               device saw of it.";
    let mut core = shared.core();
    core.alarm = Some(why.to_owned());
    core.tell(Topic::Session);
    core.tell(Topic::Guild { guild });
    Err(refuse(ErrorCode::TrustViolation, why))
}
