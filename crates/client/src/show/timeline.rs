//! A conversation as it is shown: messages with what was said about them, own changes that are
//! still on their way included.

use std::collections::BTreeMap;

use cloister_e2ee::{Primitives, content::MessageContent};
use cloister_wire::{
    ChannelId, GuildId, MessageId, Permissions, UserId, channel::PinView, moderation::Relation,
    retention::DAY_MS,
};

use super::{Shown, emoji, outbox, pin, poll, thread};
use crate::{
    core::Core,
    flow::{mention, say::is_emoji},
    store::{
        ChannelRow, EntryState, GuildRow, MessageRow, MessageState, OutboxRow, Remark, text_of,
    },
    view::{
        CallView, Content, EditView, MentionView, MessageView, NoticeLevel, ReactionView,
        ReplyView, TimelineView, Undecryptable,
    },
};

/// Characters of a quoted message.
const PREVIEW_CHARS: usize = 160;
/// People named beside a reaction.
const NAMES_MAX: usize = 12;
/// Different emoji shown on one message.
const REACTIONS_MAX: usize = 30;

pub(super) fn timeline<P: Primitives>(
    core: &Core<P>,
    channel: ChannelId,
    before: Option<u64>,
    limit: u32,
) -> Shown<TimelineView> {
    let row = core.store.channel(channel)?;
    let messages = core.store.timeline(channel, before, limit.min(1_000))?;
    let oldest = messages.first().map_or(0, |message| message.seq);
    let older_in_store = oldest > 0 && !core.store.timeline(channel, Some(oldest), 1)?.is_empty();
    let place = Place::of(core, channel, row.as_ref())?;
    let messages = messages
        .into_iter()
        .map(|message| place.message(message))
        .collect::<Shown<Vec<_>>>()?;
    let pending = outbox::pending(core, channel, outbox::stands_alone)?;
    Ok(TimelineView {
        channel,
        messages,
        pending,
        older_in_store,
        older_on_server: row.as_ref().is_some_and(crate::flow::search::has_older),
        since_joined: row.as_ref().is_some_and(|row| row.view.joined_seq > 0),
        read_seq: row.as_ref().map_or(0, |row| row.view.read_seq),
        last_seq: row.as_ref().map_or(0, |row| row.view.last_seq),
        known_seq: row.as_ref().map_or(0, |row| row.high),
        pins: pin::lines(core, &place.pins)?,
    })
}

/// Messages of one channel.
pub(super) fn several<P: Primitives>(
    core: &Core<P>,
    channel: &ChannelRow,
    messages: Vec<MessageRow>,
) -> Shown<Vec<MessageView>> {
    let place = Place::of(core, channel.view.id, Some(channel))?;
    messages
        .into_iter()
        .map(|message| place.message(message))
        .collect()
}

/// What a message said, oldest first.
pub(super) fn edits<P: Primitives>(core: &Core<P>, message: MessageId) -> Shown<Vec<EditView>> {
    let Some(row) = core.store.message(message)? else {
        return Ok(Vec::new());
    };
    let MessageState::Open(content) = &row.state else {
        return Ok(Vec::new());
    };
    let first = (row.at, text_of(content).unwrap_or_default().to_owned());
    let remarks = core.store.remarks(message)?.into_iter();
    let later = remarks.filter_map(|one| match one.content {
        MessageContent::Edit { body } if one.author == row.author => Some((one.at, body)),
        _ => None,
    });
    let guild = guild_of(core, row.channel)?;
    std::iter::once(first)
        .chain(later)
        .map(|(at, body)| {
            Ok(EditView {
                at,
                mentions: mention::mentions(core, guild, &body)?,
                body,
            })
        })
        .collect()
}

/// Messages that name this person or everyone, newest first.
pub(super) fn calls<P: Primitives>(core: &Core<P>, limit: u32) -> Shown<Vec<CallView>> {
    core.store
        .calls(limit.min(200))?
        .into_iter()
        .filter_map(|row| {
            let channel = core.store.channel(row.channel).transpose()?;
            Some(channel.and_then(|channel| call(core, &channel, row)))
        })
        .collect()
}

