//! Making an account, signing in, signing out.

use cloister_e2ee::{Primitives, recovery::RecoveryKey, sealed};
use cloister_proof::{
    DeviceCert, DeviceLog, DeviceOffer, Purpose, Signed, Signer as _,
    devlog::{Body, Entry, RevokeReason},
    signed::challenge_payload,
};
use cloister_wire::{
    Bytes, DeviceId, ErrorCode, Hash, Octets, UserId,
    account::{
        Account, Admission, AppendDevlog, AskChallenge, Challenge, DeviceStanding, Instance,
        LookUp, Register, SignIn, SignInDevice, SignedIn, Vault,
    },
    key::UploadKeys,
    limits::ONE_TIME_KEYS_PER_DEVICE,
};

use crate::{
    core::{Core, Shared, refuse},
    engine::{Method, Outgoing},
    flow::{
        call::{CallError, to_cbor},
        connect, device, invite,
    },
    store::{Identity, Recovery, Store, StoreError},
    view::{CommandReply, DeviceState, InstanceView, Refusal, Topic},
};

/// What somebody typed to make an account.
pub(crate) struct NewAccount {
    pub set_up_token: Option<String>,
    pub invite: Option<String>,
    pub username: String,
    pub display_name: String,
    pub password: String,
    pub device_name: String,
}

/// What somebody typed to sign in.
pub(crate) struct Credentials {
    pub username: String,
    pub password: String,
    pub device_name: String,
    pub recovery_key: Option<String>,
}

/// Keys and names of a device that is being born.
struct Newborn<P: Primitives> {
    account: P::Account,
    cert: DeviceCert,
    calls_seed: Hash,
    keys: UploadKeys,
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
    let link = new.invite.as_deref().map(invite::Link::parse).transpose()?;
    let admission = match (&new.set_up_token, &link) {
        (Some(token), _) => Admission::SetUp {
            token: token.clone(),
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
    let account_key: [u8; 32] = core.draw();
    let genesis = genesis(&core, &newborn, &recovery);
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
        vault: Bytes(recovery.seal_vault(&account_key, &mut core.chance)),
        name_ct: Bytes(seal_name(&mut core, &account_key, &new.device_name)),
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
        store.put_account_key(&Octets(account_key))?;
        store.put_recovery(&Recovery {
            key: key.clone(),
            later_until: 0,
        })
    })?;
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
            Err(_) if lost => return sign_in_known(shared, &new.username, &new.password).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(CallError::NoAnswer.into())
}

pub(crate) async fn sign_in<P: Primitives>(
    shared: &Shared<P>,
    typed: Credentials,
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
        let signed_in = sign_in_known(shared, &typed.username, &typed.password).await?;
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
    let look = LookUp {
        username: typed.username.clone(),
        password: typed.password.clone(),
    };
    let account: Account = shared
        .call_openly(
            Method::Post,
            "/api/v1/sessions/lookup",
            Some(to_cbor(&look)),
        )
        .await?;
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
async fn new_device<P: Primitives>(
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
        })
    };
    let signed_in = post_session(shared, body).await?;
    welcome(shared, &signed_in, DeviceStanding::Pending)?;
    match recovery {
        Some(recovery) => {
            let vault: Vault = shared.get("/api/v1/vault".to_owned()).await?;
            let opened = recovery.open_vault(vault.vault.as_ref());
            let account_key = opened.map_err(|_| {
                refuse(
                    ErrorCode::RecoveryKeyWrong,
                    "The recovery key does not open the vault.",
                )
            })?;
            shared.core().store.put_account_key(&Octets(account_key))?;
            device::add_self(shared, &recovery).await?;
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
async fn first_sign_in<P: Primitives>(
    shared: &Shared<P>,
    typed: &Credentials,
    user: UserId,
) -> Result<CommandReply, Refusal> {
    let body = {
        let mut core = shared.core();
        let newborn = give_birth(&mut core, user)?;
        let recovery = RecoveryKey::draw(&mut core.chance);
        let account_key: [u8; 32] = core.draw();
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
            store.put_account_key(&Octets(account_key))?;
            store.put_recovery(&Recovery {
                key: recovery.to_text(),
                later_until: 0,
            })
        })?;
        let genesis = Bytes(genesis(&core, &newborn, &recovery));
        let vault = Bytes(recovery.seal_vault(&account_key, &mut core.chance));
        let name_ct = Bytes(seal_name(&mut core, &account_key, &typed.device_name));
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
        })
    };
    let signed_in = post_session(shared, body).await?;
    welcome(shared, &signed_in, DeviceStanding::Active)?;
    Ok(CommandReply::SignedIn {
        state: DeviceState::Active,
    })
}

