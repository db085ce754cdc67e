//! Who may do what: the only birthplace of a permit.
//!
//! A handler opens a transaction, asks here for a permit and hands it on. `store` takes ids from
//! the permit, so that a query without leave does not compile. A permit can't outlive its
//! transaction, and the right it stands for is read in that transaction.
//!
//! What a caller may not know of does not exist (404); what it may know of but not do is
//! forbidden (403).

pub mod channel;
pub mod guild;
pub mod policy;
pub mod report;
pub mod subscription;

use std::{marker::PhantomData, net::IpAddr, ops::Deref};

use cloister_wire::{
    DeviceId, ErrorCode, SessionId, UserId, account::DeviceStanding, security::PROOF_MS,
};

pub use crate::seal::token::Claims;
use crate::{
    Error, Result,
    store::{
        self,
        db::Tx,
        session::{Living, Owes},
    },
};

/// Who a request says it comes from.
#[derive(Debug, Clone, Default)]
pub enum Caller {
    #[default]
    Nobody,
    /// With an access token that we signed and whose time has not run out.
    Bearer(Claims),
}

/// A living sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    pub user: UserId,
    pub device: DeviceId,
    pub session: SessionId,
    pub standing: DeviceStanding,
    /// Since when they operate the instance.
    pub operator_at: Option<u64>,
    /// From where they ask, if they do.
    pub address: Option<IpAddr>,
}

/// Leave to do what `R` stands for, within one transaction.
///
/// `R` holds the ids that the leave is about; it is reached by dereferencing.
#[derive(Debug)]
pub struct Permit<'tx, R> {
    right: R,
    // Invariant: a permit of one transaction is of no use in another.
    transaction: PhantomData<fn(&'tx ()) -> &'tx ()>,
}

impl<R> Deref for Permit<'_, R> {
    type Target = R;
    fn deref(&self) -> &R {
        &self.right
    }
}

impl<'tx, R> Permit<'tx, R> {
    /// Only `access` and its rooms give permits; taking the transaction ties the two together.
    fn give(_: &Tx<'tx>, right: R) -> Self {
        Self {
            right,
            transaction: PhantomData,
        }
    }
}

/// Nobody in particular: registration, sign-in, invitations.
#[derive(Debug, Clone, Copy)]
pub struct Anyone(());

/// A signed-in device, pending ones too: its own enrolment, keys and sign-ins.
#[derive(Debug, Clone, Copy)]
pub struct Enrol(pub Actor);

/// A signed-in active device: everything of the person's own.
#[derive(Debug, Clone, Copy)]
pub struct Act(pub Actor);

/// A signed-in active device: what guards the account. Also for somebody who owes a second
/// factor, which they set up by this.
#[derive(Debug, Clone, Copy)]
pub struct Own(pub Actor);

/// The same, where password and second factor were given a moment ago.
#[derive(Debug, Clone, Copy)]
pub struct Proved(pub Actor);

/// Runs the instance.
#[derive(Debug, Clone, Copy)]
pub struct Operate(pub Actor);

/// The same, where password and second factor were given a moment ago.
#[derive(Debug, Clone, Copy)]
pub struct OperateProved(pub Actor);

/// Leaves of whoever runs the instance: from a client, or on the machine.
pub trait Runs {
    /// Which operator, if it is one from a client.
    fn operator(&self) -> Option<UserId>;
}

impl Runs for Operate {
    fn operator(&self) -> Option<UserId> {
        Some(self.user)
    }
}
impl Runs for OperateProved {
    fn operator(&self) -> Option<UserId> {
        Some(self.user)
    }
}
impl Runs for System {
    fn operator(&self) -> Option<UserId> {
        None
    }
}

/// The server itself: jobs and operator commands.
#[derive(Debug, Clone, Copy)]
pub struct System(());

impl Deref for Enrol {
    type Target = Actor;
    fn deref(&self) -> &Actor {
        &self.0
    }
}
impl Deref for Act {
    type Target = Actor;
    fn deref(&self) -> &Actor {
        &self.0
    }
}
impl Deref for Own {
    type Target = Actor;
    fn deref(&self) -> &Actor {
        &self.0
    }
}
impl Deref for Proved {
    type Target = Actor;
    fn deref(&self) -> &Actor {
        &self.0
    }
}
impl Deref for Operate {
    type Target = Actor;
    fn deref(&self) -> &Actor {
        &self.0
    }
}
impl Deref for OperateProved {
    type Target = Actor;
    fn deref(&self) -> &Actor {
        &self.0
    }
}

pub fn anyone<'tx>(tx: &Tx<'tx>) -> Permit<'tx, Anyone> {
    Permit::give(tx, Anyone(()))
}