fn call<P: Primitives>(core: &Core<P>, channel: &ChannelRow, row: MessageRow) -> Shown<CallView> {
    let id = channel.view.id;
    let guild = match channel.view.guild {
        Some(guild) => core.store.guild(guild)?,
        None => None,
    };
    let channel_name = match channel.peer {
        Some(peer) => core.store.display_name(peer)?,
        None => channel.view.name.clone(),
    };
    let (level, muted) = core.store.notice_in(channel, core.now)?;
    Ok(CallView {
        channel: id,
        channel_name,
        guild: channel.view.guild,
        guild_name: guild.map(|guild| guild.view.name),
        unread: !thread::is_read(core, &row)?.unwrap_or(row.seq <= channel.view.read_seq),
        quiet: muted || level == Some(NoticeLevel::Nothing),
        message: Place::of(core, id, Some(channel))?.message(row)?,
    })
}

/// One message of a channel, if it is on this device.
pub(super) fn one<P: Primitives>(
    core: &Core<P>,
    channel: &ChannelRow,
    message: MessageId,
) -> Shown<Option<MessageView>> {
    let Some(row) = core.store.message(message)? else {
        return Ok(None);
    };
    let place = Place::of(core, channel.view.id, Some(channel))?;
    place.message(row).map(Some)
}

/// The guild that a channel is in.
pub(super) fn guild_of<P: Primitives>(
    core: &Core<P>,
    channel: ChannelId,
) -> Shown<Option<GuildId>> {
    let row = core.store.channel(channel)?;
    Ok(row.and_then(|row| row.view.guild))
}

/// What is the same for every message of a channel.
struct Place<'a, P: Primitives> {
    core: &'a Core<P>,
    me: UserId,
    guild: Option<GuildId>,
    guild_row: Option<GuildRow>,
    rights: Permissions,
    /// Messages from then or before are too old to be kept, ms UTC.
    horizon: u64,
    outbox: Vec<OutboxRow>,
    pins: Vec<PinView>,
    can_pin: bool,
}

impl<'a, P: Primitives> Place<'a, P> {
    fn of(core: &'a Core<P>, channel: ChannelId, row: Option<&ChannelRow>) -> Shown<Self> {
        let guild = row.and_then(|row| row.view.guild);
        let guild_row = match guild {
            Some(guild) => core.store.guild(guild)?,
            None => None,
        };
        Ok(Self {
            core,
            me: core.store.me()?.user,
            guild,
            rights: row.map_or(Permissions::NONE, |row| row.view.my_permissions),
            horizon: row
                .and_then(|row| row.view.kept_days)
                .map_or(0, |days| core.now.saturating_sub(u64::from(days) * DAY_MS)),
            outbox: core.store.outbox(Some(channel))?,
            pins: match row {
                Some(row) => pin::living(core, row)?,
                None => Vec::new(),
            },
            can_pin: match row {
                Some(row) => pin::may_pin(row, guild_row.as_ref()),
                None => false,
            },
            guild_row,
        })
    }

