//! Ways back into an account without any of its devices: slots of the vault.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cloister_e2ee::{
    Primitives, SigningKey,
    passphrase::{self, Stretch},
    recovery::RecoveryKey,
    vault::{AccountSecrets, NamedSlot, SLOTS_MAX, SlotKind, SlotSecret, Vault},
};
use cloister_proof::Signer as _;
use cloister_wire::{Bytes, ErrorCode, account::DeviceStanding};

use crate::{
    core::{Core, Shared, refuse},
    flow::{device, vault},
    store::StoreError,
    view::{CommandReply, DeviceState, Refusal, WayKind, WayView},
};

/// Characters of the name of a way.
const NAME_CHARS: usize = 60;
const CREDENTIAL_BYTES: usize = 1_024;

pub(crate) fn views<P: Primitives>(core: &Core<P>) -> Result<Vec<WayView>, StoreError> {
    let Some((secrets, _)) = vault::known(core)? else {
        return Ok(Vec::new());
    };
    let view = |named: NamedSlot| {
        let kind = match named.slot.kind {
            SlotKind::Recovery => WayKind::RecoveryKey,
            SlotKind::Passkey { .. } => WayKind::Passkey,
            SlotKind::Passphrase { .. } => WayKind::Passphrase,
        };
        WayView {
            id: URL_SAFE_NO_PAD.encode(named.slot.id.0),
            kind,
            name: named.name,
            added_at: named.slot.added_ms,
        }
    };
    Ok(secrets.slots.into_iter().map(view).collect())
}

/// A passkey's id and the secret that its function gave for this instance.
fn passkey(credential: &str, secret: &str) -> Result<(Bytes, SlotSecret), Refusal> {
    let wrong = |_| refuse(ErrorCode::Invalid, "The passkey gave no usable secret.");
    let credential = URL_SAFE_NO_PAD.decode(credential).map_err(wrong)?;
    let secret = URL_SAFE_NO_PAD.decode(secret).map_err(wrong)?;
    if credential.is_empty() || credential.len() > CREDENTIAL_BYTES {
        return Err(refuse(ErrorCode::Invalid, "The passkey has no usable id."));
    }
    let secret: [u8; 32] = secret
        .try_into()
        .map_err(|_| refuse(ErrorCode::Invalid, "The passkey gave no usable secret."))?;
    let secret = cloister_e2ee::sealed::derive(&secret, "cloister/vault/passkey/v1");
    Ok((Bytes(credential), SlotSecret::from_bytes(*secret)))
}

pub(crate) async fn add_passkey<P: Primitives>(
    shared: &Shared<P>,
    credential: &str,
    secret: &str,
    name: &str,
) -> Result<CommandReply, Refusal> {
    let (credential, secret) = passkey(credential, secret)?;
    let name: String = name.trim().chars().take(NAME_CHARS).collect();
    vault::change(shared, |secrets, core| {
        let known = |named: &NamedSlot| {
            matches!(&named.slot.kind, SlotKind::Passkey { credential: one } if *one == credential)
        };
        secrets.slots.retain(|named| !known(named));
        let kind = SlotKind::Passkey {
            credential: credential.clone(),
        };
        put(secrets, core, &secret, kind, &name)
    })
    .await?;
    Ok(CommandReply::Done)
}

/// Draws a passphrase that opens the vault, in the place of the one before. It is shown once.
pub(crate) async fn make_passphrase<P: Primitives>(
    shared: &Shared<P>,
) -> Result<CommandReply, Refusal> {
    let (words, stretch) = {
        let mut core = shared.core();
        let words = passphrase::draw(&mut core.chance);
        (words, Stretch::draw(&mut core.chance))
    };
    let secret = stretch.secret(&words).map_err(|_| unstretched())?;
    vault::change(shared, |secrets, core| {
        let old = |named: &NamedSlot| matches!(named.slot.kind, SlotKind::Passphrase { .. });
        secrets.slots.retain(|named| !old(named));
        put(secrets, core, &secret, SlotKind::Passphrase { stretch }, "")
    })
    .await?;
    Ok(CommandReply::Passphrase { words })
}

