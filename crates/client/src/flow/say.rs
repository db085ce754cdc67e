//! What a person says: into the outbox, from where it is not lost, and out of it again.

use cloister_e2ee::{
    Primitives,
    content::{Forwarded, MessageContent},
};
use cloister_wire::{
    ChannelId, ErrorCode, GuildId, MessageId, Permissions, Txn, UserId,
    channel::{Notify, ScrubMessages, Scrubbed},
    emoji,
    limits::{EMOJI_BYTES, MESSAGE_CHARS, SCRUBS_PER_REQUEST, TTL_MAX_S},
};

use crate::{
    core::{Core, Outcome, Shared, refuse},
    flow::{mention, outgoing, own},
    store::{EntryState, Frame, MessageRow, MessageState, OutboxRow, Saying, text_of},
    view::{CommandReply, Refusal, Topic},
};

/// Puts a message into the outbox.
pub(super) fn send<P: Primitives>(shared: &Shared<P>, channel: ChannelId, body: &str) -> Outcome {
    let (body, notify) = addressed(shared, channel, &checked(body)?, None)?;
    let content = MessageContent::text(body);
    let frame = Frame {
        notify,
        ..Frame::default()
    };
    say(shared, channel, Saying { content, frame }, Draft::Used)
}

/// Names a conversation of several people.
pub(super) fn name<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    content: MessageContent,
) -> Outcome {
    let frame = Frame::default();
    say(shared, channel, Saying { content, frame }, Draft::Kept)
}

/// Answers a message.
pub(super) fn reply<P: Primitives>(shared: &Shared<P>, message: MessageId, body: &str) -> Outcome {
    let body = checked(body)?;
    let row = known(shared, message)?;
    let (body, notify) = addressed(shared, row.channel, &body, Some(row.author))?;
    let content = MessageContent::Text {
        body,
        reply: Some(message),
        forwarded: None,
    };
    // An answer stands where its question does.
    let frame = Frame {
        notify,
        thread: row.thread,
        ..Frame::default()
    };
    let draft = match row.thread {
        Some(_) => Draft::Kept,
        None => Draft::Used,
    };
    say(shared, row.channel, Saying { content, frame }, draft)
}

/// Puts a message into the outbox that disappears `ttl_s` after the server has taken it.
pub(super) fn send_fleeting<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    body: &str,
    reply: Option<MessageId>,
    ttl_s: u32,
) -> Outcome {
    if !(1..=TTL_MAX_S).contains(&ttl_s) {
        return Err(refuse(
            ErrorCode::Invalid,
            "A message that disappears lives a second to 90 days.",
        ));
    }
    let answered = match reply {
        Some(message) => Some(known(shared, message)?),
        None => None,
    };
    if answered.as_ref().is_some_and(|row| row.channel != channel) {
        return Err(refuse(
            ErrorCode::Invalid,
            "An answer stands in the channel of its question.",
        ));
    }
    let thread = answered.as_ref().and_then(|row| row.thread);
    let also = answered.map(|row| row.author);
    let (body, notify) = addressed(shared, channel, &checked(body)?, also)?;
    let content = MessageContent::Text {
        body,
        reply,
        forwarded: None,
    };
    let frame = Frame {
        notify,
        thread,
        ttl_s: Some(ttl_s),
        ..Frame::default()
    };
    say(shared, channel, Saying { content, frame }, Draft::Used)
}

pub(super) fn edit<P: Primitives>(shared: &Shared<P>, message: MessageId, body: &str) -> Outcome {
    let body = checked(body)?;
    let row = readable(shared, message)?;
    if row.author != shared.core().store.me()?.user {
        return Err(refuse(
            ErrorCode::Forbidden,
            "Only its author changes a message.",
        ));
    }
    if !matches!(row.state, MessageState::Open(MessageContent::Text { .. })) {
        return Err(refuse(ErrorCode::Invalid, "Only a text can be changed."));
    }
    // Nobody is told of an edit.
    let (body, _) = addressed(shared, row.channel, &body, None)?;
    let content = MessageContent::Edit { body };
    about(shared, &row, content)
}

/// Says the same in another channel, and whose words they are.
pub(super) fn forward<P: Primitives>(
    shared: &Shared<P>,
    message: MessageId,
    channel: ChannelId,
) -> Outcome {
    let row = readable(shared, message)?;
    let MessageState::Open(MessageContent::Text { forwarded, .. }) = row.state else {
        return Err(refuse(ErrorCode::Invalid, "Only a text can be forwarded."));
    };
    let content = MessageContent::Text {
        body: row.body.unwrap_or_default(),
        reply: None,
        // What was forwarded before keeps its first author.
        forwarded: Some(forwarded.unwrap_or(Forwarded {
            author: row.author,
            at_ms: row.at,
        })),
    };
    let frame = Frame::default();
    say(shared, channel, Saying { content, frame }, Draft::Kept)
}

pub(super) fn react<P: Primitives>(shared: &Shared<P>, message: MessageId, emoji: &str) -> Outcome {
    let row = readable(shared, message)?;
    let content = MessageContent::Reaction {
        emoji: emoji_of(shared, row.channel, emoji)?,
    };
    about(shared, &row, content)
}

