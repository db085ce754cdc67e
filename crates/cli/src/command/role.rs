//! Roles of a guild, and why somebody may do something.

mod term;

use clap::{Args, Subcommand};
use cloister_client::view::{Act, Command, CommandReply, GuildView, Question, Told};
use cloister_wire::{
    ChannelId, GuildId, Permissions, RoleId,
    permission::{Decision, Place, Step, Subject},
    role::Role as RoleView,
};
use serde_json::json;

use crate::{
    arguments::Global,
    failure::Failure,
    print::{Print, printable},
    seat::{self, Seat},
    target::{self, unexpected},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// List the roles, the highest first
    List {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
    },
    /// Make a role, below all others
    Create {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        name: String,
        #[command(flatten)]
        looks: Looks,
    },
    /// Change a role; what is not named stays
    Edit {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        /// Name or id of the role
        role: String,
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        looks: Looks,
    },
    /// Move a role to a place: 1 is the lowest
    Move {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        role: String,
        position: u32,
    },
    /// Delete a role
    Delete {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        role: String,
    },
    /// Give a member a role
    Give(Holding),
    /// Take a role from a member
    Take(Holding),
    /// Change what every member may do
    Everyone {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        #[command(flatten)]
        rights: Rights,
    },
    /// Have a role given to every vouched member, or by hand again
    Automatic {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        /// Name or id of the role
        role: String,
        /// `joined`, `agreed` (to the rules), `off`, or days in the guild such as `7d`
        when: String,
    },
    /// Say what must be so for a role to count; what is not named is not asked
    Constrain(term::Constrain),
    /// Show when roles are given by themselves, and what they ask for
    Terms {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
    },
    /// Say why somebody may or may not do something
    Why {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        /// Name or id of the member
        member: String,
        /// The right, such as `send_messages`
        right: String,
        /// Name or id of a channel; without it, in the guild as a whole
        #[arg(long)]
        channel: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Rights {
    /// Give this right, such as `kick_members`; may be repeated
    #[arg(long, value_name = "RIGHT", value_parser = right)]
    allow: Vec<Permissions>,
    /// Take this right away; may be repeated
    #[arg(long, value_name = "RIGHT", value_parser = right)]
    remove: Vec<Permissions>,
}

#[derive(Debug, Args)]
pub(crate) struct Looks {
    /// Colour, such as `#4a7c59`
    #[arg(long)]
    color: Option<String>,
    /// Show its members under a heading of their own
    #[arg(long)]
    hoist: bool,
    /// Let everybody mention it
    #[arg(long)]
    mentionable: bool,
    #[command(flatten)]
    rights: Rights,
}

#[derive(Debug, Args)]
pub(crate) struct Holding {
    /// Name or id of the guild
    #[arg(long)]
    guild: String,
    /// Name or id of the member
    member: String,
    /// Name or id of the role
    role: String,
    /// Why, for the audit log
    #[arg(long)]
    reason: Option<String>,
}

/// A right by its name.
pub(crate) fn right(name: &str) -> Result<Permissions, String> {
    Permissions::by_name(&name.replace('-', "_"))
        .ok_or_else(|| format!("{name:?} is not a right like `send_messages`"))
}

impl Rights {
    fn change(&self, before: Permissions) -> Permissions {
        let given = self.allow.iter().fold(before, |sum, one| sum.union(*one));
        self.remove.iter().fold(given, |sum, one| sum.without(*one))
    }
}

impl Role {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            match self {
                Role::List { guild } => list(seat, &guild).await,
                Role::Create { guild, name, looks } => create(seat, &guild, name, looks).await,
                Role::Edit {
                    guild,
                    role,
                    name,
                    looks,
                } => edit(seat, &guild, &role, name, looks).await,
                Role::Move {
                    guild,
                    role,
                    position,
                } => {
                    let (view, role) = find(seat, &guild, &role).await?;
                    let act = Act::MoveRole {
                        role: role.id,
                        position,
                    };
                    govern(seat, view.id, act, "moved").await
                }
                Role::Delete { guild, role } => {
                    let (view, role) = find(seat, &guild, &role).await?;
                    govern(seat, view.id, Act::DeleteRole { role: role.id }, "deleted").await
                }
                Role::Give(holding) => hold(seat, holding, true).await,
                Role::Take(holding) => hold(seat, holding, false).await,
                Role::Everyone { guild, rights } => {
                    let guild = target::guild(seat, &guild).await?;
                    let view = target::guild_view(seat, guild.id).await?;
                    let permissions = rights.change(view.everyone);
                    govern(seat, view.id, Act::EditEveryone { permissions }, "changed").await
                }
                Role::Automatic { guild, role, when } => {
                    term::automatic(seat, &guild, &role, &when).await
                }
                Role::Constrain(wanted) => term::constrain(seat, wanted).await,
                Role::Terms { guild } => term::list(seat, &guild).await,
                Role::Why {
                    guild,
                    member,
                    right,
                    channel,
                } => why(seat, &guild, &member, &right, channel.as_deref()).await,
            }
        })
    }
}

