//! Signing in: with a device that is known, a new one, or the first of an account.

use cloister_e2ee::{Primitives, recovery::RecoveryKey};
use cloister_proof::{
    DeviceLog, DeviceOffer, Purpose, Signed, Signer as _, signed::challenge_payload,
};
use cloister_wire::{
    Bytes, ErrorCode, UserId,
    account::{
        AskChallenge, Challenge, DeviceStanding, PrepareSignIn, Prepared, SignIn, SignInDevice,
        SignedIn,
    },
    security::SecondFactor,
};

use crate::{
    core::{Shared, refuse},
    engine::Method,
    flow::{call::to_cbor, device, vault},
    store::{Identity, Recovery, StoreError},
    view::{CommandReply, DeviceState, Refusal},
};

use super::{
    Credentials,
    birth::{forget_identity, genesis, give_birth, store_newborn},
    instance, seal_name, state_of, welcome,
};

/// The first step: what the server knows of the account, and the factor for the second step. A
/// code opens once, so what this step gave for it stands in its place.
pub(super) async fn prepare<P: Primitives>(
    shared: &Shared<P>,
    username: &str,
    password: &str,
    second: Option<SecondFactor>,
) -> Result<(Prepared, Option<SecondFactor>), Refusal> {
    let look = PrepareSignIn {
        username: username.to_owned(),
        password: password.to_owned(),
        second: second.clone(),
    };
    let path = "/api/v1/sessions/prepare";
    let mut account: Prepared = shared
        .call_openly(Method::Post, path, Some(to_cbor(&look)))
        .await?;
    let second = account
        .pass
        .take()
        .map(|pass| SecondFactor::Pass { pass })
        .or(second);
    Ok((account, second))
}

pub(crate) async fn sign_in<P: Primitives>(
    shared: &Shared<P>,
    mut typed: Credentials,
) -> Result<CommandReply, Refusal> {
    instance(shared).await?;
    let known = shared.core().store.identity()?;
    if let Some(known) = known {
        if known.username != typed.username {
            return Err(refuse(
                ErrorCode::Invalid,
                "Another person's account is on this device. Sign out first.",
            ));
        }
        let second = typed.second.clone();
        let signed_in = sign_in_known(shared, &typed.username, &typed.password, second).await?;
        let standing = signed_in.me.standing;
        welcome(shared, &signed_in, standing)?;
        return Ok(CommandReply::SignedIn {
            state: state_of(standing),
        });
    }
    let recovery = typed
        .recovery_key
        .as_deref()
        .map(|text| {
            let wrong = || {
                refuse(
                    ErrorCode::RecoveryKeyWrong,
                    "That is not a recovery key: a character is wrong or missing.",
                )
            };
            RecoveryKey::from_text(text).ok_or_else(wrong)
        })
        .transpose()?;
    let account;
    (account, typed.second) =
        prepare(shared, &typed.username, &typed.password, typed.second).await?;
    if account.devlog.is_empty() {
        return first_sign_in(shared, &typed, account.user).await;
    }
    let log = DeviceLog::replay(&account.devlog)
        .ok()
        .filter(|log| log.user == account.user);
    let log = log.ok_or_else(|| {
        refuse(
            ErrorCode::TrustViolation,
            "The server showed a device log that does not check.",
        )
    })?;
    if recovery
        .as_ref()
        .is_some_and(|key| key.signing_key().public_key() != log.recovery_key)
    {
        return Err(refuse(
            ErrorCode::RecoveryKeyWrong,
            "That is the recovery key of another account, or an old one.",
        ));
    }
    new_device(shared, &typed, &log, recovery).await
}

