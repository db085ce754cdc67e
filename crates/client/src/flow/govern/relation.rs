//! How a person keeps others, and who may begin a conversation with them.

use cloister_wire::{
    ChannelId,
    guild::{AnswerRequest, DmRequest, RequestAnswer},
};

use super::{
    CommandReply, Contact, Method, Primitives, Refusal, Relation, Relations, SetContact,
    SetRelation, Shared, Told, Topic, UserId, put,
};

/// How this person keeps others.
pub(crate) async fn relations<P: Primitives>(shared: &Shared<P>) -> Result<CommandReply, Refusal> {
    let Relations { relations, contact } = bring(shared).await?;
    Ok(CommandReply::Told(Told::Relations { relations, contact }))
}

async fn bring<P: Primitives>(shared: &Shared<P>) -> Result<Relations, Refusal> {
    let told: Relations = shared.get("/api/v1/relations".to_owned()).await?;
    let mut core = shared.core();
    core.store
        .commit(|store| store.put_relations(&told.relations))?;
    core.tell(Topic::Relations);
    core.tell(Topic::Guilds);
    core.tell(Topic::Dms);
    Ok(told)
}

/// Brings anew how this person keeps others, because it may have changed.
pub(crate) fn bring_relations<P: Primitives>(shared: &Shared<P>) {
    shared.spawn_single("relations".to_owned(), |shared| async move {
        if let Err(error) = bring(&shared).await {
            shared.core().fail(&error);
        }
    });
}

/// Takes a conversation up that somebody began, or declines it.
pub(crate) async fn answer_request<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    answer: RequestAnswer,
) -> Result<CommandReply, Refusal> {
    let path = format!("/api/v1/channels/{channel}/request");
    shared
        .tell_server(Method::Post, path, &AnswerRequest { answer })
        .await?;
    let mut core = shared.core();
    let now = match answer {
        RequestAnswer::Accept => None,
        RequestAnswer::Decline => Some(DmRequest::Declined),
    };
    core.store.commit(|store| store.put_request(channel, now))?;
    core.tell(Topic::Dms);
    core.tell(Topic::Channel { channel });
    Ok(CommandReply::Done)
}

pub(crate) async fn relate<P: Primitives>(
    shared: &Shared<P>,
    user: UserId,
    relation: Relation,
) -> Result<CommandReply, Refusal> {
    let path = format!("/api/v1/relations/{user}");
    put(shared, path, &SetRelation { relation }).await?;
    bring(shared).await?;
    Ok(CommandReply::Done)
}

pub(crate) async fn set_contact<P: Primitives>(
    shared: &Shared<P>,
    who: Contact,
) -> Result<CommandReply, Refusal> {
    put(shared, "/api/v1/contact".to_owned(), &SetContact { who }).await?;
    Ok(CommandReply::Done)
}
