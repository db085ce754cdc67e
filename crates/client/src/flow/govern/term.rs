//! Terms of roles. That every vouched member holds a role stands in the guild's log: this device
//! signs it, and the server decides only when it gives the role.

use cloister_wire::role::{Automatic, SetAutomatic, SetConstraints};

use super::{
    Act, Bytes, CommandReply, ErrorCode, GuildId, OpBody, Primitives, Refusal, RoleHeld, RoleId,
    Shared, StoreError, another, log_rights, position, put, refuse, sign, sync,
};

pub(super) async fn set<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    act: Act,
) -> Result<CommandReply, Refusal> {
    match act {
        Act::SetAutomatic { role, automatic } => {
            set_automatic(shared, guild, role, automatic).await?;
        }
        Act::SetConstraints {
            role,
            constraints,
            excludes,
        } => {
            let request = SetConstraints {
                constraints,
                excludes,
            };
            let path = format!("/api/v1/guilds/{guild}/roles/{role}/constraints");
            put(shared, path, &request).await?;
        }
        _ => return Err(another()),
    }
    Ok(CommandReply::Done)
}

async fn set_automatic<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    role: RoleId,
    automatic: Option<Automatic>,
) -> Result<(), Refusal> {
    // What is signed names the newest entry.
    sync::bring_log(shared, guild).await?;
    let request = {
        let core = shared.core();
        let row = core.store.guild(guild)?;
        let view = row.ok_or(StoreError::Unreadable)?.view;
        let known = view.roles.iter().find(|one| one.id == role);
        let known = known
            .ok_or_else(|| refuse(ErrorCode::NotFound, "There is no such role in this server."))?;
        let held = match automatic {
            Some(_) => RoleHeld::ByVouched,
            None => RoleHeld::ByGrant,
        };
        let log = core.store.guild_log(guild)?;
        let said = log.and_then(|log| log.roles.get(&role).map(|known| known.held));
        let op = if said.unwrap_or(RoleHeld::ByGrant) == held {
            None
        } else {
            let body = OpBody::Role {
                role,
                rights: log_rights(known.permissions),
                held,
            };
            let op = sign(&core, guild, position(&core, guild)?, body, None)?;
            Some(Bytes(op.to_bytes()))
        };
        SetAutomatic { automatic, op }
    };
    let path = format!("/api/v1/guilds/{guild}/roles/{role}/automatic");
    put(shared, path, &request).await?;
    sync::bring_log(shared, guild).await
}
