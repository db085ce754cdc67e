//! Steps of a comparison, as they come and go.

use cloister_e2ee::{
    Primitives,
    record::How,
    sas::{About, Comparison, Letter, Step},
};
use cloister_proof::devlog::Enrolment;
use cloister_wire::{
    Bytes, DeviceId, Octets, UserId,
    account::DeviceStanding,
    key::{Envelope, SendToDevice, ToDeviceClass, ToDeviceItem},
};

use super::{
    COMPARING_MAX, Comparing, Stage, frame, own_side, remember, side_of, tidy, waiting_side,
};
use crate::{
    core::{Core, Shared},
    engine::Method,
    flow::{call::CallError, device},
    view::{ComparisonEnd, Refusal, Topic},
};

/// A step is sent so often before the other side counts as out of reach.
const TRIES: u32 = 4;
const RETRY_MS: u64 = 1_500;

/// Sends a step; the steps of this device go out one after the other.
pub(crate) fn post<P: Primitives>(
    shared: &Shared<P>,
    core: &mut Core<P>,
    txn: Octets<16>,
    to: Vec<(DeviceId, u32)>,
    step: Step,
) {
    if to.is_empty() {
        return;
    }
    let ct = Letter::new(txn, step).to_bytes();
    let items = to
        .into_iter()
        .map(|(device, reg_id)| ToDeviceItem {
            device,
            dedupe_id: Octets(core.draw()),
            class: ToDeviceClass::Verification,
            envelope: Envelope {
                reg_id,
                kind: 2,
                ct: Bytes(ct.clone()),
            },
        })
        .collect();
    core.letters.push_back((txn, SendToDevice { items }));
    let flow = shared.clone();
    core.spawn_later(async move { send_all(&flow) });
}

fn send_all<P: Primitives>(shared: &Shared<P>) {
    shared.spawn_single("letters".to_owned(), |shared| async move {
        loop {
            let next = shared.core().letters.pop_front();
            let Some((txn, letter)) = next else { return };
            if send(&shared, &letter).await.is_err() {
                let mut core = shared.core();
                if let Some(one) = core.comparing.get_mut(&txn).filter(|one| !one.is_over()) {
                    one.stage = Stage::Ended(ComparisonEnd::Unreachable);
                    core.tell(Topic::Comparisons);
                }
            }
        }
    });
}

async fn send<P: Primitives>(shared: &Shared<P>, letter: &SendToDevice) -> Result<(), CallError> {
    let mut tried = 0;
    loop {
        let path = "/api/v1/to-device".to_owned();
        match shared.tell_server(Method::Post, path, letter).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                tried += 1;
                let passing = matches!(error, CallError::NoAnswer) || error.retry_later();
                if !passing || tried >= TRIES {
                    return Err(error);
                }
                let wait = error.retry_after_ms().unwrap_or(RETRY_MS);
                shared.sleep(wait).await;
            }
        }
    }
}

/// Takes a step that somebody's device sent. Whatever does not belong is dropped.
pub(crate) fn take<P: Primitives>(
    shared: &Shared<P>,
    core: &mut Core<P>,
    from: (UserId, DeviceId),
    bytes: &[u8],
) -> Result<(), Refusal> {
    let Some(Letter { txn, step, .. }) = Letter::parse(bytes) else {
        return Ok(());
    };
    tidy(core);
    core.tell(Topic::Comparisons);
    match step {
        Step::Ask { about } => asked(shared, core, txn, about, from),
        Step::Commit { .. } => answered(shared, core, txn, from, &step),
        Step::End { why } => {
            let Some(one) = of(core, txn, from) else {
                return Ok(());
            };
            match (one.stage, why) {
                (Stage::Incoming, _) => {
                    core.comparing.remove(&txn);
                }
                (Stage::Done, _) => {}
                (_, 1) => one.stage = Stage::Ended(ComparisonEnd::Different),
                (_, 2) => one.stage = Stage::Ended(ComparisonEnd::Elsewhere),
                _ => one.stage = Stage::Ended(ComparisonEnd::GivenUp),
            }
            Ok(())
        }
        step => go_on(shared, core, txn, from, &step),
    }
}

/// A comparison with exactly this device.
fn of<P: Primitives>(
    core: &mut Core<P>,
    txn: Octets<16>,
    (user, device): (UserId, DeviceId),
) -> Option<&mut Comparing> {
    core.comparing.get_mut(&txn).filter(|one| {
        let known = match one.device {
            Some((known, _)) => known == device,
            None => one.asked.iter().any(|(asked, _)| *asked == device),
        };
        one.user == user && known
    })
}

fn asked<P: Primitives>(
    shared: &Shared<P>,
    core: &mut Core<P>,
    txn: Octets<16>,
    about: About,
    (user, device): (UserId, DeviceId),
) -> Result<(), Refusal> {
    let me = core.store.me()?;
    let Some((_, reg_id)) = side_of(core, user, device)? else {
        return Ok(());
    };
    if core.comparing.contains_key(&txn) {
        return Ok(());
    }
    let waits = me.standing == DeviceStanding::Pending;
    match about {
        About::Person if user != me.user && !waits => {
            // Of one person there is one question at a time.
            core.comparing
                .retain(|_, one| one.user != user || one.stage != Stage::Incoming);
            if core.comparing.len() < COMPARING_MAX {
                let mut one = Comparing::new(about, user, Stage::Incoming, core.now);
                one.device = Some((device, reg_id));
                core.comparing.insert(txn, one);
            }
            Ok(())
        }
        // Whoever sits before a waiting device wants this.
        About::Device if user == me.user && waits => {
            core.comparing.clear();
            answer(shared, core, txn, user, (device, reg_id))
        }
        About::Person | About::Device => Ok(()),
    }
}

