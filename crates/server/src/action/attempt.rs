//! Attempts to sign in, counted where a restart does not forget them.
//!
//! Each attempt fills three buckets before the password is looked at: of the address, of the name
//! from that address, and of the name from everywhere. The second is the tight one: whoever
//! guesses from elsewhere locks nobody out. A right password gives back what it took.

use std::num::NonZero;

use cloister_wire::Hash;

use crate::{
    Result,
    access::{Anyone, Permit},
    app::Parts,
    limit::Rate,
    store::{self, db::Tx},
};

/// Attempts on one name from everywhere, as a multiple of those from one address.
const EVERYWHERE: NonZero<u32> = NonZero::new(10).unwrap();

/// Counts an attempt, before the password is looked at.
pub fn count(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    username: &str,
    address: &str,
) -> Result<()> {
    for (key, rate) in buckets(parts, username, address) {
        store::attempt::spend(tx, permit, &key, rate)?.allowed()?;
    }
    Ok(())
}

/// The right password was given: the name's attempts are forgotten, the address gets its one
/// back.
pub(super) fn forgive(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    username: &str,
    address: &str,
) -> Result<()> {
    let [(from_address, rate), (both, _), (name, _)] = buckets(parts, username, address);
    store::attempt::refund(tx, permit, &from_address, rate)?;
    store::attempt::delete(tx, permit, &both)?;
    store::attempt::delete(tx, permit, &name)
}

fn buckets(parts: &Parts, username: &str, address: &str) -> [(Hash, Rate); 3] {
    let limits = &parts.config.limits;
    let name = store::account::name_key(username);
    let key = |names: &[&str]| {
        parts
            .keys
            .hash_secret("attempt", names.join("\0").as_bytes())
    };
    let everywhere = limits.sign_ins_per_account.saturating_mul(EVERYWHERE);
    [
        (
            key(&["address", address]),
            Rate::per_minute(limits.sign_ins_per_address),
        ),
        (
            key(&["both", &name, address]),
            Rate::per_minute(limits.sign_ins_per_account),
        ),
        (key(&["name", &name]), Rate::per_minute(everywhere)),
    ]
}