/// A further device: it waits for another one, or lets itself in with the recovery key.
pub(super) async fn new_device<P: Primitives>(
    shared: &Shared<P>,
    typed: &Credentials,
    log: &DeviceLog,
    recovery: Option<RecoveryKey>,
) -> Result<CommandReply, Refusal> {
    let body = {
        let mut core = shared.core();
        let newborn = give_birth(&mut core, log.user)?;
        let offer = DeviceOffer {
            cert: newborn.cert.clone(),
            genesis: log.genesis,
        };
        let offer =
            Bytes(Signed::seal(Purpose::DeviceOffer, &offer, &[&newborn.account]).to_bytes());
        let identity = Identity {
            user: log.user,
            username: typed.username.clone(),
            display_name: typed.username.clone(),
            operator: false,
            device: newborn.cert.device,
            standing: DeviceStanding::Pending,
            offer: Some(offer.clone()),
        };
        core.store.commit(|store| {
            store_newborn(store, &newborn, &identity)?;
            store.put_device_name(&typed.device_name)
        })?;
        to_cbor(&SignIn {
            username: typed.username.clone(),
            password: typed.password.clone(),
            device: SignInDevice::New {
                cert: offer,
                keys: newborn.keys,
                name_ct: Bytes::default(),
            },
            client: core.options.client,
            second: typed.second.clone(),
        })
    };
    let signed_in = post_session(shared, body).await?;
    welcome(shared, &signed_in, DeviceStanding::Pending)?;
    match recovery {
        Some(recovery) => {
            vault::open(shared, log, |_| Ok(recovery.slot())).await?;
            device::add_self(shared, &recovery.signing_key()).await?;
            Ok(CommandReply::SignedIn {
                state: DeviceState::Active,
            })
        }
        None => Ok(CommandReply::SignedIn {
            state: DeviceState::Pending,
        }),
    }
}

/// The first device of an account that the operator made: it brings the genesis.
pub(super) async fn first_sign_in<P: Primitives>(
    shared: &Shared<P>,
    typed: &Credentials,
    user: UserId,
) -> Result<CommandReply, Refusal> {
    let body = {
        let mut core = shared.core();
        let newborn = give_birth(&mut core, user)?;
        let recovery = RecoveryKey::draw(&mut core.chance);
        let (secrets, vault) = vault::begin(&mut core, user, &recovery)?;
        let digest = cloister_proof::hash(&[&vault]);
        let identity = Identity {
            user,
            username: typed.username.clone(),
            display_name: typed.username.clone(),
            operator: false,
            device: newborn.cert.device,
            standing: DeviceStanding::Active,
            offer: None,
        };
        core.store.commit(|store| {
            store_newborn(store, &newborn, &identity)?;
            store.put_recovery(&Recovery {
                key: recovery.to_text(),
                later_until: 0,
            })
        })?;
        vault::keep(&mut core, &secrets, digest)?;
        let genesis = Bytes(genesis(&core, &newborn, &recovery, digest, None));
        let vault = Bytes(vault);
        let name_ct = seal_name(&mut core, &secrets.account_key.0, &typed.device_name);
        let name_ct = Bytes(name_ct);
        to_cbor(&SignIn {
            username: typed.username.clone(),
            password: typed.password.clone(),
            device: SignInDevice::First {
                user,
                genesis,
                keys: newborn.keys,
                vault,
                name_ct,
            },
            client: core.options.client,
            second: typed.second.clone(),
        })
    };
    let signed_in = post_session(shared, body).await?;
    welcome(shared, &signed_in, DeviceStanding::Active)?;
    Ok(CommandReply::SignedIn {
        state: DeviceState::Active,
    })
}

pub(super) async fn post_session<P: Primitives>(
    shared: &Shared<P>,
    body: Vec<u8>,
) -> Result<SignedIn, Refusal> {
    match shared
        .call_openly(Method::Post, "/api/v1/sessions", Some(body))
        .await
    {
        Ok(signed_in) => Ok(signed_in),
        Err(error) => {
            shared.core().store.commit(forget_identity)?;
            Err(error.into())
        }
    }
}

/// Signs in again with the keys that are here.
pub(super) async fn sign_in_known<P: Primitives>(
    shared: &Shared<P>,
    username: &str,
    password: &str,
    second: Option<SecondFactor>,
) -> Result<SignedIn, Refusal> {
    let device = shared.core().store.me()?.device;
    let ask = to_cbor(&AskChallenge { device });
    let challenge: Challenge = shared
        .call_openly(Method::Post, "/api/v1/challenges", Some(ask))
        .await?;
    let body = {
        let core = shared.core();
        let account = core.store.account()?.ok_or(StoreError::Unreadable)?;
        let signature = account.sign_for(
            Purpose::Challenge,
            &challenge_payload(device, &challenge.nonce),
        );
        to_cbor(&SignIn {
            username: username.to_owned(),
            password: password.to_owned(),
            device: SignInDevice::Known {
                device,
                nonce: challenge.nonce,
                signature,
            },
            client: core.options.client,
            second,
        })
    };
    Ok(shared
        .call_openly(Method::Post, "/api/v1/sessions", Some(body))
        .await?)
}
