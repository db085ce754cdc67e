//! Joining by application, from both sides.

use cloister_e2ee::Primitives;
use cloister_proof::{DeviceLog, guild_log::OpBody};
use cloister_wire::{
    Bytes, ErrorCode, GuildId, UserId,
    application::{Applicant, Apply, Approve, Decline, OwnApplications, SetQuestions},
    guild::Appended,
};

use super::{
    call::CallError,
    guild::{position, sign},
    invite, sync,
};
use crate::{
    core::{Shared, refuse},
    engine::Method,
    view::{Act, CommandReply, Refusal, Told, Topic},
};

/// How often an operation is signed anew because the log has moved.
const TRIES: usize = 5;

/// Answers what a guild asks. What a link with a seed says of the guild is kept for when this
/// person is let in.
pub(crate) async fn apply<P: Primitives>(
    shared: &Shared<P>,
    text: &str,
    answers: Vec<String>,
) -> Result<CommandReply, Refusal> {
    let link = invite::read(text)?;
    let shown = invite::fetch(shared, &link).await?;
    let request = Apply { answers };
    let path = format!("/api/v1/invites/{}/application", link.code);
    if link.seed.is_some() {
        let cert = invite::certificate(&shown, &link)?;
        let core = shared.core();
        core.store
            .commit(|store| store.put_applied(cert.guild, &cert.guild_genesis))?;
    }
    shared.tell_server(Method::Post, path, &request).await?;
    shared.core().tell(Topic::Applications);
    Ok(CommandReply::Done)
}

pub(crate) async fn withdraw<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
) -> Result<CommandReply, Refusal> {
    let path = format!("/api/v1/applications/{guild}");
    shared.call(Method::Delete, path, None).await?;
    shared.core().tell(Topic::Applications);
    Ok(CommandReply::Done)
}

pub(crate) async fn own<P: Primitives>(shared: &Shared<P>) -> Result<CommandReply, Refusal> {
    let OwnApplications { applications } = shared.get("/api/v1/applications".to_owned()).await?;
    Ok(CommandReply::Told(Told::OwnApplications { applications }))
}

/// What a member does about applications.
pub(super) async fn decide<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    act: Act,
) -> Result<CommandReply, Refusal> {
    let base = format!("/api/v1/guilds/{guild}");
    match act {
        Act::SetQuestions { questions } => {
            let path = format!("{base}/questions");
            let request = SetQuestions { questions };
            shared.tell_server(Method::Put, path, &request).await?;
        }
        Act::Approve { user } => approve(shared, guild, user).await?,
        Act::Decline { user, reason } => {
            let path = format!("{base}/applications/{user}/decline");
            let request = Decline { reason };
            shared.tell_server(Method::Post, path, &request).await?;
        }
        _ => return Err(refuse(ErrorCode::Invalid, "That is no decision.")),
    }
    shared.core().tell(Topic::Applications);
    Ok(CommandReply::Done)
}

/// Signs that the applicant, as their own device log says who they are, is a member.
async fn approve<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    user: UserId,
) -> Result<(), Refusal> {
    let base = format!("/api/v1/guilds/{guild}/applications/{user}");
    let applicant: Applicant = shared.get(base.clone()).await?;
    let unproved = || {
        refuse(
            ErrorCode::RosterUnverifiable,
            "What the server shows of the applicant's devices does not check.",
        )
    };
    let log = DeviceLog::replay(&applicant.devlog).map_err(|_| unproved())?;
    if log.user != user || applicant.user != user {
        return Err(unproved());
    }
    for attempt in 1.. {
        let request = {
            let core = shared.core();
            let genesis = log.genesis;
            let body = OpBody::Add { user, genesis };
            let op = sign(&core, guild, position(&core, guild)?, body, None)?;
            Approve {
                op: Bytes(op.to_bytes()),
            }
        };
        let answer: Result<Appended, CallError> =
            shared.post(format!("{base}/approve"), &request).await;
        match answer {
            Ok(_) => break,
            Err(error) if error.code() == ErrorCode::OpInvalid && attempt < TRIES => {
                sync::bring_log(shared, guild).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    sync::bring_log(shared, guild).await
}