pub(super) fn unreact<P: Primitives>(
    shared: &Shared<P>,
    message: MessageId,
    emoji: &str,
) -> Outcome {
    let row = readable(shared, message)?;
    let content = MessageContent::ReactionEnd {
        emoji: emoji_of(shared, row.channel, emoji)?,
    };
    about(shared, &row, content)
}

/// Takes back what is one's own, and has the server remove what is not.
pub(super) async fn delete<P: Primitives>(shared: &Shared<P>, messages: &[MessageId]) -> Outcome {
    if messages.is_empty() || messages.len() > SCRUBS_PER_REQUEST {
        return Err(refuse(ErrorCode::Invalid, "Name 1 to 100 messages."));
    }
    let mut others: Vec<(ChannelId, MessageId)> = Vec::new();
    for id in messages {
        let row = known(shared, *id)?;
        let (mine, may_send) = {
            let core = shared.core();
            let channel = core.store.channel(row.channel)?;
            let rights = channel.map_or(Permissions::NONE, |row| row.view.my_permissions);
            (
                row.author == core.store.me()?.user,
                rights.contains(Permissions::SEND_MESSAGES),
            )
        };
        if mine && may_send {
            about(shared, &row, MessageContent::Deletion)?;
        } else {
            others.push((row.channel, *id));
        }
    }
    let mut channels: Vec<ChannelId> = others.iter().map(|(channel, _)| *channel).collect();
    channels.dedup();
    for channel in channels {
        let of_channel = others.iter().filter(|(one, _)| *one == channel);
        let request = ScrubMessages {
            messages: of_channel.map(|(_, message)| *message).collect(),
        };
        let path = format!("/api/v1/channels/{channel}/scrubs");
        // What was removed comes back as an event, to this device as to all others.
        let _: Scrubbed = shared.post(path, &request).await?;
    }
    Ok(CommandReply::Done)
}

/// Says something about a message; what takes back an entry that has not left takes it out.
pub(super) fn about<P: Primitives>(
    shared: &Shared<P>,
    row: &MessageRow,
    content: MessageContent,
) -> Outcome {
    {
        let mut core = shared.core();
        if let Some(opposite) = opposite(&core, row.id, &content)? {
            core.store.delete_entry(opposite)?;
            tell(&mut core, row.channel);
            return Ok(CommandReply::Done);
        }
    }
    let frame = Frame {
        target: Some(row.id),
        ..Frame::default()
    };
    say(shared, row.channel, Saying { content, frame }, Draft::Kept)
}

/// An entry that was not encrypted yet and that `content` would undo.
fn opposite<P: Primitives>(
    core: &Core<P>,
    target: MessageId,
    content: &MessageContent,
) -> Result<Option<Txn>, Refusal> {
    let undone = match content {
        MessageContent::Reaction { emoji } => MessageContent::ReactionEnd {
            emoji: emoji.clone(),
        },
        MessageContent::ReactionEnd { emoji } => MessageContent::Reaction {
            emoji: emoji.clone(),
        },
        _ => return Ok(None),
    };
    let entries = core.store.outbox(None)?;
    let entry = entries.into_iter().find(|entry| {
        entry.saying.frame.target == Some(target)
            && entry.saying.content == undone
            && !matches!(entry.state, EntryState::Sealed(_))
    });
    Ok(entry.map(|entry| entry.entry))
}

/// What becomes of the text that was being written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Draft {
    Used,
    Kept,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "what a person says is handed over whole"
)]
pub(super) fn say<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    saying: Saying,
    draft: Draft,
) -> Outcome {
    let entry = {
        let mut core = shared.core();
        if core.store.channel(channel)?.is_none() {
            return Err(refuse(ErrorCode::NotFound, "That channel is not here."));
        }
        let entry = Txn::new(core.now, &core.draw());
        let now = core.now;
        let device = core.store.me()?.device;
        core.store.commit(|store| {
            store.queue(entry, channel, &saying, now)?;
            match draft {
                Draft::Used => own::end_draft(store, channel, now, device),
                Draft::Kept => Ok(()),
            }
        })?;
        tell(&mut core, channel);
        entry
    };
    outgoing::pump(shared, channel);
    if draft == Draft::Used {
        own::hand_out(shared, 0);
    }
    Ok(CommandReply::Queued {
        entry: entry.to_string(),
    })
}

fn tell<P: Primitives>(core: &mut Core<P>, channel: ChannelId) {
    core.tell(Topic::Outbox);
    core.tell(Topic::Timeline { channel });
}

/// A text with its mentions, and whom the server is to tell: those who are named, and `also`.
pub(super) fn addressed<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    body: &str,
    also: Option<UserId>,
) -> Result<(String, Option<Notify>), Refusal> {
    let core = shared.core();
    let row = core
        .store
        .channel(channel)?
        .ok_or_else(|| refuse(ErrorCode::NotFound, "That channel is not here."))?;
    let resolved = mention::resolve(&core, &row, body)?;
    let me = core.store.me()?.user;
    let notify = resolved.notify(me, also);
    let told = match (notify, row.view.guild) {
        (Some(notify), Some(guild)) => (!tells_nobody(&core, guild, me)?).then_some(notify),
        (notify, _) => notify,
    };
    Ok((resolved.body, told))
}

