//! The rules of the instance that operators may change while it runs: who becomes somebody here,
//! and who must have a second factor. What no operator chose is as the configuration says.

use cloister_wire::{
    account::Registration,
    operate::{Policy, SetPolicy, WeakSetting},
    security::{Required, SecurityEventKind},
};

use super::security;
use crate::{
    Result,
    access::{Permit, Runs},
    app::Parts,
    store::{self, db::Tx, instance::Chosen},
    visitor::Visitor,
};

/// The rules that count now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    pub registration: Registration,
    pub second_factor: Required,
}

pub fn in_force<R>(tx: &mut Tx<'_>, parts: &Parts, permit: &Permit<'_, R>) -> Result<Rules> {
    let chosen = store::instance::get_chosen(tx, permit)?;
    Ok(rules(parts, chosen))
}

fn rules(parts: &Parts, chosen: Chosen) -> Rules {
    let config = &parts.config;
    Rules {
        registration: chosen.registration.unwrap_or(config.registration),
        second_factor: chosen
            .second_factor
            .unwrap_or(config.second_factor.required),
    }
}

/// The rules with where they come from, and what is weak.
pub fn show<R: Runs>(tx: &mut Tx<'_>, parts: &Parts, permit: &Permit<'_, R>) -> Result<Policy> {
    let chosen = store::instance::get_chosen(tx, permit)?;
    let rules = rules(parts, chosen);
    let config = &parts.config;
    let lifetimes = config.sessions.lifetimes();
    let weak = config.warnings().into_iter();
    let weak = weak.map(|warning| WeakSetting {
        key: warning.key.to_owned(),
        sentence: warning.sentence.to_owned(),
    });
    Ok(Policy {
        registration: rules.registration,
        registration_chosen: chosen.registration,
        registration_configured: config.registration,
        second_factor: rules.second_factor,
        second_factor_chosen: chosen.second_factor,
        second_factor_configured: config.second_factor.required,
        passwords: config.passwords.profile.name().to_owned(),
        access_ms: lifetimes.access_ms,
        idle_ms: lifetimes.idle_ms,
        absolute_ms: lifetimes.absolute_ms,
        weak: weak.collect(),
    })
}

/// Chooses the rules. They count from the next request on.
pub fn choose<R: Runs>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    request: &SetPolicy,
    visitor: &Visitor,
) -> Result<()> {
    let before = in_force(tx, parts, permit)?;
    let chosen = Chosen {
        registration: request.registration,
        second_factor: request.second_factor,
    };
    store::instance::update_chosen(tx, permit, chosen)?;
    let after = rules(parts, chosen);
    let about = said(before, after);
    let kind = SecurityEventKind::PolicyChanged;
    security::note_by_operator(tx, permit, permit.operator(), (kind, &about), visitor)
}

/// `registration: invite → open; second factor: nobody → staff`.
fn said(before: Rules, after: Rules) -> String {
    let name = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut said = Vec::new();
    if before.registration != after.registration {
        let [from, to] = [before, after].map(|rules| name(serde_json::json!(rules.registration)));
        said.push(format!("registration: {from} → {to}"));
    }
    if before.second_factor != after.second_factor {
        let [from, to] = [before, after].map(|rules| name(serde_json::json!(rules.second_factor)));
        said.push(format!("second factor: {from} → {to}"));
    }
    said.join("; ")
}