async fn post_session<P: Primitives>(
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
async fn sign_in_known<P: Primitives>(
    shared: &Shared<P>,
    username: &str,
    password: &str,
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
        })
    };
    Ok(shared
        .call_openly(Method::Post, "/api/v1/sessions", Some(body))
        .await?)
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
            store.put_tokens(&signed_in.tokens)?;
            store.forget("trouble")?;
            store.put_person(log.user, &identity.username, &identity.display_name)?;
            store.put_devlog(&log)
        })?;
        core.tell(Topic::Session);
        core.tell(Topic::Recovery);
    }
    connect::hurry(shared);
    Ok(())
}

pub(crate) async fn sign_out<P: Primitives>(shared: &Shared<P>) -> Result<CommandReply, Refusal> {
    let (identity, trouble) = {
        let core = shared.core();
        (core.store.identity()?, core.store.trouble()?)
    };
    let Some(identity) = identity else {
        return Err(refuse(ErrorCode::SignedOut, "Nobody is signed in here."));
    };
    if trouble.is_none() {
        if identity.standing == DeviceStanding::Active {
            device::revoke(shared, identity.device, RevokeReason::SignedOut).await?;
        }
        match shared
            .call(Method::Delete, "/api/v1/sessions/current".to_owned(), None)
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

fn give_birth<P: Primitives>(core: &mut Core<P>, user: UserId) -> Result<Newborn<P>, Refusal> {
    let mut account = P::new_account(&mut core.chance);
    let calls_seed: Hash = Octets(core.draw());
    let cert = DeviceCert {
        user,
        device: DeviceId::new(core.now, &core.draw()),
        reg_id: 1,
        signing: account.public_key(),
        identity: P::identity(&account),
        calls: ed25519_public(&calls_seed),
        platform: core.options.platform.clone(),
        created_ms: core.now,
    };
    let keys = super::prekeys::make(
        core,
        &mut account,
        (user, cert.device),
        ONE_TIME_KEYS_PER_DEVICE,
        true,
    )?;
    Ok(Newborn {
        account,
        cert,
        calls_seed,
        keys,
    })
}

fn genesis<P: Primitives>(core: &Core<P>, newborn: &Newborn<P>, recovery: &RecoveryKey) -> Vec<u8> {
    let signing = recovery.signing_key();
    let entry = Entry {
        v: 1,
        user: newborn.cert.user,
        version: 1,
        prev: None,
        at_ms: core.now,
        body: Body::Genesis {
            device: newborn.cert.clone(),
            recovery_key: signing.public_key(),
        },
    };
    Signed::seal(Purpose::Devlog, &entry, &[&newborn.account, &signing]).to_bytes()
}

fn store_newborn<P: Primitives>(
    store: &Store<P>,
    newborn: &Newborn<P>,
    identity: &Identity,
) -> Result<(), StoreError> {
    store.put_account(&newborn.account)?;
    store.put_calls_seed(&newborn.calls_seed)?;
    store.put_identity(identity)
}

fn forget_identity<P: Primitives>(store: &Store<P>) -> Result<(), StoreError> {
    for name in [
        "identity",
        "account",
        "calls_seed",
        "account_key",
        "recovery",
        "tokens",
        "trouble",
        "device_name",
    ] {
        store.forget(name)?;
    }
    Ok(())
}

fn ed25519_public(seed: &Hash) -> Hash {
    cloister_e2ee::signing_key(seed).public_key()
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
    }
}