/// For jobs and operator commands; the reason stands in the log.
pub fn system<'tx>(tx: &Tx<'tx>, reason: &'static str) -> Permit<'tx, System> {
    tracing::info!(reason, "acting as the system");
    Permit::give(tx, System(()))
}

/// For a job that looks whether there is anything to do.
pub fn system_quietly<'tx>(tx: &Tx<'tx>) -> Permit<'tx, System> {
    Permit::give(tx, System(()))
}

/// A signed-in device, whether it is approved or waits for it.
pub fn enrol<'tx>(tx: &mut Tx<'tx>, caller: &Caller) -> Result<Permit<'tx, Enrol>> {
    let living = living(tx, caller)?;
    Ok(Permit::give(tx, Enrol(living.actor)))
}

/// A signed-in, approved device, of somebody who has the second factor that they must have.
pub fn act<'tx>(tx: &mut Tx<'tx>, caller: &Caller) -> Result<Permit<'tx, Act>> {
    let living = approved(tx, caller)?;
    match living.owes {
        Owes::Nothing | Owes::ForOperating => Ok(Permit::give(tx, Act(living.actor))),
        Owes::ForAnything => Err(factor_needed()),
    }
}

/// A signed-in, approved device, for what guards the account.
pub fn own<'tx>(tx: &mut Tx<'tx>, caller: &Caller) -> Result<Permit<'tx, Own>> {
    let living = approved(tx, caller)?;
    Ok(Permit::give(tx, Own(living.actor)))
}

/// The same for sensitive acts: password and second factor were given here within 15 minutes.
pub fn proved<'tx>(tx: &mut Tx<'tx>, caller: &Caller) -> Result<Permit<'tx, Proved>> {
    let living = approved(tx, caller)?;
    check_proof(tx, &living)?;
    Ok(Permit::give(tx, Proved(living.actor)))
}

fn check_proof(tx: &Tx<'_>, living: &Living) -> Result<()> {
    if tx.now() < living.proved_at + PROOF_MS {
        return Ok(());
    }
    Err(Error::refuse(
        ErrorCode::ProofRequired,
        "Give your password once more for this.",
    ))
}

/// The operator of the instance.
pub fn operate<'tx>(tx: &mut Tx<'tx>, caller: &Caller) -> Result<Permit<'tx, Operate>> {
    let living = operating(tx, caller)?;
    Ok(Permit::give(tx, Operate(living.actor)))
}

/// The same for what changes something: password and second factor were given here within 15
/// minutes.
pub fn operate_proved<'tx>(
    tx: &mut Tx<'tx>,
    caller: &Caller,
) -> Result<Permit<'tx, OperateProved>> {
    let living = operating(tx, caller)?;
    check_proof(tx, &living)?;
    Ok(Permit::give(tx, OperateProved(living.actor)))
}

fn operating(tx: &mut Tx<'_>, caller: &Caller) -> Result<Living> {
    let living = approved(tx, caller)?;
    if living.actor.operator_at.is_none() {
        return Err(Error::forbidden());
    }
    match living.owes {
        Owes::Nothing => Ok(living),
        Owes::ForOperating | Owes::ForAnything => Err(factor_needed()),
    }
}

fn factor_needed() -> Error {
    Error::refuse(
        ErrorCode::SecondFactorNeeded,
        "This server asks for a second factor. Set one up under Security first.",
    )
}

fn approved(tx: &mut Tx<'_>, caller: &Caller) -> Result<Living> {
    let living = living(tx, caller)?;
    if living.actor.standing == DeviceStanding::Pending {
        return Err(Error::refuse(
            ErrorCode::DevicePending,
            "Approve this device first, from another one or with the recovery key.",
        ));
    }
    Ok(living)
}

/// The living sign-in behind a token. The row is the truth: a token of a sign-in that is over, of
/// a revoked device or a disabled account is worth nothing.
fn living(tx: &mut Tx<'_>, caller: &Caller) -> Result<Living> {
    let Caller::Bearer(claims) = caller else {
        return Err(Error::unauthenticated());
    };
    let mut living =
        store::session::get_living(tx, claims.session)?.ok_or_else(Error::unauthenticated)?;
    living.actor.address = claims.address;
    let actor = living.actor;
    if actor.user != claims.user || actor.device != claims.device {
        return Err(Error::unauthenticated());
    }
    if living.cloned_at.is_some() {
        return Err(Error::device_cloned());
    }
    match actor.standing {
        DeviceStanding::Revoked => Err(Error::device_revoked()),
        DeviceStanding::Pending | DeviceStanding::Active => Ok(living),
    }
}
