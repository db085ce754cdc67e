//! Making sure of people and of one's own new devices: comparing emoji, reading codes, and
//! remembering on all one's devices what came of it.

mod letter;
mod record;

use cloister_e2ee::{
    DeviceContent, Primitives,
    record::{How, PersonRecord},
    sas::{About, Comparison, Frame, Side, Step},
};
use cloister_proof::{
    DeviceLog, DeviceOffer,
    fingerprint::{self, PersonCode},
};
use cloister_wire::{
    DeviceId, ErrorCode, Hash, Octets, UserId, account::DeviceStanding, key::ToDeviceClass,
};

pub(crate) use self::{
    letter::{post, take},
    record::{accept, code_was_read, hand_out, merge, pack_records, remember},
};
use crate::{
    core::{Core, Outcome, Shared, refuse},
    flow::{device, envelope, people, queue},
    store::StoreError,
    view::{CommandReply, ComparisonEnd, Refusal, Topic},
};

/// A comparison that took longer is over.
const PATIENCE_MS: u64 = 10 * 60_000;
/// Comparisons at one time; more are not taken.
const COMPARING_MAX: usize = 8;

/// One comparison as this device follows it.
pub(crate) struct Comparing {
    pub about: About,
    pub user: UserId,
    /// The other device, once it is known which one answers, with its registration.
    pub device: Option<(DeviceId, u32)>,
    /// Whom this device has asked.
    pub asked: Vec<(DeviceId, u32)>,
    pub comparison: Option<Comparison>,
    pub stage: Stage,
    /// Who the person was when they read this device's code.
    pub genesis: Option<Hash>,
    pub at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Asked,
    Incoming,
    Working,
    CodeRead,
    Done,
    Ended(ComparisonEnd),
}

impl Comparing {
    pub(crate) fn new(about: About, user: UserId, stage: Stage, at: u64) -> Self {
        Self {
            about,
            user,
            device: None,
            asked: Vec::new(),
            comparison: None,
            stage,
            genesis: None,
            at,
        }
    }

    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Done | Stage::Ended(_))
    }
}

/// Ends what has waited too long, and forgets what ended long ago.
pub(crate) fn tidy<P: Primitives>(core: &mut Core<P>) {
    let now = core.now;
    for one in core.comparing.values_mut() {
        if now.saturating_sub(one.at) > PATIENCE_MS && !one.is_over() {
            one.stage = Stage::Ended(ComparisonEnd::TimedOut);
        }
    }
    core.comparing
        .retain(|_, one| !one.is_over() || now.saturating_sub(one.at) < 2 * PATIENCE_MS);
}

fn begin<P: Primitives>(
    shared: &Shared<P>,
    about: About,
    user: UserId,
    devices: Vec<(DeviceId, u32)>,
) -> Outcome {
    let mut core = shared.core();
    tidy(&mut core);
    if core.comparing.len() >= COMPARING_MAX {
        core.comparing.retain(|_, one| !one.is_over());
    }
    if core.comparing.len() >= COMPARING_MAX {
        return Err(refuse(
            ErrorCode::TooMany,
            "Too many comparisons are under way here. End one of them first.",
        ));
    }
    let txn = Octets(core.draw());
    let mut comparing = Comparing::new(about, user, Stage::Asked, core.now);
    comparing.asked.clone_from(&devices);
    core.comparing.insert(txn, comparing);
    post(shared, &mut core, txn, devices, Step::Ask { about });
    core.tell(Topic::Comparisons);
    Ok(CommandReply::Comparison {
        id: fingerprint::base32(&txn.0),
    })
}

/// Asks somebody's devices to compare emoji.
pub(crate) async fn compare<P: Primitives>(shared: &Shared<P>, user: UserId) -> Outcome {
    if shared.core().store.me()?.user == user {
        return Err(refuse(
            ErrorCode::Invalid,
            "That's you. Your own devices are approved on the page of your devices.",
        ));
    }
    let log = fresh_log(shared, user).await?;
    let devices: Vec<_> = log
        .active()
        .map(|record| (record.cert.device, record.reg_id))
        .collect();
    begin(shared, About::Person, user, devices)
}

/// Asks a device that waits for approval to compare emoji.
pub(crate) async fn compare_device<P: Primitives>(shared: &Shared<P>, device: DeviceId) -> Outcome {
    device::fetch(shared).await?;
    let (me, side) = {
        let core = shared.core();
        let side = waiting_side(&core, device)?.ok_or_else(|| {
            refuse(
                ErrorCode::NotFound,
                "No device of yours waits for approval under that id.",
            )
        })?;
        (core.store.me()?, side)
    };
    begin(shared, About::Device, me.user, vec![(device, side.1)])
}

