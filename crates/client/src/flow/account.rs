//! Making an account, signing in, signing out.

mod birth;
mod reenrol;
mod sign_in;
mod start_over;

use cloister_e2ee::{Primitives, recovery::RecoveryKey, sealed};
use cloister_proof::{DeviceLog, devlog::RevokeReason};
use cloister_wire::{
    Bytes, ErrorCode, Hash, UserId,
    account::{
        Admission, AppendDevlog, DeviceStanding, Instance, Register, Registration, SignedIn,
    },
    key::UploadKeys,
    security::SecondFactor,
};

use crate::{
    core::{Core, Shared, refuse},
    engine::{Method, Outgoing},
    flow::{
        backup,
        call::{CallError, to_cbor},
        connect, device, invite, vault,
    },
    store::{Identity, Recovery},
    view::{CommandReply, DeviceState, InstanceView, Refusal, Topic},
};

use self::birth::{forget_identity, genesis, give_birth, store_newborn};
pub(crate) use self::reenrol::{reenrol, replace};
pub(crate) use self::sign_in::sign_in;
use self::sign_in::sign_in_known;
pub(crate) use self::start_over::{come_back, start_over};

/// What somebody typed to make an account.
pub(crate) struct NewAccount {
    pub set_up_token: Option<String>,
    pub invite: Option<String>,
    pub activation: Option<String>,
    pub username: String,
    pub display_name: String,
    pub password: String,
    pub device_name: String,
}

/// What somebody typed to sign in.
pub(crate) struct Credentials {
    pub username: String,
    pub password: String,
    pub second: Option<SecondFactor>,
    pub device_name: String,
    pub recovery_key: Option<String>,
}

pub(crate) async fn look<P: Primitives>(
    shared: &Shared<P>,
    invite: Option<String>,
) -> Result<CommandReply, Refusal> {
    let instance = instance(shared).await?;
    let invite = match invite {
        Some(text) => Some(invite::preview(shared, &text).await?),
        None => None,
    };
    Ok(CommandReply::Instance(InstanceView {
        name: instance.name,
        set_up_needed: instance.set_up_needed,
        mail: instance.mail,
        open: instance.registration == Registration::Open,
        questions: (instance.registration == Registration::Application)
            .then_some(instance.questions),
        lock_after_ms: instance.lock_after_ms,
        invite,
    }))
}

/// Asks who the server is, and holds it to the key that it showed first.
pub(crate) async fn instance<P: Primitives>(shared: &Shared<P>) -> Result<Instance, Refusal> {
    let shown: Instance = shared
        .call_openly(Method::Get, "/api/v1/instance", None)
        .await?;
    let mut core = shared.core();
    let pinned = core.store.instance()?;
    if pinned
        .as_ref()
        .is_some_and(|pinned| pinned.server_key != shown.server_key)
        && core.store.identity()?.is_some()
    {
        let sentence = "This is not the server that this device signed in to: its key is another.";
        core.alarm = Some(sentence.to_owned());
        core.tell(Topic::Session);
        return Err(refuse(ErrorCode::TrustViolation, sentence));
    }
    core.store.put_instance(&shown)?;
    Ok(shown)
}

pub(crate) async fn register<P: Primitives>(
    shared: &Shared<P>,
    new: NewAccount,
) -> Result<CommandReply, Refusal> {
    if shared.core().store.identity()?.is_some() {
        return Err(refuse(
            ErrorCode::Invalid,
            "Somebody is signed in here already. Sign out first.",
        ));
    }
    instance(shared).await?;
    let link = new.invite.as_deref().map(invite::read).transpose()?;
    let admission = match (&new.set_up_token, &link) {
        (Some(token), _) => Admission::SetUp {
            token: token.clone(),
        },
        (None, None) if new.activation.is_some() => Admission::Activation {
            code: new.activation.clone().unwrap_or_default(),
        },
        (None, Some(link)) => Admission::Invite {
            code: link.code.clone(),
        },
        (None, None) => Admission::Open {},
    };
    let prepared = prepare(shared, &new, admission)?;
    let signed_in = match post_account(shared, &prepared.0, &new).await {
        Ok(signed_in) => signed_in,
        Err(error) => {
            shared.core().store.commit(forget_identity)?;
            return Err(error);
        }
    };
    welcome(shared, &signed_in, DeviceStanding::Active)?;
    let guild = match link {
        Some(link) if link.seed.is_some() => invite::join_link(shared, &link).await.ok(),
        _ => None,
    };
    Ok(CommandReply::Registered {
        recovery_key: prepared.1,
        guild,
    })
}