    #[expect(clippy::needless_pass_by_value, reason = "a row is shown once")]
    fn message(&self, row: MessageRow) -> Shown<MessageView> {
        let store = &self.core.store;
        let mine = row.author == self.me;
        let own_changes: Vec<&MessageContent> = self
            .outbox
            .iter()
            .filter(|entry| entry.saying.frame.target == Some(row.id))
            .filter(|entry| !matches!(entry.state, EntryState::Failed { .. }))
            .map(|entry| &entry.saying.content)
            .collect();
        let content = self.content(&row, &own_changes)?;
        let readable = matches!(content, Content::Text { .. } | Content::Poll(_));
        let forwarded_from = self.forwarded_from(&row.state)?;
        let is_text = matches!(content, Content::Text { .. });
        let reply = match &row.state {
            MessageState::Open(MessageContent::Text {
                reply: Some(reply), ..
            }) if readable => Some(reply_view(self.core, self.guild, *reply, row.channel)?),
            _ => None,
        };
        let reactions = if readable {
            self.reactions(row.id, &own_changes)?
        } else {
            Vec::new()
        };
        let handed_by = match store.via(row.id)? {
            Some(via) if readable && via != self.me => Some(store.name_in(self.guild, via)?),
            _ => None,
        };
        let removed = matches!(content, Content::Removed { .. } | Content::Disappeared);
        let mentions = self.mentions(&content)?;
        let may = |right| self.rights.contains(right);
        Ok(MessageView {
            id: row.id,
            seq: row.seq,
            at: row.at,
            author: row.author,
            author_name: store.name_in(self.guild, row.author)?,
            device: row.device,
            mine,
            content,
            mentions,
            edited_at: row.edited_at.filter(|_| readable),
            reply,
            forwarded_from: forwarded_from.filter(|_| readable),
            handed_by,
            reactions,
            changing: own_changes.iter().any(|change| {
                matches!(
                    change,
                    MessageContent::Edit { .. } | MessageContent::Deletion
                )
            }),
            can_edit: mine && is_text && may(Permissions::SEND_MESSAGES),
            can_delete: !removed && (mine || may(Permissions::MANAGE_MESSAGES)),
            can_react: readable
                && may(Permissions::ADD_REACTIONS.union(Permissions::SEND_MESSAGES)),
            pinned: self.pins.iter().any(|pin| pin.message == row.id),
            can_pin: self.can_pin && !removed,
            from_blocked: store.relation(row.author)? == Relation::Blocked,
            calls_me: row.calls_me,
            expires_at: row.expires_at,
            links_held_until: self.links_held_until(row.author)?,
            thread: thread::beside(self.core, &row, self.me)?,
            in_thread: row.thread,
            can_thread: row.thread.is_none() && !removed && thread::may_write(self.rights, false),
        })
    }

    /// Whose words these are.
    fn forwarded_from(&self, state: &MessageState) -> Shown<Option<String>> {
        match state {
            MessageState::Open(MessageContent::Text {
                forwarded: Some(from),
                ..
            }) => self.core.store.name_in(self.guild, from.author).map(Some),
            _ => Ok(None),
        }
    }

    /// Until when links of the author are text, where they are new.
    fn links_held_until(&self, author: UserId) -> Shown<Option<u64>> {
        let Some(view) = self.guild_row.as_ref().map(|row| &row.view) else {
            return Ok(None);
        };
        if view.links_s == 0 {
            return Ok(None);
        }
        let member = self.core.store.member(view.id, author)?;
        Ok(member.and_then(|member| member.new_until(view, view.links_s, self.core.now)))
    }

    fn mentions(&self, content: &Content) -> Shown<Vec<MentionView>> {
        match content {
            Content::Text { body } => mention::mentions(self.core, self.guild, body),
            _ => Ok(Vec::new()),
        }
    }

    fn content(&self, row: &MessageRow, own_changes: &[&MessageContent]) -> Shown<Content> {
        if own_changes.contains(&&MessageContent::Deletion) {
            return Ok(Content::Removed { by_name: None });
        }
        let edit = own_changes.iter().rev().find_map(|change| match change {
            MessageContent::Edit { body } => Some(body.clone()),
            _ => None,
        });
        Ok(match &row.state {
            MessageState::Open(MessageContent::Poll {
                question,
                options,
                many,
                ends_at_ms,
            }) => {
                let poll = poll::Poll {
                    question,
                    options,
                    many: *many == 1,
                    ends_at: *ends_at_ms,
                };
                Content::Poll(poll::count(
                    self.core,
                    (self.guild, self.me),
                    row.id,
                    &poll,
                    own_changes,
                )?)
            }
            MessageState::Open(MessageContent::Name { name }) => {
                Content::Named { name: name.clone() }
            }
            MessageState::Open(_) => Content::Text {
                body: edit.or_else(|| row.body.clone()).unwrap_or_default(),
            },
            MessageState::Waiting => Content::Waiting,
            MessageState::Closed(cause) => Content::Undecryptable { cause: *cause },
            MessageState::Before if super::channel::read_then(self.core, row)? => {
                Content::Undecryptable {
                    cause: if super::channel::lost(self.core, row)? {
                        Undecryptable::KeysLost
                    } else {
                        Undecryptable::BeforeThisDevice
                    },
                }
            }
            MessageState::Before => Content::BeforeYouJoined,
            MessageState::Removed(by)
                if *by == row.author
                    && (row.at <= self.horizon
                        || row.expires_at.is_some_and(|at| at <= self.core.now)) =>
            {
                Content::Disappeared
            }
            MessageState::Removed(by) => Content::Removed {
                by_name: if *by == row.author {
                    None
                } else {
                    Some(self.core.store.name_in(self.guild, *by)?)
                },
            },
        })
    }