/// Takes up a comparison that somebody asked for.
pub(crate) async fn accept_comparison<P: Primitives>(shared: &Shared<P>, id: &str) -> Outcome {
    let txn = find(id)?;
    let user = {
        let core = shared.core();
        let one = core.comparing.get(&txn).ok_or_else(over)?;
        one.user
    };
    fresh_log(shared, user).await?;
    let mut core = shared.core();
    let waits = core
        .comparing
        .get(&txn)
        .filter(|one| one.stage == Stage::Incoming)
        .and_then(|one| one.device)
        .ok_or_else(over)?;
    letter::answer(shared, &mut core, txn, user, waits)?;
    Ok(CommandReply::Done)
}

/// The person says whether both show the same, or whether it was really them who read the code.
pub(crate) fn judge<P: Primitives>(shared: &Shared<P>, id: &str, same: bool) -> Outcome {
    let txn = find(id)?;
    let mut core = shared.core();
    tidy(&mut core);
    let one = core.comparing.get_mut(&txn).ok_or_else(over)?;
    let (user, to) = (one.user, one.device);
    if !same {
        one.stage = Stage::Ended(ComparisonEnd::Different);
        let to = to.into_iter().collect();
        post(shared, &mut core, txn, to, Step::End { why: 1 });
        core.tell(Topic::Comparisons);
        return Ok(CommandReply::Done);
    }
    match (&mut one.comparison, one.stage, one.genesis) {
        (_, Stage::CodeRead, Some(genesis)) => {
            one.stage = Stage::Done;
            core.tell(Topic::Comparisons);
            remember(shared, &mut core, user, genesis, How::Qr)?;
        }
        (Some(comparison), Stage::Working, _) => {
            let step = comparison.same().map_err(|_| over())?;
            let done = comparison.is_done();
            let to = to.into_iter().collect();
            post(shared, &mut core, txn, to, step);
            core.tell(Topic::Comparisons);
            if done {
                letter::finish(shared, &mut core, txn)?;
            }
        }
        _ => return Err(over()),
    }
    Ok(CommandReply::Done)
}

/// Gives up a comparison, or closes one that is over.
pub(crate) fn end<P: Primitives>(shared: &Shared<P>, id: &str) -> Outcome {
    let txn = find(id)?;
    let mut core = shared.core();
    if let Some(one) = core.comparing.remove(&txn)
        && !one.is_over()
    {
        let to = one.device.map_or(one.asked, |device| vec![device]);
        post(shared, &mut core, txn, to, Step::End { why: 0 });
    }
    core.tell(Topic::Comparisons);
    Ok(CommandReply::Done)
}

/// Reads the QR code that somebody's device shows.
pub(crate) async fn read_code<P: Primitives>(
    shared: &Shared<P>,
    user: UserId,
    text: &str,
) -> Outcome {
    let code = PersonCode::parse(text).ok_or_else(|| {
        refuse(
            ErrorCode::PersonCodeWrong,
            "That is not the code of a person. Ask them to show the one on your page of their client.",
        )
    })?;
    let me = shared.core().store.me()?;
    if code.user != user || code.reader != me.user {
        return Err(refuse(
            ErrorCode::PersonCodeWrong,
            "That is not their code for you. Ask them to open their page about you.",
        ));
    }
    let log = fresh_log(shared, code.user).await?;
    let own = own_log(&shared.core())?;
    let theirs = fingerprint::person(code.user, &log.genesis) == code.fingerprint;
    let mine = fingerprint::person(me.user, &own.genesis) == code.reader_fingerprint;
    if !theirs || !mine {
        return Err(refuse(
            ErrorCode::KeysDiffer,
            "The two devices know different keys: the server, or somebody on the way, shows you other keys than they have. Don't write anything secret, and tell them.",
        ));
    }
    let devices: Vec<_> = log
        .active()
        .map(|record| (code.user, record.cert.device, record.reg_id))
        .collect();
    remember(shared, &mut shared.core(), code.user, log.genesis, How::Qr)?;
    tell_reader(shared, &devices, code.secret).await?;
    Ok(CommandReply::Done)
}

/// Tells the devices of whoever showed the code that it was read.
async fn tell_reader<P: Primitives>(
    shared: &Shared<P>,
    devices: &[(UserId, DeviceId, u32)],
    secret: Octets<16>,
) -> Result<(), Refusal> {
    let pairs: Vec<_> = devices.iter().map(|one| (one.0, one.1)).collect();
    envelope::ensure_sessions(shared, &pairs).await?;
    {
        let mut core = shared.core();
        core.store.begin()?;
        let content = DeviceContent::CodeRead { secret };
        let done = devices.iter().try_for_each(|to| {
            envelope::seal_parcel(&mut core, *to, ToDeviceClass::Control, &content)
        });
        core.store.end(done)?;
    }
    queue::resend(shared);
    Ok(())
}