fn put<P: Primitives>(
    secrets: &mut AccountSecrets,
    core: &mut Core<P>,
    secret: &SlotSecret,
    kind: SlotKind,
    name: &str,
) -> Result<(), Refusal> {
    if secrets.slots.len() >= SLOTS_MAX {
        return Err(refuse(
            ErrorCode::TooMany,
            "There are as many ways back in as there can be. Remove one first.",
        ));
    }
    secrets.slots.push(NamedSlot {
        slot: secret.slot(core.draw(), kind, core.now),
        name: name.to_owned(),
    });
    Ok(())
}

fn unstretched() -> Refusal {
    refuse(
        ErrorCode::Unavailable,
        "This device has too little memory free to work with a passphrase.",
    )
}

/// Ends a way back in; the recovery key stays.
pub(crate) async fn remove<P: Primitives>(
    shared: &Shared<P>,
    id: &str,
) -> Result<CommandReply, Refusal> {
    vault::change(shared, |secrets, _| {
        let before = secrets.slots.len();
        secrets.slots.retain(|named| {
            URL_SAFE_NO_PAD.encode(named.slot.id.0) != id || named.slot.kind == SlotKind::Recovery
        });
        if secrets.slots.len() == before {
            return Err(refuse(
                ErrorCode::NotFound,
                "That way is not there any more.",
            ));
        }
        Ok(())
    })
    .await?;
    Ok(CommandReply::Done)
}

pub(crate) async fn unlock_with_passkey<P: Primitives>(
    shared: &Shared<P>,
    credential: &str,
    secret: &str,
) -> Result<CommandReply, Refusal> {
    let (_, secret) = passkey(credential, secret)?;
    unlock(shared, |_| Ok(secret.clone()), SlotSecret::opener).await
}

pub(crate) async fn unlock_with_passphrase<P: Primitives>(
    shared: &Shared<P>,
    words: &str,
) -> Result<CommandReply, Refusal> {
    let secret = |vault: &Vault| {
        let stretch = vault.slots().find_map(|slot| match slot.kind {
            SlotKind::Passphrase { stretch } => Some(stretch),
            SlotKind::Recovery | SlotKind::Passkey { .. } => None,
        });
        let stretch = stretch.ok_or_else(|| {
            refuse(
                ErrorCode::RecoveryKeyWrong,
                "This account has no passphrase. Use another way in.",
            )
        })?;
        stretch.secret(words).map_err(|_| unstretched())
    };
    unlock(shared, secret, SlotSecret::opener).await
}

pub(crate) async fn unlock_with_recovery_key<P: Primitives>(
    shared: &Shared<P>,
    text: &str,
) -> Result<CommandReply, Refusal> {
    let recovery = RecoveryKey::from_text(text).ok_or_else(|| {
        refuse(
            ErrorCode::RecoveryKeyWrong,
            "That is not a recovery key: a character is wrong or missing.",
        )
    })?;
    unlock(shared, |_| Ok(recovery.slot()), |_| recovery.signing_key()).await
}

/// Opens the vault and adds this waiting device to the account.
async fn unlock<P: Primitives>(
    shared: &Shared<P>,
    secret: impl Fn(&Vault) -> Result<SlotSecret, Refusal>,
    signer: impl Fn(&SlotSecret) -> SigningKey,
) -> Result<CommandReply, Refusal> {
    let log = {
        let core = shared.core();
        let me = core.store.me()?;
        if me.standing != DeviceStanding::Pending {
            return Err(refuse(
                ErrorCode::Invalid,
                "This device is not waiting to be let in.",
            ));
        }
        core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?
    };
    let secret = vault::open(shared, &log, secret).await?;
    let signer = signer(&secret);
    let key = signer.public_key();
    if key != log.recovery_key && !log.openers.contains(&key) {
        return Err(refuse(
            ErrorCode::RecoveryKeyWrong,
            "That does not open this account: it belongs to another one, or was removed.",
        ));
    }
    device::add_self(shared, &signer).await?;
    Ok(CommandReply::SignedIn {
        state: DeviceState::Active,
    })
}
