//! What a person asks about a guild's rights and its past.

use super::{
    Applications, AuditCheckpoint, AuditFormat, AuditPage, Bans, Bytes, ChannelRights,
    CommandReply, ErrorCode, Explained, Facts, GateView, GuildId, Holder, Invites, Joins, Method,
    Overwrite, Overwrites, Primitives, Question, Refusal, RoleId, RoleRule, Rules, Shared,
    StoreError, Terms, Told, UserId, audit::follow_audit, plain, refuse,
};

/// Asks the server something about a guild.
#[expect(clippy::too_many_lines, reason = "one arm for each question")]
pub(crate) async fn ask<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    question: Question,
) -> Result<CommandReply, Refusal> {
    let base = format!("/api/v1/guilds/{guild}");
    let told = match question {
        Question::Right {
            user,
            channel,
            right,
        } => {
            let place = channel.map_or_else(String::new, |channel| format!("&channel={channel}"));
            let clean = right.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !clean {
                return Err(refuse(
                    ErrorCode::Invalid,
                    "There is no right of that name.",
                ));
            }
            let path = format!("{base}/explain?user={user}{place}&right={right}");
            let explained: Explained = shared.get(path).await?;
            Told::Right(explained)
        }
        Question::Overwrites => {
            let all: Overwrites = shared.get(format!("{base}/overwrites")).await?;
            Told::Overwrites {
                overwrites: all.overwrites,
            }
        }
        Question::Terms => {
            let Terms { terms } = shared.get(format!("{base}/terms")).await?;
            Told::Terms { terms }
        }
        Question::AsRole { role } => {
            let all: Overwrites = shared.get(format!("{base}/overwrites")).await?;
            as_role(shared, guild, role, &all)?
        }
        Question::Bans { after } => {
            let from = after.map_or_else(String::new, |user| format!("?after={user}"));
            let Bans { bans, end } = shared.get(format!("{base}/bans{from}")).await?;
            Told::Bans { bans, end }
        }
        Question::Gate => {
            let gate: GateView = shared.get(format!("{base}/gate")).await?;
            Told::Gate(gate)
        }
        Question::Joins => {
            let Joins { joins } = shared.get(format!("{base}/joins")).await?;
            Told::Joins { joins }
        }
        Question::Invites => {
            let Invites { invites } = shared.get(format!("{base}/invites")).await?;
            Told::Invites { invites }
        }
        Question::Applications { after } => {
            let from = after.map_or_else(String::new, |user| format!("?after={user}"));
            let page: Applications = shared.get(format!("{base}/applications{from}")).await?;
            let Applications { applications, end } = page;
            Told::Applications { applications, end }
        }
        Question::Audit {
            before,
            actor,
            action,
            target,
        } => {
            let mut query: Vec<String> = Vec::new();
            query.extend(before.map(|before| format!("before={before}")));
            query.extend(actor.map(|actor| format!("actor={actor}")));
            query.extend(action.map(|action| format!("action={}", plain(&action))));
            query.extend(target.map(|target| format!("target={}", plain(&target))));
            let path = format!("{base}/audit?{}", query.join("&"));
            let AuditPage { entries, end } = shared.get(path).await?;
            Told::Audit { entries, end }
        }
        Question::AuditFile { format } => {
            let (kind, name) = match format {
                AuditFormat::Csv => ("csv", "audit.csv"),
                AuditFormat::Json => ("json", "audit.json"),
            };
            let path = format!("{base}/audit/export?format={kind}");
            let bytes = shared.call(Method::Post, path, None).await?;
            Told::File {
                name: name.to_owned(),
                text: String::from_utf8_lossy(&bytes).into_owned(),
            }
        }
        Question::AuditCheckpoint => {
            follow_audit(shared, guild).await?;
            let core = shared.core();
            let kept = core.store.audit_checkpoint(guild)?;
            let kept = kept
                .ok_or_else(|| refuse(ErrorCode::NotFound, "This server has no audit log here."))?;
            let key = core
                .store
                .instance()?
                .ok_or(StoreError::Unreadable)?
                .server_key;
            let seq = AuditCheckpoint::verify(&kept, &key).map_or(0, |checkpoint| checkpoint.seq);
            Told::Checkpoint {
                seq,
                checkpoint: serde_json::to_value(Bytes(kept))
                    .ok()
                    .and_then(|value| value.as_str().map(str::to_owned))
                    .unwrap_or_default(),
            }
        }
    };
    Ok(CommandReply::Told(told))
}

/// What the one evaluation of rights says of somebody with only this role.
fn as_role<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    role: RoleId,
    all: &Overwrites,
) -> Result<Told, Refusal> {
    let row = shared.core().store.guild(guild)?;
    let view = row.ok_or(StoreError::Unreadable)?.view;
    let mut rules = Rules::new(view.owner, view.everyone);
    for one in &view.roles {
        let rule = RoleRule::new(one.position, one.permissions);
        rules.roles.insert(one.id, rule);
    }
    for one in &all.overwrites {
        let overwrite = Overwrite {
            allow: one.allow,
            deny: one.deny,
        };
        let there = rules.overwrites.entry(one.place).or_default();
        there.insert(one.subject, overwrite);
    }
    let categories = view.channels.iter();
    rules.categories = categories
        .filter_map(|channel| Some((channel.id, channel.category?)))
        .collect();
    let nobody = Holder {
        user: UserId::from_bytes([0; 16]),
        roles: &[role],
        timed_out: false,
        quarantined: false,
        facts: Facts::default(),
    };
    let channels = view.channels.iter().map(|channel| ChannelRights {
        channel: channel.id,
        permissions: rules.in_channel(&nobody, channel.id),
    });
    Ok(Told::AsRole {
        channels: channels.collect(),
    })
}