    /// The newest word of each person on each emoji counts.
    fn reactions(
        &self,
        message: MessageId,
        own_changes: &[&MessageContent],
    ) -> Shown<Vec<ReactionView>> {
        let remarks = self.core.store.remarks(message)?;
        if remarks.is_empty() && own_changes.is_empty() {
            return Ok(Vec::new());
        }
        let own = own_changes.iter().map(|content| Remark {
            at: u64::MAX,
            author: self.me,
            content: (*content).clone(),
        });
        // Emoji in the order of their first use; under each, people in theirs.
        let mut order: Vec<String> = Vec::new();
        let mut people: BTreeMap<String, Vec<UserId>> = BTreeMap::new();
        for remark in remarks.into_iter().chain(own) {
            match remark.content {
                MessageContent::Reaction { emoji } if is_emoji(&emoji) => {
                    if !order.contains(&emoji) {
                        order.push(emoji.clone());
                    }
                    let who = people.entry(emoji).or_default();
                    if !who.contains(&remark.author) {
                        who.push(remark.author);
                    }
                }
                MessageContent::ReactionEnd { emoji } => {
                    if let Some(who) = people.get_mut(&emoji) {
                        who.retain(|one| *one != remark.author);
                    }
                }
                _ => {}
            }
        }
        order
            .into_iter()
            .filter_map(|emoji| people.remove(&emoji).map(|who| (emoji, who)))
            .filter(|(_, who)| !who.is_empty())
            .take(REACTIONS_MAX)
            .map(|(emoji, who)| {
                let names = who
                    .iter()
                    .take(NAMES_MAX)
                    .map(|one| self.core.store.name_in(self.guild, *one))
                    .collect::<Shown<Vec<_>>>()?;
                let (name, picture) = emoji::of_reaction(self.core, self.guild, &emoji)?;
                Ok(ReactionView {
                    name,
                    picture,
                    emoji,
                    count: who.len() as u32,
                    mine: who.contains(&self.me),
                    names,
                })
            })
            .collect()
    }
}

/// What is quoted above an answer; only from the same channel.
pub(super) fn reply_view<P: Primitives>(
    core: &Core<P>,
    guild: Option<GuildId>,
    message: MessageId,
    channel: ChannelId,
) -> Shown<ReplyView> {
    let row = core
        .store
        .message(message)?
        .filter(|row| row.channel == channel);
    let Some(row) = row else {
        return Ok(ReplyView {
            message,
            seq: None,
            author: None,
            author_name: None,
            preview: None,
            gone: false,
        });
    };
    let readable = matches!(
        &row.state,
        MessageState::Open(MessageContent::Text { .. } | MessageContent::Poll { .. })
    );
    let preview = row.body.filter(|_| readable);
    Ok(ReplyView {
        message,
        seq: Some(row.seq),
        author: Some(row.author),
        author_name: Some(core.store.name_in(guild, row.author)?),
        preview: preview
            .map(|body| mention::spell(core, guild, &body))
            .transpose()?
            .map(|body| body.chars().take(PREVIEW_CHARS).collect()),
        gone: matches!(row.state, MessageState::Removed(_)),
    })
}