/// Carries out an act that says no more than that it was done.
pub(crate) async fn govern(
    seat: &Seat<'_>,
    guild: GuildId,
    act: Act,
    state: &str,
) -> Result<(), Failure> {
    seat.done(Command::Govern { guild, act }).await?;
    seat.print.line(&json!({"state": state}), state)
}

/// Asks the server about a guild.
pub(crate) async fn ask(
    seat: &Seat<'_>,
    guild: GuildId,
    question: Question,
) -> Result<Told, Failure> {
    match seat.command(Command::Ask { guild, question }).await? {
        CommandReply::Told(told) => Ok(told),
        other => Err(unexpected(&other)),
    }
}

async fn find(
    seat: &Seat<'_>,
    guild: &str,
    wanted: &str,
) -> Result<(GuildView, RoleView), Failure> {
    let guild = target::guild(seat, guild).await?;
    let view = target::guild_view(seat, guild.id).await?;
    let role = target::role(&view, wanted)?;
    Ok((view, role))
}

async fn list(seat: &Seat<'_>, guild: &str) -> Result<(), Failure> {
    let guild = target::guild(seat, guild).await?;
    let view = target::guild_view(seat, guild.id).await?;
    for role in view.roles {
        let rights = names(role.permissions);
        seat.print.line(
            &json!({
                "id": role.id, "name": role.name, "position": role.position, "color": role.color,
                "hoisted": role.hoisted, "mentionable": role.mentionable,
                "permissions": role.permissions, "rights": rights,
            }),
            format_args!(
                "{}  {}  {}  {}",
                role.id,
                role.position,
                printable(&role.name),
                rights.join(" ")
            ),
        )?;
    }
    let rights = names(view.everyone);
    seat.print.line(
        &json!({"id": null, "name": "everyone", "position": 0, "permissions": view.everyone, "rights": rights}),
        format_args!("everyone  {}", rights.join(" ")),
    )
}

fn names(permissions: Permissions) -> Vec<String> {
    let held = Permissions::NAMED
        .iter()
        .filter(|(_, bit)| permissions.contains(*bit));
    held.map(|(name, _)| name.to_lowercase()).collect()
}

async fn create(seat: &Seat<'_>, guild: &str, name: String, looks: Looks) -> Result<(), Failure> {
    let guild = target::guild(seat, guild).await?.id;
    let act = Act::CreateRole {
        name: name.clone(),
        color: looks.color,
        hoisted: looks.hoist,
        mentionable: looks.mentionable,
        permissions: looks.rights.change(Permissions::NONE),
    };
    match seat.command(Command::Govern { guild, act }).await? {
        CommandReply::Role { role } => seat.print.line(&json!({"id": role, "name": name}), role),
        other => Err(unexpected(&other)),
    }
}

