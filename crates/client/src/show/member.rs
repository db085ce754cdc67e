//! Members of a guild: in the order of the list, and a part of it at a time. Guilds may have
//! thousands; what is asked about each of them is asked for those who are shown.

use std::sync::Arc;

use cloister_e2ee::Primitives;
use cloister_proof::GuildLog;
use cloister_wire::{GuildId, RoleId, UserId};

use super::{Shown, trust};
use crate::{
    core::Core,
    store::{GuildRow, MemberRow},
    view::{MemberGroup, MemberHeading, MemberView, MembersView, Safety},
};

/// Members in one answer.
const PAGE_MAX: u32 = 10_000;

/// Members as their list has them.
#[derive(Debug)]
pub(crate) struct Order(Vec<Placed>);

#[derive(Debug)]
struct Placed {
    user: UserId,
    heading: MemberHeading,
    /// In small letters, for finding.
    username: String,
    name: String,
}

impl Placed {
    fn fits(&self, wanted: &str) -> bool {
        wanted.is_empty()
            || self.username.starts_with(wanted)
            || self.name.starts_with(wanted)
            || self.name.split(' ').any(|word| word.starts_with(wanted))
    }
}

fn order<P: Primitives>(core: &Core<P>, guild: GuildId) -> Shown<Arc<Order>> {
    if let Some(known) = core.order.borrow().get(&guild) {
        return Ok(Arc::clone(known));
    }
    let Some(row) = core.store.guild(guild)? else {
        return Ok(Arc::new(Order(Vec::new())));
    };
    // From the highest to the lowest, as the guild has them.
    let hoisted: Vec<RoleId> = row
        .view
        .roles
        .iter()
        .filter(|role| role.hoisted)
        .map(|role| role.id)
        .collect();
    let mut placed = Vec::new();
    for (user, roles, username, name) in core.store.member_names(guild)? {
        let under = hoisted.iter().position(|role| roles.contains(role));
        let (place, heading) = match under {
            _ if user == row.view.owner => (0, MemberHeading::Owner),
            Some(at) => (at + 1, MemberHeading::Role { role: hoisted[at] }),
            None => (hoisted.len() + 1, MemberHeading::Others),
        };
        let one = Placed {
            user,
            heading,
            username: username.to_lowercase(),
            name: name.to_lowercase(),
        };
        placed.push((place, one));
    }
    // They come by name; in each group they stay in that order.
    placed.sort_by_key(|(place, _)| *place);
    let order = Arc::new(Order(placed.into_iter().map(|(_, one)| one).collect()));
    core.order.borrow_mut().insert(guild, Arc::clone(&order));
    Ok(order)
}

pub(super) fn page<P: Primitives>(
    core: &Core<P>,
    guild: GuildId,
    search: &str,
    users: Option<&[UserId]>,
    offset: u32,
    limit: u32,
) -> Shown<MembersView> {
    let mut view = MembersView {
        total: 0,
        groups: Vec::new(),
        members: Vec::new(),
    };
    let Some(row) = core.store.guild(guild)? else {
        return Ok(view);
    };
    let log = core.store.guild_log(guild)?;
    let order = order(core, guild)?;
    let wanted = search.trim().trim_start_matches('@').to_lowercase();
    let end = u64::from(offset) + u64::from(limit.min(PAGE_MAX));
    for one in &order.0 {
        if !one.fits(&wanted) || users.is_some_and(|users| !users.contains(&one.user)) {
            continue;
        }
        match view.groups.last_mut() {
            Some(group) if group.heading == one.heading => group.count += 1,
            _ => view.groups.push(MemberGroup {
                heading: one.heading.clone(),
                count: 1,
            }),
        }
        let at = u64::from(view.total);
        view.total += 1;
        if at >= u64::from(offset)
            && at < end
            && let Some(member) = core.store.member(guild, one.user)?
        {
            view.members.push(shown(core, &row, log.as_ref(), member)?);
        }
    }
    Ok(view)
}

/// One member, if they are here.
pub(super) fn one<P: Primitives>(
    core: &Core<P>,
    guild: GuildId,
    user: UserId,
) -> Shown<Option<MemberView>> {
    let (Some(row), Some(member)) = (core.store.guild(guild)?, core.store.member(guild, user)?)
    else {
        return Ok(None);
    };
    let log = core.store.guild_log(guild)?;
    shown(core, &row, log.as_ref(), member).map(Some)
}

/// Somebody whose keys must be looked at first.
pub(super) fn changed<P: Primitives>(core: &Core<P>, guild: GuildId) -> Shown<Option<MemberView>> {
    for user in core.store.members_to_look_at(guild)? {
        if trust::safety(core, user)? == Safety::Violation {
            return one(core, guild, user);
        }
    }
    Ok(None)
}

fn shown<P: Primitives>(
    core: &Core<P>,
    row: &GuildRow,
    log: Option<&GuildLog>,
    member: MemberRow,
) -> Shown<MemberView> {
    let user = member.user;
    let (username, own_name) = core.store.names(user)?.unwrap_or_default();
    let logged = log.and_then(|log| log.members.get(&user));
    let new = |first_s| member.new_until(&row.view, first_s, core.now);
    let rules = [row.view.newcomer_s, row.view.links_s, row.view.mentions_s];
    Ok(MemberView {
        user,
        username,
        owner: user == row.view.owner,
        joined_at: member.joined_at,
        vouched: logged.is_some_and(|member| member.vouched),
        me: user == core.store.me()?.user,
        safety: trust::safety(core, user)?,
        links_held_until: new(row.view.links_s),
        is_new: rules.into_iter().any(|first_s| new(first_s).is_some()),
        roles: member.roles,
        display_name: member.nickname.clone().unwrap_or(own_name),
        nickname: member.nickname,
        timed_out_until: member.timed_out_until.filter(|until| *until > core.now),
        membership: member.membership,
        quarantined_at: member.quarantined_at,
    })
}
