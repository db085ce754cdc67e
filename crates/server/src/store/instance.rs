//! The instance itself: one row.

use cloister_wire::{Hash, account::Registration};

use super::db::Tx;
use crate::{
    Result,
    access::{Anyone, Permit, Runs, System},
    config::Required,
    params, sql,
};

sql! {
    CHECK = "SELECT count(*) FROM instance";
    GET_INCARNATION = "SELECT incarnation FROM instance";
    COUNT_OPERATORS = "SELECT count(*) FROM account WHERE operator_at IS NOT NULL";
    INSERT = "INSERT INTO instance (only_row, incarnation, created_at) VALUES (1, 1, $1)
        ON CONFLICT (only_row) DO NOTHING";
    UPDATE_SECOND_FACTOR = "UPDATE instance SET second_factor = $1";
    GET_CHOSEN = "SELECT registration_chosen, second_factor_chosen FROM instance";
    UPDATE_CHOSEN = "UPDATE instance SET registration_chosen = $1, second_factor_chosen = $2";
    GET_SET_UP_HASH = "SELECT set_up_hash FROM instance FOR UPDATE";
    UPDATE_SET_UP_HASH = "UPDATE instance SET set_up_hash = $1";
}

/// Does the database answer?
pub fn check(tx: &mut Tx<'_>) -> Result<()> {
    tx.one(CHECK, &[], |row| row.get::<u64>(0)).map(|_| ())
}

/// Which life of the database this is.
pub fn get_incarnation<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>) -> Result<u64> {
    Ok(tx
        .maybe(GET_INCARNATION, &[], |row| row.get(0))?
        .unwrap_or(1))
}

pub fn count_operators(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>) -> Result<u64> {
    tx.one(COUNT_OPERATORS, &[], |row| row.get(0))
}

/// Makes the one row, if it isn't there.
pub fn insert(tx: &mut Tx<'_>, _: &Permit<'_, System>) -> Result<()> {
    let now = tx.now();
    tx.execute(INSERT, params![now]).map(|_| ())
}

/// Who must have a second factor: it is read with every request, where the rights are.
pub fn update_second_factor(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    required: Required,
) -> Result<()> {
    tx.execute(UPDATE_SECOND_FACTOR, params![required_text(required)])
        .map(|_| ())
}

/// What operators chose from a client, in the place of what the configuration says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chosen {
    pub registration: Option<Registration>,
    pub second_factor: Option<Required>,
}

pub fn get_chosen<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>) -> Result<Chosen> {
    let chosen = tx.maybe(GET_CHOSEN, &[], |row| {
        let (registration, second_factor): (Option<String>, Option<String>) =
            (row.get(0)?, row.get(1)?);
        Ok(Chosen {
            registration: registration.as_deref().and_then(registration_of),
            second_factor: second_factor.as_deref().and_then(required_of),
        })
    })?;
    Ok(chosen.unwrap_or_default())
}

pub fn update_chosen<R: Runs>(tx: &mut Tx<'_>, _: &Permit<'_, R>, chosen: Chosen) -> Result<()> {
    let registration = chosen.registration.map(registration_text);
    let second_factor = chosen.second_factor.map(required_text);
    tx.execute(UPDATE_CHOSEN, params![registration, second_factor])
        .map(|_| ())
}

const fn required_text(required: Required) -> &'static str {
    match required {
        Required::Nobody => "nobody",
        Required::Staff => "staff",
        Required::All => "all",
    }
}

fn required_of(text: &str) -> Option<Required> {
    [Required::Nobody, Required::Staff, Required::All]
        .into_iter()
        .find(|one| required_text(*one) == text)
}

const fn registration_text(registration: Registration) -> &'static str {
    match registration {
        Registration::Invite => "invite",
        Registration::Open => "open",
        Registration::Application => "application",
        Registration::Closed => "closed",
    }
}

fn registration_of(text: &str) -> Option<Registration> {
    [
        Registration::Invite,
        Registration::Open,
        Registration::Application,
        Registration::Closed,
    ]
    .into_iter()
    .find(|one| registration_text(*one) == text)
}

/// The hash of the token in the set-up link, while there is one. Locks the row: of two who use
/// the link at once, one is first.
pub fn get_set_up_hash(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>) -> Result<Option<Hash>> {
    Ok(tx.maybe(GET_SET_UP_HASH, &[], |row| row.get(0))?.flatten())
}

pub fn update_set_up_hash<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, hash: Option<Hash>) -> Result<()> {
    tx.execute(UPDATE_SET_UP_HASH, params![hash.as_ref()])
        .map(|_| ())
}