/// Answers with a promise; from now on the two devices work it out.
pub(super) fn answer<P: Primitives>(
    shared: &Shared<P>,
    core: &mut Core<P>,
    txn: Octets<16>,
    user: UserId,
    device: (DeviceId, u32),
) -> Result<(), Refusal> {
    let me = core.store.me()?;
    let about = if user == me.user {
        About::Device
    } else {
        About::Person
    };
    let (Some((theirs, _)), Some(own)) = (side_of(core, user, device.0)?, own_side(core)?) else {
        core.comparing.remove(&txn);
        return Ok(());
    };
    let (comparison, promise) = Comparison::answer(frame(about, txn, theirs, own));
    let mut one = Comparing::new(about, user, Stage::Working, core.now);
    one.device = Some(device);
    one.comparison = Some(comparison);
    core.comparing.insert(txn, one);
    post(shared, core, txn, vec![device], promise);
    core.tell(Topic::Comparisons);
    Ok(())
}

/// The first device that answers is the one to compare with; the others need not.
fn answered<P: Primitives>(
    shared: &Shared<P>,
    core: &mut Core<P>,
    txn: Octets<16>,
    from: (UserId, DeviceId),
    step: &Step,
) -> Result<(), Refusal> {
    let Some((about, asked)) = of(core, txn, from)
        .filter(|one| one.stage == Stage::Asked)
        .map(|one| (one.about, one.asked.clone()))
    else {
        return Ok(());
    };
    let theirs = match about {
        About::Person => side_of(core, from.0, from.1)?,
        About::Device => waiting_side(core, from.1)?,
    };
    let (Some((theirs, reg_id)), Some(own)) = (theirs, own_side(core)?) else {
        return Ok(());
    };
    let others = asked
        .into_iter()
        .filter(|(device, _)| *device != from.1)
        .collect();
    if let Some(one) = core.comparing.get_mut(&txn) {
        one.device = Some((from.1, reg_id));
        one.stage = Stage::Working;
        one.comparison = Some(Comparison::start(frame(about, txn, own, theirs)));
    }
    post(shared, core, txn, others, Step::End { why: 2 });
    go_on(shared, core, txn, from, step)
}

fn go_on<P: Primitives>(
    shared: &Shared<P>,
    core: &mut Core<P>,
    txn: Octets<16>,
    from: (UserId, DeviceId),
    step: &Step,
) -> Result<(), Refusal> {
    let Some(one) = of(core, txn, from).filter(|one| one.stage == Stage::Working) else {
        return Ok(());
    };
    let to: Vec<_> = one.device.into_iter().collect();
    let Some(comparison) = &mut one.comparison else {
        return Ok(());
    };
    match comparison.take(step) {
        Ok(Some(next)) => post(shared, core, txn, to, next),
        Ok(None) if comparison.is_done() => finish(shared, core, txn)?,
        Ok(None) => {}
        Err(_) => {
            one.stage = Stage::Ended(ComparisonEnd::Different);
            post(shared, core, txn, to, Step::End { why: 1 });
        }
    }
    Ok(())
}

/// Both people saw the same, and both proofs check.
pub(super) fn finish<P: Primitives>(
    shared: &Shared<P>,
    core: &mut Core<P>,
    txn: Octets<16>,
) -> Result<(), Refusal> {
    let Some(one) = core.comparing.get_mut(&txn) else {
        return Ok(());
    };
    let Some(other) = one.comparison.as_ref().map(|one| *one.other()) else {
        return Ok(());
    };
    one.stage = Stage::Done;
    let about = one.about;
    core.tell(Topic::Comparisons);
    match about {
        About::Person => {
            let same = core
                .store
                .devlog(other.user)?
                .is_some_and(|log| log.genesis == other.genesis);
            if same {
                remember(shared, core, other.user, other.genesis, How::Emoji)?;
            } else if let Some(one) = core.comparing.get_mut(&txn) {
                one.stage = Stage::Ended(ComparisonEnd::Different);
            }
        }
        About::Device if core.store.me()?.standing == DeviceStanding::Active => {
            let flow = shared.clone();
            core.spawn_later(async move {
                let wanted = device::Wanted::Compared(other.device, other.signing);
                if let Err(error) = device::admit(&flow, &wanted, Enrolment::Emoji).await {
                    let mut core = flow.core();
                    core.fail(&error);
                    if let Some(one) = core.comparing.get_mut(&txn) {
                        one.stage = Stage::Ended(ComparisonEnd::Unreachable);
                        core.tell(Topic::Comparisons);
                    }
                }
            });
        }
        // The other device approves this one; that shows itself in the log.
        About::Device => {}
    }
    Ok(())
}
