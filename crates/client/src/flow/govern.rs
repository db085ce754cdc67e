//! Governing a guild: roles, rights, structure, moderation, and holding the server to its audit
//! log. What the guild log must allow as well is signed here, beside what the server is asked.

use cloister_e2ee::Primitives;
use cloister_proof::{
    AuditCheckpoint,
    guild_log::{LogRights, OpBody, RoleHeld},
};
use cloister_wire::{
    Bytes, CategoryId, ErrorCode, GuildId, Permissions, RoleId, UserId,
    application::Applications,
    audit::{AuditPage, AuditProof},
    guild::{Appended, Guild, Invites, Member},
    moderation::{Bans, Contact, GateView, Joins, Relation, Relations, SetContact, SetRelation},
    permission::{Facts, Holder, Overwrite, RoleRule, Rules},
    retention::SetRetention,
    role::{
        Category, CreateCategory, CreateRole, EditCategory, EditChannel, EditEveryone, EditGuild,
        EditRole, Explained, MoveChannel, MoveRole, Overwrites, Role, SetOverwrite, SetRoles,
        Terms, TransferGuild,
    },
};

mod audit;
mod look;
mod order;
mod question;
mod relation;
mod template;
mod term;

pub(crate) use self::{
    audit::watch_audit,
    look::bring_pictures,
    question::ask,
    relation::{answer_request, bring_relations, relate, relations, set_contact},
};
use super::{
    application,
    guild::{append, position, sign},
};
use crate::{
    core::{Shared, refuse},
    engine::Method,
    flow::{
        call::{CallError, read, to_cbor},
        expiry, sync,
    },
    store::StoreError,
    view::{Act, AuditFormat, ChannelRights, CommandReply, Question, Refusal, Told, Topic},
};

/// Carries out what changes a guild.
pub(crate) async fn act<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    act: Act,
) -> Result<CommandReply, Refusal> {
    let reply = match act {
        Act::CreateRole { .. }
        | Act::EditRole { .. }
        | Act::MoveRole { .. }
        | Act::DeleteRole { .. }
        | Act::EditEveryone { .. }
        | Act::SetRoles { .. }
        | Act::SetOverwrite { .. } => rights(shared, guild, act).await,
        Act::SetAutomatic { .. } | Act::SetConstraints { .. } => {
            term::set(shared, guild, act).await
        }
        Act::Kick { .. }
        | Act::Ban { .. }
        | Act::BanMany { .. }
        | Act::SetInvite { .. }
        | Act::Settle { .. }
        | Act::Quarantine { .. }
        | Act::LiftQuarantine { .. }
        | Act::LiftBan { .. }
        | Act::TimeOut { .. }
        | Act::SetGate { .. } => order::order(shared, guild, act).await,
        Act::SetQuestions { .. } | Act::Approve { .. } | Act::Decline { .. } => {
            application::decide(shared, guild, act).await
        }
        Act::CreateEmoji { .. } | Act::RenameEmoji { .. } | Act::DeleteEmoji { .. } => {
            look::change_emoji(shared, guild, act).await
        }
        Act::Furnish { template } => {
            template::furnish(shared, guild, template).await?;
            Ok(CommandReply::Done)
        }
        _ => structure(shared, guild, act).await,
    }?;
    refresh(shared, guild).await?;
    Ok(reply)
}

#[expect(clippy::too_many_lines, reason = "one arm for each act")]
async fn rights<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    act: Act,
) -> Result<CommandReply, Refusal> {
    let roles = format!("/api/v1/guilds/{guild}/roles");
    match act {
        Act::CreateRole {
            name,
            color,
            hoisted,
            mentionable,
            permissions,
        } => {
            let role = {
                let mut core = shared.core();
                RoleId::new(core.now, &core.draw())
            };
            let request = CreateRole {
                role,
                name,
                color,
                hoisted,
                mentionable,
                permissions,
            };
            let made: Result<Role, CallError> = shared.post(roles, &request).await;
            made?;
            sign_role(shared, guild, role, permissions).await?;
            return Ok(CommandReply::Role { role });
        }
        Act::EditRole {
            role,
            name,
            color,
            hoisted,
            mentionable,
            permissions,
        } => {
            let request = EditRole {
                name,
                color,
                hoisted,
                mentionable,
                permissions,
            };
            put(shared, format!("{roles}/{role}"), &request).await?;
            sign_role(shared, guild, role, permissions).await?;
        }
        Act::MoveRole { role, position } => {
            let path = format!("{roles}/{role}/position");
            put(shared, path, &MoveRole { position }).await?;
        }
        Act::DeleteRole { role } => delete(shared, format!("{roles}/{role}")).await?,
        Act::EditEveryone { permissions } => {
            let path = format!("/api/v1/guilds/{guild}/everyone");
            put(shared, path, &EditEveryone { permissions }).await?;
        }
        Act::SetRoles {
            user,
            roles,
            reason,
        } => set_roles(shared, guild, user, roles, reason).await?,
        Act::SetOverwrite {
            place,
            subject,
            allow,
            deny,
        } => {
            let request = SetOverwrite {
                place,
                subject,
                allow,
                deny,
            };
            let path = format!("/api/v1/guilds/{guild}/overwrites");
            put(shared, path, &request).await?;
        }
        _ => return Err(another()),
    }
    Ok(CommandReply::Done)
}

