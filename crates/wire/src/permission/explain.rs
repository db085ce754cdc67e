//! Why somebody may or may not do something: the steps of [`super::evaluate`] for one right, in
//! their order, and the one that decides.

use serde::{Deserialize, Serialize};

use super::{Constraint, Holder, Permissions, Place, Rules, Subject};
use crate::{ChannelId, RoleId};

/// What one step says of the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Allows,
    Refuses,
}

/// One thing that has a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// The owner may do everything.
    Owner,
    /// What everyone has in the guild.
    Everyone { decision: Decision },
    /// A role gives it in the guild.
    Role { role: RoleId },
    /// A role makes its holders administrators.
    Administrator { role: RoleId },
    /// An overwrite in a category or channel.
    Overwrite {
        at: Place,
        of: Subject,
        decision: Decision,
    },
    /// Who can't see the channel can do nothing in it.
    Unseen,
    /// A moderator has put the person on hold.
    TimedOut,
    /// A moderator has put the person in quarantine: roles count for nothing.
    Quarantined,
    /// A role would give it, but what it asks for is not so.
    Constrained {
        role: RoleId,
        constraint: Constraint,
    },
}

/// The answer: the last step of `steps` that speaks decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Explanation {
    pub allowed: bool,
    /// Everything that has a say, in the order of evaluation; what comes later wins.
    pub steps: Vec<Step>,
    /// The step that decides.
    pub decided_by: Step,
}

/// Explains one right (one bit) of one person, in a channel or in the guild as a whole.
pub fn explain(
    rules: &Rules,
    holder: &Holder<'_>,
    channel: Option<ChannelId>,
    right: Permissions,
) -> Explanation {
    let mut suspended = rules.suspended(holder);
    // Constraints take away no reading.
    if Permissions::READING.contains(right) {
        suspended.clear();
    }
    let mut explanation = without_gifts(rules, holder, channel, right, &suspended);
    if explanation.allowed {
        return explanation;
    }
    // The constraint that decides is the one without which they might.
    for at in 1..=suspended.len() {
        let (lifted, mute) = suspended.split_at(at);
        if !without_gifts(rules, holder, channel, right, mute).allowed {
            continue;
        }
        let role = lifted[at - 1];
        if let Some(constraint) = rules.unmet(role, holder) {
            explanation
                .steps
                .push(Step::Constrained { role, constraint });
            return decided(false, explanation.steps);
        }
    }
    explanation
}

/// The same where some roles give nothing.
fn without_gifts(
    rules: &Rules,
    holder: &Holder<'_>,
    channel: Option<ChannelId>,
    right: Permissions,
    mute: &[RoleId],
) -> Explanation {
    let mut steps = Vec::new();
    if holder.user == rules.owner {
        return decided(true, vec![Step::Owner]);
    }
    let mut allowed = rules.everyone.contains(right);
    steps.push(Step::Everyone {
        decision: decision(allowed),
    });
    let held = |wanted: Permissions| {
        let counted = holder.counted().iter().filter(|role| !mute.contains(role));
        let roles = counted.filter(move |role| {
            let known = rules.roles.get(role);
            known.is_some_and(|known| known.permissions.contains(wanted))
        });
        roles.copied().collect::<Vec<RoleId>>()
    };
    for role in held(right) {
        allowed = true;
        steps.push(Step::Role { role });
    }
    let administrators = held(Permissions::ADMINISTRATOR);
    if let Some(role) = administrators.first() {
        steps.push(Step::Administrator { role: *role });
        return on_hold(true, steps, holder, right);
    }
    if let Some(channel) = channel {
        let places = rules.places_of(channel);
        for place in &places {
            for (of, says) in overwrites(rules, holder, (*place, mute), right) {
                allowed = says == Decision::Allows;
                steps.push(Step::Overwrite {
                    at: *place,
                    of,
                    decision: says,
                });
            }
        }
        let rights = rules.without_gifts(holder, &places, mute);
        if allowed && !rights.contains(Permissions::VIEW_CHANNEL) {
            steps.push(Step::Unseen);
            return decided(false, steps);
        }
    }
    on_hold(allowed, steps, holder, right)
}

/// What the overwrites of a place say of a right, in the order in which they count. Of the roles
/// refusals come first: one role that gives beats all that refuse.
fn overwrites(
    rules: &Rules,
    holder: &Holder<'_>,
    (place, mute): (Place, &[RoleId]),
    right: Permissions,
) -> Vec<(Subject, Decision)> {
    // An overwrite can't make anybody an administrator, and can't take that away.
    if right == Permissions::ADMINISTRATOR {
        return Vec::new();
    }
    let mut said = Vec::new();
    let mut hear = |subjects: &[Subject]| {
        for subject in subjects {
            if rules.overwrite(place, *subject).deny.contains(right) {
                said.push((*subject, Decision::Refuses));
            }
        }
        for subject in subjects {
            let silent = matches!(subject, Subject::Role { role } if mute.contains(role));
            if !silent && rules.overwrite(place, *subject).allow.contains(right) {
                said.push((*subject, Decision::Allows));
            }
        }
    };
    hear(&[Subject::Everyone]);
    let roles: Vec<Subject> = holder
        .counted()
        .iter()
        .map(|role| Subject::Role { role: *role })
        .collect();
    hear(&roles);
    hear(holder.own().as_slice());
    said
}

fn on_hold(
    allowed: bool,
    mut steps: Vec<Step>,
    holder: &Holder<'_>,
    right: Permissions,
) -> Explanation {
    if holder.quarantined && !(allowed && Permissions::TIMED_OUT.contains(right)) {
        steps.push(Step::Quarantined);
        return decided(false, steps);
    }
    if allowed && holder.timed_out && !Permissions::TIMED_OUT.contains(right) {
        steps.push(Step::TimedOut);
        return decided(false, steps);
    }
    decided(allowed, steps)
}

fn decided(allowed: bool, steps: Vec<Step>) -> Explanation {
    let decided_by = steps.last().copied().unwrap_or(Step::Owner);
    Explanation {
        allowed,
        steps,
        decided_by,
    }
}

const fn decision(allows: bool) -> Decision {
    if allows {
        Decision::Allows
    } else {
        Decision::Refuses
    }
}
