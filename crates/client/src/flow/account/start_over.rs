//! Starting over within an account, on a device that waits for approval, when nothing is left that
//! could approve it. What was sealed for the old devices stays closed; everybody is shown it.

use cloister_e2ee::{Primitives, recovery::RecoveryKey};
use cloister_proof::{DeviceLog, guild_log::OpBody};
use cloister_wire::{
    Bytes, ErrorCode, GuildId, Hash,
    account::{DeviceStanding, SignIn, SignInDevice, SignedIn},
    security::SecondFactor,
};

use super::{
    birth::{genesis, give_birth, store_newborn},
    seal_name,
    sign_in::{prepare, sign_in_known},
    welcome,
};
use crate::{
    core::{Core, Outcome, Shared, refuse},
    engine::{Method, Outgoing},
    flow::{
        call::{CallError, to_cbor},
        guild, vault,
    },
    store::{Identity, Recovery, Store, StoreError},
    view::{CommandReply, DeviceState, Refusal},
};

/// How often the request is sent if no answer comes.
const TRIES: u32 = 3;
const AGAIN_MS: u64 = 500;

/// Begins the account anew with this device.
pub(crate) async fn start_over<P: Primitives>(
    shared: &Shared<P>,
    password: String,
    second: Option<SecondFactor>,
    device_name: String,
) -> Outcome {
    let waiting = waiting(&shared.core())?;
    let (account, second) = prepare(shared, &waiting.username, &password, second).await?;
    let log = log_of(&account.devlog, &waiting)?;
    let last = log
        .active()
        .any(|record| record.cert.device == waiting.device);
    let signed_in = if last {
        // The answer to an earlier attempt got lost on its way.
        sign_in_known(shared, &waiting.username, &password, second).await?
    } else {
        let wait = account.start_over_at.saturating_sub(shared.core().now);
        if wait > 0 {
            return Err(too_soon(wait));
        }
        begin(shared, &waiting, &log, &device_name, (&password, second)).await?
    };
    {
        let mut core = shared.core();
        core.store.commit(Store::forget_device)?;
        core.link.gateway = None;
        core.send(Outgoing::CloseSocket);
    }
    welcome(shared, &signed_in, DeviceStanding::Active)?;
    Ok(CommandReply::SignedIn {
        state: DeviceState::Active,
    })
}

/// Draws everything anew and asks the server to begin the account with it.
async fn begin<P: Primitives>(
    shared: &Shared<P>,
    waiting: &Identity,
    log: &DeviceLog,
    device_name: &str,
    (password, second): (&str, Option<SecondFactor>),
) -> Result<SignedIn, Refusal> {
    let sign_in = |device, client| SignIn {
        username: waiting.username.clone(),
        password: password.to_owned(),
        device,
        client,
        second: second.clone(),
    };
    let before = Before::of(&shared.core())?;
    let body = draw(&mut shared.core(), waiting, log, device_name, sign_in)?;
    let error = match post(shared, body).await {
        Ok(signed_in) => return Ok(signed_in),
        // It may have taken effect: the next attempt looks.
        Err(error) if is_lost(&error) => return Err(error.into()),
        Err(error) => error,
    };
    // It is refused too if an earlier try took effect and its answer got lost.
    match sign_in_known(shared, &waiting.username, password, second).await {
        Err(refusal) if matches!(refusal.code, ErrorCode::Offline | ErrorCode::Internal) => {
            Err(refusal)
        }
        Err(_) => {
            let core = shared.core();
            before.put_back(&core)?;
            for drawn in ["recovery", "secrets", "account_key"] {
                core.store.forget(drawn)?;
            }
            Err(error.into())
        }
        signed_in => signed_in,
    }
}

/// The waiting device, in case the account does not start over.
pub(super) struct Before<P: Primitives> {
    identity: Identity,
    account: P::Account,
    calls_seed: Hash,
}

impl<P: Primitives> Before<P> {
    pub(super) fn of(core: &Core<P>) -> Result<Self, StoreError> {
        let unreadable = StoreError::Unreadable;
        Ok(Self {
            identity: core.store.me()?,
            account: core.store.account()?.ok_or(unreadable)?,
            calls_seed: core.store.calls_seed()?.ok_or(StoreError::Unreadable)?,
        })
    }