/// Whether somebody is too new in a guild to tell anybody by name.
fn tells_nobody<P: Primitives>(
    core: &Core<P>,
    guild: GuildId,
    user: UserId,
) -> Result<bool, Refusal> {
    let Some(row) = core.store.guild(guild)? else {
        return Ok(false);
    };
    let member = core.store.member(guild, user)?;
    let until = member.and_then(|one| one.new_until(&row.view, row.view.mentions_s, core.now));
    Ok(until.is_some())
}

pub(super) fn checked(body: &str) -> Result<String, Refusal> {
    let body = body.trim_end();
    if body.trim().is_empty() {
        return Err(refuse(ErrorCode::Invalid, "The message is empty."));
    }
    if body.chars().count() > MESSAGE_CHARS {
        return Err(refuse(
            ErrorCode::MessageTooLong,
            "The message is longer than 4,000 characters.",
        ));
    }
    Ok(body.to_owned())
}

/// An emoji, joined ones and custom names included: short, without letters of words or spaces.
pub(crate) fn is_emoji(text: &str) -> bool {
    if let Some((token, ..)) = emoji::token_at(text) {
        return token == text;
    }
    let plain = |c: char| c.is_whitespace() || c.is_control() || c.is_ascii_alphabetic();
    !text.is_empty() && text.len() <= EMOJI_BYTES && !text.chars().any(plain) && !text.is_ascii()
}

/// An emoji, or a guild's own as one writes it.
fn emoji_of<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    text: &str,
) -> Result<String, Refusal> {
    let mut text = text.trim().to_owned();
    if text.starts_with(':') {
        let core = shared.core();
        if let Some(row) = core.store.channel(channel)? {
            text = mention::resolve(&core, &row, &text)?.body;
        }
    }
    if is_emoji(&text) {
        Ok(text)
    } else {
        Err(refuse(ErrorCode::Invalid, "A reaction is one emoji."))
    }
}

pub(super) fn known<P: Primitives>(
    shared: &Shared<P>,
    message: MessageId,
) -> Result<MessageRow, Refusal> {
    shared
        .core()
        .store
        .message(message)?
        .ok_or_else(|| refuse(ErrorCode::NotFound, "That message is not here."))
}

pub(super) fn readable<P: Primitives>(
    shared: &Shared<P>,
    message: MessageId,
) -> Result<MessageRow, Refusal> {
    let row = known(shared, message)?;
    match row.state {
        MessageState::Open(MessageContent::Text { .. } | MessageContent::Poll { .. }) => Ok(row),
        MessageState::Removed(_) => Err(refuse(
            ErrorCode::TargetGone,
            "The message that this is about is gone.",
        )),
        _ => Err(refuse(
            ErrorCode::Invalid,
            "That message can't be read on this device.",
        )),
    }
}

fn entry<P: Primitives>(shared: &Shared<P>, entry: &str) -> Result<OutboxRow, Refusal> {
    let gone = || {
        refuse(
            ErrorCode::NotFound,
            "That message is not in the outbox any more.",
        )
    };
    let entry: Txn = entry.parse().map_err(|_| gone())?;
    shared.core().store.entry(entry)?.ok_or_else(gone)
}

pub(super) fn retry<P: Primitives>(shared: &Shared<P>, id: &str) -> Outcome {
    let row = entry(shared, id)?;
    {
        let mut core = shared.core();
        if matches!(row.state, EntryState::Failed { .. }) {
            core.store.commit(|store| {
                store.put_entry_state(row.entry, &EntryState::Queued)?;
                store.clear_attempts(row.entry)
            })?;
        }
        tell(&mut core, row.channel);
    }
    outgoing::pump(shared, row.channel);
    Ok(CommandReply::Done)
}

/// Gives up a message. One that may be on the server already can't be taken back like this.
pub(super) fn give_up<P: Primitives>(shared: &Shared<P>, id: &str) -> Outcome {
    let row = entry(shared, id)?;
    if matches!(row.state, EntryState::Sealed(_)) {
        return Err(refuse(
            ErrorCode::Invalid,
            "This message is being sent and may have arrived. Wait for the answer.",
        ));
    }
    let mut core = shared.core();
    core.store.delete_entry(row.entry)?;
    tell(&mut core, row.channel);
    Ok(CommandReply::Dropped {
        body: text_of(&row.saying.content).unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reaction_is_an_emoji_and_nothing_else() {
        for emoji in ["👍", "❤️", "👩\u{200d}🚀", "🇩🇰", "1️⃣"] {
            assert!(is_emoji(emoji), "{emoji}");
        }
        for text in [
            "",
            "a",
            "ok",
            "<b>",
            "👍 👍",
            "\u{7}",
            "1",
            &"👍".repeat(40),
        ] {
            assert!(!is_emoji(text), "{text}");
        }
    }
}