/// The person has read the safety number with the other and found it the same.
pub(crate) fn number_matches<P: Primitives>(
    shared: &Shared<P>,
    user: UserId,
    number: &str,
) -> Outcome {
    let mut core = shared.core();
    let log = core.store.devlog(user)?.ok_or_else(unknown)?;
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let shown = safety_number(&core, &log)?;
    if digits(&shown) != digits(number) {
        return Err(refuse(
            ErrorCode::KeysDiffer,
            "That is not the number that this device shows now. Compare it again.",
        ));
    }
    remember(shared, &mut core, user, log.genesis, How::Number)?;
    Ok(CommandReply::Done)
}

pub(crate) fn safety_number<P: Primitives>(
    core: &Core<P>,
    log: &DeviceLog,
) -> Result<String, StoreError> {
    let me = core.store.me()?;
    let own = core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?;
    Ok(fingerprint::safety_number(
        &fingerprint::person(me.user, &own.genesis),
        &fingerprint::person(log.user, &log.genesis),
    ))
}

/// What this device's code for `log`'s person says.
pub(crate) fn code_for<P: Primitives>(
    core: &Core<P>,
    log: &DeviceLog,
) -> Result<String, StoreError> {
    let me = core.store.me()?;
    let own = core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?;
    let code = PersonCode {
        user: me.user,
        fingerprint: fingerprint::person(me.user, &own.genesis),
        reader: log.user,
        reader_fingerprint: fingerprint::person(log.user, &log.genesis),
        secret: core.code_secret,
    };
    Ok(code.to_text())
}

/// Somebody's log, as new as the server has it.
async fn fresh_log<P: Primitives>(shared: &Shared<P>, user: UserId) -> Result<DeviceLog, Refusal> {
    people::refresh(shared, &std::collections::BTreeSet::from([user])).await?;
    shared.core().store.devlog(user)?.ok_or_else(unknown)
}

fn own_log<P: Primitives>(core: &Core<P>) -> Result<DeviceLog, Refusal> {
    let me = core.store.me()?;
    Ok(core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?)
}

/// A device that is active in its person's log, as it is compared.
fn side_of<P: Primitives>(
    core: &Core<P>,
    user: UserId,
    device: DeviceId,
) -> Result<Option<(Side, u32)>, StoreError> {
    let Some(log) = core.store.devlog(user)? else {
        return Ok(None);
    };
    Ok(log
        .devices
        .get(&device)
        .filter(|record| record.active())
        .map(|record| (side(&record.cert, log.genesis), record.reg_id)))
}

/// One's own device that waits for approval, as the server lists it.
fn waiting_side<P: Primitives>(
    core: &Core<P>,
    device: DeviceId,
) -> Result<Option<(Side, u32)>, StoreError> {
    let list = core.store.device_list()?.unwrap_or_default();
    Ok(list
        .iter()
        .find(|one| one.id == device && one.standing == DeviceStanding::Pending)
        .and_then(|one| DeviceOffer::verify(one.cert.as_ref()).ok())
        .filter(|offer| offer.cert.device == device)
        .map(|offer| (side(&offer.cert, offer.genesis), offer.cert.reg_id)))
}

fn own_side<P: Primitives>(core: &Core<P>) -> Result<Option<Side>, Refusal> {
    let me = core.store.me()?;
    let genesis = own_log(core)?.genesis;
    Ok(queue::own_cert(core, &me)?.map(|cert| side(&cert, genesis)))
}

fn side(cert: &cloister_proof::DeviceCert, genesis: Hash) -> Side {
    Side {
        user: cert.user,
        device: cert.device,
        signing: cert.signing,
        identity: cert.identity,
        genesis,
    }
}

fn frame(about: About, txn: Octets<16>, starter: Side, answerer: Side) -> Frame {
    Frame {
        about,
        txn,
        starter,
        answerer,
    }
}

fn find(id: &str) -> Result<Octets<16>, Refusal> {
    fingerprint::from_base32(id)
        .and_then(|bytes| bytes.try_into().ok())
        .map(Octets)
        .ok_or_else(over)
}

fn over() -> Refusal {
    refuse(
        ErrorCode::NotFound,
        "That comparison is over. Start a new one.",
    )
}

fn unknown() -> Refusal {
    refuse(
        ErrorCode::NotFound,
        "This device has not seen their keys yet. Write to them, or meet in a server, first.",
    )
}

/// A decision about somebody, made on this device now.
fn decision<P: Primitives>(
    core: &Core<P>,
    user: UserId,
    genesis: Hash,
    how: How,
) -> Result<PersonRecord, StoreError> {
    Ok(PersonRecord {
        user,
        genesis,
        at_ms: core.now,
        how,
        device: core.store.me()?.device,
    })
}