    pub(super) fn put_back(&self, core: &Core<P>) -> Result<(), StoreError> {
        core.store.commit(|store| {
            store.put_identity(&self.identity)?;
            store.put_account(&self.account)?;
            store.put_calls_seed(&self.calls_seed)
        })
    }
}

/// Only a device that waits may do this: it holds nothing yet that could be lost.
fn waiting<P: Primitives>(core: &Core<P>) -> Result<Identity, Refusal> {
    let waiting = core.store.identity()?;
    waiting
        .filter(|me| me.standing == DeviceStanding::Pending)
        .ok_or_else(|| {
            refuse(
                ErrorCode::Invalid,
                "Only a new device that waits for approval can start over. Sign in on one first.",
            )
        })
}

fn log_of(entries: &[Bytes], me: &Identity) -> Result<DeviceLog, Refusal> {
    DeviceLog::replay(entries)
        .ok()
        .filter(|log| log.user == me.user)
        .ok_or_else(|| {
            refuse(
                ErrorCode::TrustViolation,
                "The server showed a device log that does not check.",
            )
        })
}

fn too_soon(wait: u64) -> Refusal {
    let mut refusal = refuse(
        ErrorCode::StartOverTooSoon,
        "A device of this account was here less than three days ago. Approve this one with it.",
    );
    refusal.retry_after_ms = Some(wait);
    refusal
}

/// New keys for everything, stored in the place of those of the waiting device.
fn draw<P: Primitives>(
    core: &mut Core<P>,
    waiting: &Identity,
    log: &DeviceLog,
    device_name: &str,
    sign_in: impl Fn(SignInDevice, cloister_wire::account::ClientKind) -> SignIn,
) -> Result<Vec<u8>, Refusal> {
    let newborn = give_birth(core, waiting.user)?;
    let recovery = RecoveryKey::draw(&mut core.chance);
    let (secrets, vault) = vault::begin(core, waiting.user, &recovery)?;
    let digest = cloister_proof::hash(&[&vault]);
    let identity = Identity {
        device: newborn.cert.device,
        offer: None,
        ..waiting.clone()
    };
    core.store.commit(|store| {
        store_newborn(store, &newborn, &identity)?;
        store.put_recovery(&Recovery {
            key: recovery.to_text(),
            later_until: 0,
        })
    })?;
    vault::keep(core, &secrets, digest)?;
    let genesis = genesis(core, &newborn, &recovery, digest, Some(log));
    let device = SignInDevice::StartOver {
        genesis: Bytes(genesis),
        keys: newborn.keys,
        vault: Bytes(vault),
        name_ct: Bytes(seal_name(core, &secrets.account_key.0, device_name)),
    };
    Ok(to_cbor(&sign_in(device, core.options.client)))
}

/// Whether it is not known what became of a request.
const fn is_lost(error: &CallError) -> bool {
    matches!(
        error,
        CallError::NoAnswer | CallError::Refused { status: 500.., .. }
    )
}

async fn post<P: Primitives>(shared: &Shared<P>, body: Vec<u8>) -> Result<SignedIn, CallError> {
    for _ in 1..TRIES {
        match shared
            .call_openly(Method::Post, "/api/v1/sessions", Some(body.clone()))
            .await
        {
            Err(error) if is_lost(&error) => shared.sleep(AGAIN_MS).await,
            other => return other,
        }
    }
    shared
        .call_openly(Method::Post, "/api/v1/sessions", Some(body))
        .await
}

/// Comes back to a guild as who this person is now, if its log knows them as who they were.
pub(crate) async fn come_back<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
) -> Result<(), Refusal> {
    let stale = {
        let core = shared.core();
        let me = core.store.me()?;
        let own = core.store.devlog(me.user)?;
        let log = core.store.guild_log(guild)?;
        let known = log.and_then(|log| log.members.get(&me.user).copied());
        me.standing == DeviceStanding::Active
            && known.zip(own).is_some_and(|(known, own)| {
                own.started_over_at().is_some() && known.genesis != own.genesis
            })
    };
    if !stale {
        return Ok(());
    }
    guild::append_once(shared, guild, OpBody::Join { invite: None }).await
}