/// Draws everything, stores it, and returns the request with the recovery key beside it.
fn prepare<P: Primitives>(
    shared: &Shared<P>,
    new: &NewAccount,
    admission: Admission,
) -> Result<(Vec<u8>, String), Refusal> {
    let mut core = shared.core();
    let user = UserId::new(core.now, &core.draw());
    let mut newborn = give_birth(&mut core, user)?;
    let recovery = RecoveryKey::draw(&mut core.chance);
    let (secrets, vault) = vault::begin(&mut core, user, &recovery)?;
    let digest = cloister_proof::hash(&[&vault]);
    let genesis = genesis(&core, &newborn, &recovery, digest, None);
    let register = Register {
        admission,
        username: new.username.clone(),
        display_name: new.display_name.clone(),
        password: new.password.clone(),
        user,
        genesis: Bytes(genesis),
        keys: std::mem::replace(
            &mut newborn.keys,
            UploadKeys {
                one_time: Vec::new(),
                fallback: None,
                replace: false,
            },
        ),
        vault: Bytes(vault),
        name_ct: Bytes(seal_name(
            &mut core,
            &secrets.account_key.0,
            &new.device_name,
        )),
        client: core.options.client,
    };
    let identity = Identity {
        user,
        username: new.username.clone(),
        display_name: new.display_name.clone(),
        operator: false,
        device: newborn.cert.device,
        standing: DeviceStanding::Active,
        offer: None,
    };
    let key = recovery.to_text();
    core.store.commit(|store| {
        store_newborn(store, &newborn, &identity)?;
        store.put_recovery(&Recovery {
            key: key.clone(),
            later_until: 0,
        })
    })?;
    vault::keep(&mut core, &secrets, digest)?;
    Ok((to_cbor(&register), key))
}

/// Sends the registration. If an answer got lost, the account may be there: then this device
/// signs in to it.
async fn post_account<P: Primitives>(
    shared: &Shared<P>,
    body: &[u8],
    new: &NewAccount,
) -> Result<SignedIn, Refusal> {
    let mut lost = false;
    for _ in 0..3 {
        match shared
            .call_openly::<SignedIn>(Method::Post, "/api/v1/accounts", Some(body.to_vec()))
            .await
        {
            Ok(signed_in) => return Ok(signed_in),
            Err(CallError::NoAnswer) => {
                lost = true;
                shared.sleep(500).await;
            }
            Err(_) if lost => {
                return sign_in_known(shared, &new.username, &new.password, None).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(CallError::NoAnswer.into())
}

/// Takes the tokens and the own device log, and connects.
fn welcome<P: Primitives>(
    shared: &Shared<P>,
    signed_in: &SignedIn,
    standing: DeviceStanding,
) -> Result<(), Refusal> {
    let log = DeviceLog::replay(&signed_in.devlog)
        .ok()
        .filter(|log| log.user == signed_in.me.user);
    let log = log.ok_or_else(|| {
        refuse(
            ErrorCode::TrustViolation,
            "The server showed a device log that does not check.",
        )
    })?;
    {
        let mut core = shared.core();
        core.store.commit(|store| {
            let mut identity = store.me()?;
            identity.username.clone_from(&signed_in.me.username);
            identity.display_name.clone_from(&signed_in.me.display_name);
            identity.operator = signed_in.me.operator;
            identity.standing = standing;
            store.put_identity(&identity)?;
            store.forget("trouble")?;
            store.put_deletion_at(signed_in.me.deletion_at)?;
            store.put_person(log.user, &identity.username, &identity.display_name)?;
            store.put_devlog(&log)?;
            // Whoever signs in knows whether they started over.
            store.note_start(log.user)
        })?;
        core.keep_tokens(&signed_in.tokens)?;
        core.tell(Topic::Session);
        core.tell(Topic::Recovery);
    }
    connect::hurry(shared);
    Ok(())
}

/// `anyway`: although keys are lost with this device that the backup does not hold.
pub(crate) async fn sign_out<P: Primitives>(
    shared: &Shared<P>,
    anyway: bool,
) -> Result<CommandReply, Refusal> {
    let (identity, trouble) = {
        let core = shared.core();
        (core.store.identity()?, core.store.trouble()?)
    };
    let Some(identity) = identity else {
        return Err(refuse(ErrorCode::SignedOut, "Nobody is signed in here."));
    };
    if trouble.is_none() {
        if identity.standing == DeviceStanding::Active {
            if !anyway {
                backup::save_before_leaving(shared).await?;
            }
            device::revoke(shared, identity.device, Vec::new(), RevokeReason::SignedOut).await?;
        }
        match shared
            .call(Method::Delete, "/api/v1/session".to_owned(), None)
            .await
        {
            // Revoking the device has ended the sign-in already.
            Ok(_)
            | Err(CallError::Refused {
                status: 401 | 403 | 404,
                ..
            }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut core = shared.core();
    core.send(Outgoing::CloseSocket);
    core.send(Outgoing::Wipe);
    core.tell(Topic::Session);
    core.forget_waiting();
    Ok(CommandReply::Done)
}

/// Device names are for one's own devices only.
pub(crate) fn seal_name<P: Primitives>(
    core: &mut Core<P>,
    account_key: &[u8; 32],
    name: &str,
) -> Vec<u8> {
    sealed::seal(
        &sealed::derive(account_key, "cloister/device-name/v1"),
        name.as_bytes(),
        b"device-name",
        &mut core.chance,
    )
}

pub(crate) fn open_name(account_key: &Hash, sealed_name: &[u8]) -> Option<String> {
    let key = sealed::derive(&account_key.0, "cloister/device-name/v1");
    sealed::open(&key, sealed_name, b"device-name")
        .ok()
        .and_then(|name| String::from_utf8(name).ok())
}

pub(crate) const fn state_of(standing: DeviceStanding) -> DeviceState {
    match standing {
        DeviceStanding::Pending => DeviceState::Pending,
        DeviceStanding::Active => DeviceState::Active,
        DeviceStanding::Revoked => DeviceState::Revoked,
    }
}

/// The body of a request that appends to one's own device log.
pub(crate) fn append_body(entry: Vec<u8>) -> AppendDevlog {
    AppendDevlog {
        entry: Bytes(entry),
        vault: None,
    }
}