async fn edit(
    seat: &Seat<'_>,
    guild: &str,
    role: &str,
    name: Option<String>,
    looks: Looks,
) -> Result<(), Failure> {
    let (view, before) = find(seat, guild, role).await?;
    let act = Act::EditRole {
        role: before.id,
        name: name.unwrap_or(before.name),
        color: looks.color.or(before.color),
        hoisted: looks.hoist || before.hoisted,
        mentionable: looks.mentionable || before.mentionable,
        permissions: looks.rights.change(before.permissions),
    };
    govern(seat, view.id, act, "changed").await
}

async fn hold(seat: &Seat<'_>, holding: Holding, give: bool) -> Result<(), Failure> {
    let (view, role) = find(seat, &holding.guild, &holding.role).await?;
    let member = target::member(seat, view.id, &holding.member).await?;
    let mut roles: Vec<RoleId> = member.roles.clone();
    roles.retain(|one| *one != role.id);
    if give {
        roles.push(role.id);
    }
    let act = Act::SetRoles {
        user: member.user,
        roles,
        reason: holding.reason,
    };
    govern(seat, view.id, act, if give { "given" } else { "taken" }).await
}

async fn why(
    seat: &Seat<'_>,
    guild: &str,
    member: &str,
    right: &str,
    channel: Option<&str>,
) -> Result<(), Failure> {
    let guild = target::guild(seat, guild).await?;
    let view = target::guild_view(seat, guild.id).await?;
    let user = target::member(seat, guild.id, member).await?.user;
    let channel: Option<ChannelId> = match channel {
        Some(wanted) => Some(target::channel_of(&view, wanted)?.id),
        None => None,
    };
    let question = Question::Right {
        user,
        channel,
        right: right.replace('-', "_"),
    };
    let Told::Right(told) = ask(seat, view.id, question).await? else {
        return Err(Failure::other("The engine answered another question."));
    };
    let answer = if told.explanation.allowed {
        "yes"
    } else {
        "no"
    };
    let steps: Vec<String> = told
        .explanation
        .steps
        .iter()
        .map(|step| sentence(&view, step))
        .collect();
    seat.print.line(
        &json!({
            "user": told.user, "channel": told.channel, "right": told.right,
            "allowed": told.explanation.allowed, "steps": told.explanation.steps,
            "decided_by": told.explanation.decided_by, "permissions": told.permissions,
        }),
        format_args!("{answer}\n  {}", steps.join("\n  ")),
    )
}

fn sentence(view: &GuildView, step: &Step) -> String {
    let role = |id: &RoleId| {
        let known = view.roles.iter().find(|role| role.id == *id);
        known.map_or_else(|| id.to_string(), |role| printable(&role.name).clone())
    };
    let says = |decision: &Decision| match decision {
        Decision::Allows => "gives it",
        Decision::Refuses => "does not give it",
    };
    match step {
        Step::Owner => "the owner may do everything".to_owned(),
        Step::Everyone { decision } => format!("everyone: {}", says(decision)),
        Step::Role { role: id } => format!("role {}: gives it", role(id)),
        Step::Administrator { role: id } => format!("role {}: administrator", role(id)),
        Step::Overwrite { at, of, decision } => {
            let place = match at {
                Place::Category { .. } => "category",
                Place::Channel { .. } => "channel",
            };
            let who = match of {
                Subject::Everyone => "everyone".to_owned(),
                Subject::Role { role: id } => format!("role {}", role(id)),
                Subject::Member { .. } => "the member".to_owned(),
            };
            let says = match decision {
                Decision::Allows => "given",
                Decision::Refuses => "refused",
            };
            format!("the {place}, for {who}: {says}")
        }
        Step::Unseen => "they can't see the channel".to_owned(),
        Step::TimedOut => "a moderator has put them on hold".to_owned(),
        Step::Quarantined => "a moderator has put them in quarantine".to_owned(),
        Step::Constrained {
            role: id,
            constraint,
        } => format!(
            "role {} would give it: {}",
            role(id),
            term::unmet(*constraint)
        ),
    }
}