async fn structure<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    act: Act,
) -> Result<CommandReply, Refusal> {
    let categories = format!("/api/v1/guilds/{guild}/categories");
    match act {
        Act::Rename { name } => {
            put(
                shared,
                format!("/api/v1/guilds/{guild}"),
                &EditGuild { name },
            )
            .await?;
        }
        Act::CreateCategory { name } => {
            let category = {
                let mut core = shared.core();
                CategoryId::new(core.now, &core.draw())
            };
            let request = CreateCategory { category, name };
            let made: Result<Category, CallError> = shared.post(categories, &request).await;
            made?;
            return Ok(CommandReply::Category { category });
        }
        Act::EditCategory {
            category,
            name,
            position,
        } => {
            let path = format!("{categories}/{category}");
            put(shared, path, &EditCategory { name, position }).await?;
        }
        Act::DeleteCategory { category } => {
            delete(shared, format!("{categories}/{category}")).await?;
        }
        Act::SetPicture { of, picture } => look::set_picture(shared, guild, of, picture).await?,
        Act::SetRules { rules } => look::set_rules(shared, guild, rules).await?,
        Act::AcceptRules { rules } => look::accept_rules(shared, guild, rules).await?,
        Act::SetNickname {
            user,
            nickname,
            reason,
        } => look::set_nickname(shared, guild, user, nickname, reason).await?,
        Act::HandOver { to, password } => hand_over(shared, guild, to, password).await?,
        act => about_channel(shared, guild, act).await?,
    }
    Ok(CommandReply::Done)
}

async fn about_channel<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    act: Act,
) -> Result<(), Refusal> {
    match act {
        Act::EditChannel {
            channel,
            name,
            topic,
            slow_mode_s,
            writers,
        } => {
            let request = EditChannel {
                name,
                topic,
                slow_mode_s,
                writers,
            };
            put(shared, format!("/api/v1/channels/{channel}"), &request).await?;
        }
        Act::SetRetention { channel, days } => {
            let path = match channel {
                Some(channel) => format!("/api/v1/channels/{channel}/retention"),
                None => format!("/api/v1/guilds/{guild}/retention"),
            };
            put(shared, path, &SetRetention { days }).await?;
        }
        Act::MoveChannel {
            channel,
            category,
            position,
        } => {
            let path = format!("/api/v1/channels/{channel}/position");
            put(shared, path, &MoveChannel { category, position }).await?;
        }
        Act::DeleteChannel { channel } => {
            delete(shared, format!("/api/v1/channels/{channel}")).await?;
        }
        _ => return Err(another()),
    }
    Ok(())
}

/// Gives a member exactly these roles. What the guild log says of a role is granted in it, by this
/// device; the server takes back by itself what is taken away.
async fn set_roles<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    user: UserId,
    roles: Vec<RoleId>,
    reason: Option<String>,
) -> Result<(), Refusal> {
    let path = format!("/api/v1/guilds/{guild}/members/{user}/roles");
    let request = SetRoles {
        roles: roles.clone(),
        reason,
    };
    let bytes = shared
        .call(Method::Put, path, Some(to_cbor(&request)))
        .await?;
    keep_member(shared, guild, &read(&bytes)?)?;
    let granted: Vec<_> = {
        let core = shared.core();
        let log = core.store.guild_log(guild)?;
        let log = log.as_ref();
        let genesis = log
            .and_then(|log| log.members.get(&user))
            .map(|member| member.genesis);
        let missing = |role: &RoleId| {
            log.and_then(|log| log.roles.get(role))
                .is_some_and(|known| {
                    known.held == RoleHeld::ByGrant && !known.holders.contains(&user)
                })
        };
        let missing = roles.into_iter().filter(missing);
        genesis.map_or_else(Vec::new, |genesis| {
            missing.map(|role| (role, genesis)).collect()
        })
    };
    for (role, genesis) in granted {
        let body = OpBody::Grant {
            role,
            user,
            genesis,
        };
        append(shared, guild, |_| Ok(body.clone())).await?;
    }
    Ok(())
}

/// Rights that need a signature as well stand in the guild log: what a role lets its holders sign.
async fn sign_role<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    role: RoleId,
    permissions: Permissions,
) -> Result<(), Refusal> {
    let wanted = log_rights(permissions);
    let known = {
        let core = shared.core();
        let log = core.store.guild_log(guild)?;
        log.and_then(|log| log.roles.get(&role).map(|known| (known.rights, known.held)))
    };
    if known.map_or(LogRights::NONE, |(rights, _)| rights) == wanted {
        return Ok(());
    }
    let body = OpBody::Role {
        role,
        rights: wanted,
        held: known.map_or(RoleHeld::ByGrant, |(_, held)| held),
    };
    append(shared, guild, |_| Ok(body.clone())).await?;
    // Who holds the role already is granted it now.
    if known.is_none() {
        let holders: Vec<(UserId, Vec<RoleId>)> = {
            let members = shared.core().store.members(guild)?;
            let with = members.into_iter().filter(|one| one.roles.contains(&role));
            with.map(|one| (one.user, one.roles)).collect()
        };
        for (user, roles) in holders {
            set_roles(shared, guild, user, roles, None).await?;
        }
    }
    Ok(())
}

fn log_rights(permissions: Permissions) -> LogRights {
    if permissions.contains(Permissions::ADMINISTRATOR) {
        return LogRights::ALL;
    }
    let pairs = [
        (Permissions::CREATE_INVITE, LogRights::INVITE),
        (Permissions::VOUCH_MEMBERS, LogRights::VOUCH),
        (Permissions::MANAGE_CHANNELS, LogRights::POLICY),
        (Permissions::MANAGE_ROLES, LogRights::GRANT),
    ];
    let held = pairs.iter().filter(|(bit, _)| permissions.contains(*bit));
    held.fold(LogRights::NONE, |sum, (_, right)| sum.union(*right))
}

async fn hand_over<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    to: UserId,
    password: String,
) -> Result<(), Refusal> {
    let request = {
        let core = shared.core();
        let log = core.store.guild_log(guild)?;
        let genesis = log.and_then(|log| log.members.get(&to).map(|member| member.genesis));
        let genesis = genesis
            .ok_or_else(|| refuse(ErrorCode::NotFound, "Only a member can become the owner."))?;
        let body = OpBody::TransferOwner { user: to, genesis };
        let op = sign(&core, guild, position(&core, guild)?, body, None)?;
        TransferGuild {
            to,
            password,
            op: Bytes(op.to_bytes()),
        }
    };
    let path = format!("/api/v1/guilds/{guild}/owner");
    let appended: Result<Appended, CallError> = shared.post(path, &request).await;
    appended?;
    sync::bring_log(shared, guild).await
}

/// Brings a guild's structure and one's rights in it anew, because they changed.
pub(crate) fn refresh_soon<P: Primitives>(shared: &Shared<P>, guild: GuildId) {
    shared.spawn_single(format!("guild {guild}"), move |shared| async move {
        if let Err(error) = refresh(&shared, guild).await {
            shared.core().fail(&error);
        }
    });
    watch_audit(shared, guild);
}

async fn refresh<P: Primitives>(shared: &Shared<P>, guild: GuildId) -> Result<(), Refusal> {
    shared.core().stale_guilds.insert(guild);
    let view: Result<Guild, CallError> = shared.get(format!("/api/v1/guilds/{guild}")).await;
    let later = match &view {
        Ok(_) => false,
        Err(error) => matches!(error, CallError::NoAnswer) || error.retry_later(),
    };
    if !later {
        shared.core().stale_guilds.remove(&guild);
    }
    let view = match view {
        Ok(view) => view,
        // Not a member any more: that is told by an event of its own.
        Err(CallError::Refused { status: 404, .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    {
        let mut core = shared.core();
        let now = core.now;
        if core.store.guild(guild)?.is_none() {
            return Ok(());
        }
        core.store
            .commit(|store| sync::store_guild(store, &view, now))?;
        core.tell(Topic::Guild { guild });
        core.tell(Topic::Guilds);
        core.tell(Topic::Dms);
        for channel in &view.channels {
            core.tell(Topic::Channel {
                channel: channel.id,
            });
        }
    }
    // What is too old by a new rule goes at once.
    expiry::watch(shared);
    sync::bring_guild(shared, &view);
    Ok(())
}

fn keep_member<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    member: &Member,
) -> Result<(), Refusal> {
    let mut core = shared.core();
    core.store.commit(|store| store.put_member(guild, member))?;
    core.tell(Topic::Guild { guild });
    Ok(())
}

async fn put<P: Primitives, B: serde::Serialize>(
    shared: &Shared<P>,
    path: String,
    body: &B,
) -> Result<(), Refusal> {
    Ok(shared.tell_server(Method::Put, path, body).await?)
}

async fn delete<P: Primitives>(shared: &Shared<P>, path: String) -> Result<(), Refusal> {
    shared.call(Method::Delete, path, None).await?;
    Ok(())
}

/// What can stand in an address as it is.
fn plain(text: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || "._:-".contains(*c);
    text.chars().filter(fits).collect()
}

fn another() -> Refusal {
    refuse(ErrorCode::Internal, "This act is carried out elsewhere.")
}
