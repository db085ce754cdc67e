//! Reading, once or for as long as the command runs.

mod follow;

use std::{collections::BTreeMap, time::Duration};

use clap::Args;
use cloister_client::view::{
    ChannelView, Command, CommandReply, Content, MentionView, MessageView, Query, QueryReply,
    ReplyView, TimelineView,
};
use cloister_wire::{ChannelId, ErrorCode, MessageId, UserId};
use serde_json::{Value, json};

use crate::{
    arguments::Global,
    command::thread,
    failure::{CONFLICT, Failure},
    print::{Print, indented, moment, printable},
    seat::{self, Seat},
    target::{self, unexpected},
};

/// Messages asked for at a time.
const PAGE: u32 = 100;
/// How long to wait for keys that are on their way.
const KEYS: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(crate) struct Read {
    /// GUILD/CHANNEL or @user, by names or ids
    target: String,
    /// At most so many messages
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    /// Only messages before this one
    #[arg(long, value_name = "ID", conflicts_with = "follow")]
    before: Option<MessageId>,
    /// Go on with new messages until interrupted
    #[arg(long)]
    follow: bool,
    /// The thread that hangs on this message, and the message first
    #[arg(long, value_name = "ID", conflicts_with_all = ["before", "follow"])]
    thread: Option<MessageId>,
}

impl Read {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            let reached = seat.reach_if_possible().await?;
            let channel = target::channel(seat, &self.target).await?;
            let place = Place {
                seat,
                channel,
                reached,
            };
            if let Some(thread) = self.thread {
                return read_thread(&place, thread, self.limit).await;
            }
            let at_start = place.view().await?;
            place.load(None).await?;
            let before = match self.before {
                Some(id) => Some(place.seq_of(id).await?),
                None => None,
            };
            let messages = place.decrypted(before, self.limit).await?;
            let mut names = Names::default();
            names.learn(&place, &messages).await?;
            for message in &messages {
                show(seat.print, message, &names)?;
            }
            if self.follow {
                let last = messages
                    .last()
                    .map_or(at_start.last_seq, |message| message.seq);
                follow::follow(&place, last, &messages, names).await?;
            }
            Ok(())
        })
    }
}

/// What a thread hangs on, and the newest of what was written there.
async fn read_thread(place: &Place<'_>, thread: MessageId, limit: u32) -> Result<(), Failure> {
    let view = thread::bring(place.seat, place.channel, thread, place.reached).await?;
    let query = Query::Thread {
        channel: place.channel,
        thread,
        before: None,
        limit,
    };
    let opened = |view| match view {
        QueryReply::Thread { thread: Some(view) } if !view.messages.iter().any(waits) => {
            Some(view.messages)
        }
        _ => None,
    };
    let found = if place.reached {
        place.seat.wait_until(&query, KEYS, opened).await?
    } else {
        None
    };
    let skipped = view.messages.len().saturating_sub(limit as usize);
    let found = found.unwrap_or_else(|| view.messages[skipped..].to_vec());
    let messages: Vec<_> = view.root.into_iter().chain(found).collect();
    let mut names = Names::default();
    names.learn(place, &messages).await?;
    for message in &messages {
        show(place.seat.print, message, &names)?;
    }
    Ok(())
}

/// A channel that is being read.
struct Place<'a> {
    seat: &'a Seat<'a>,
    channel: ChannelId,
    /// The server answered when the command began.
    reached: bool,
}

impl Place<'_> {
    async fn view(&self) -> Result<ChannelView, Failure> {
        let channel = self.channel;
        match self.seat.query(Query::Channel { channel }).await? {
            QueryReply::Channel {
                channel: Some(view),
            } => Ok(view),
            QueryReply::Channel { channel: None } => Err(Failure::new(
                CONFLICT,
                "NOT_FOUND",
                "There is no such channel that you can see.",
            )),
            other => Err(unexpected(&other)),
        }
    }

    async fn page(&self, before: Option<u64>, limit: u32) -> Result<TimelineView, Failure> {
        let channel = self.channel;
        let query = Query::Timeline {
            channel,
            before,
            limit,
        };
        match self.seat.query(query).await? {
            QueryReply::Timeline(page) => Ok(page),
            other => Err(unexpected(&other)),
        }
    }

    /// Brings older messages from the server into the store; says whether there may be more.
    async fn load(&self, before: Option<u64>) -> Result<bool, Failure> {
        if !self.reached {
            return Ok(false);
        }
        let channel = self.channel;
        match self
            .seat
            .command(Command::LoadHistory { channel, before })
            .await
        {
            Ok(CommandReply::History {
                loaded,
                reached_start,
            }) => Ok(loaded > 0 && !reached_start),
            Ok(other) => Err(unexpected(&other)),
            // What is stored can be read all the same.
            Err(failure) if failure.is(ErrorCode::Offline) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// The newest `limit` messages before `before`, oldest first.
    async fn newest(&self, before: Option<u64>, limit: u32) -> Result<Vec<MessageView>, Failure> {
        let mut found: Vec<MessageView> = Vec::new();
        let mut before = before;
        let mut more_on_server = true;
        while found.len() < limit as usize {
            let wanted = (limit - found.len() as u32).min(PAGE);
            let page = self.page(before, wanted).await?;
            let came = !page.messages.is_empty();
            before = page
                .messages
                .first()
                .map_or(before, |oldest| Some(oldest.seq));
            found.splice(0..0, page.messages);
            let goes_on = (came && page.older_in_store)
                || (page.older_on_server && more_on_server && found.len() < limit as usize);
            if !goes_on {
                break;
            }
            if !page.older_in_store {
                more_on_server = self.load(before).await?;
            }
        }
        Ok(found)
    }

    /// The same, once the keys that are on their way have come.
    async fn decrypted(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<MessageView>, Failure> {
        let messages = self.newest(before, limit).await?;
        let first_waiting = messages.iter().find(|message| waits(message));
        let (Some(waiting), true) = (first_waiting, self.reached) else {
            return Ok(messages);
        };
        let newest = messages.last().map_or(0, |message| message.seq);
        let span = (newest - waiting.seq + 1).min(u64::from(PAGE)) as u32;
        let query = Query::Timeline {
            channel: self.channel,
            before: Some(newest + 1),
            limit: span,
        };
        let all_there = |view| match view {
            QueryReply::Timeline(page) => (!page.messages.iter().any(waits)).then_some(()),
            _ => Some(()),
        };
        self.seat.wait_until(&query, KEYS, all_there).await?;
        self.newest(before, limit).await
    }

    /// The place of a message in its channel.
    async fn seq_of(&self, id: MessageId) -> Result<u64, Failure> {
        let mut before = None;
        loop {
            let page = self.newest(before, PAGE).await?;
            if let Some(message) = page.iter().find(|message| message.id == id) {
                return Ok(message.seq);
            }
            before = page.first().map(|oldest| oldest.seq);
            if before.is_none() {
                return Err(Failure::new(
                    CONFLICT,
                    "NOT_FOUND",
                    format!("There is no message {id} here."),
                ));
            }
        }
    }
}

/// Names of accounts: unlike display names, nobody else can have the same.
#[derive(Default)]
struct Names(BTreeMap<UserId, String>);

impl Names {
    /// Looks up the authors who are not known yet.
    async fn learn(&mut self, place: &Place<'_>, messages: &[MessageView]) -> Result<(), Failure> {
        if messages
            .iter()
            .all(|message| self.0.contains_key(&message.author))
        {
            return Ok(());
        }
        let me = place.seat.me().await?;
        self.0.insert(me.user, me.username);
        if let Some(guild) = place.view().await?.guild {
            let members = target::members(place.seat, guild).await?;
            let names = members
                .into_iter()
                .map(|member| (member.user, member.username));
            self.0.extend(names);
        } else if let QueryReply::Dms { dms } = place.seat.query(Query::Dms).await? {
            self.0.extend(
                dms.into_iter()
                    .filter_map(|dm| Some((dm.peer?, dm.username))),
            );
        }
        // Somebody who has left is known by the name that was shown last.
        for message in messages {
            let last_name = || message.author_name.clone();
            self.0.entry(message.author).or_insert_with(last_name);
        }
        Ok(())
    }

    fn of<'a>(&'a self, message: &'a MessageView) -> &'a str {
        let last_name = &message.author_name;
        self.0.get(&message.author).unwrap_or(last_name)
    }
}

fn waits(message: &MessageView) -> bool {
    message.content == Content::Waiting
}

fn show(print: &Print, message: &MessageView, names: &Names) -> Result<(), Failure> {
    let at = moment(message.at);
    let author = printable(names.of(message));
    let text = match (&message.content, cause(&message.content)) {
        (Content::Text { .. }, _) => {
            let edited = message.edited_at.map_or("", |_| " (edited)");
            let reactions = message.reactions.iter().fold(String::new(), |all, one| {
                format!("{all}\n    {} {}", printable(&one.name), one.count)
            });
            let from = message.forwarded_from.as_ref();
            let from = from.map_or_else(String::new, |name| {
                format!("[forwarded from {}] ", printable(name))
            });
            let quoted = message.reply.as_ref().map_or_else(String::new, quote);
            let body = indented(&written(message).unwrap_or_default());
            format!("{at}  {author}: {quoted}{from}{body}{edited}{reactions}")
        }
        (Content::Poll(poll), _) => {
            let options = poll
                .options
                .iter()
                .zip(1..)
                .fold(String::new(), |all, (one, at)| {
                    let mine = if one.mine { " *" } else { "" };
                    let text = printable(&one.text);
                    format!("{all}\n    {at}. {text} ({}){mine}", one.count)
                });
            let over = if poll.over { " (over)" } else { "" };
            format!(
                "{at}  {author}: {}{over}{options}",
                printable(&poll.question)
            )
        }
        (Content::Named { name }, _) => {
            format!("{at}  {author} named this conversation {}", printable(name))
        }
        (Content::Disappeared, _) => format!("{at}  {author}: [disappeared]"),
        (Content::Removed { by_name: None }, _) => format!("{at}  {author}: [deleted]"),
        (Content::Removed { by_name: Some(by) }, _) => {
            format!("{at}  {author}: [removed by {}]", printable(by))
        }
        (_, cause) => format!("{at}  {author}: [{}]", cause.unwrap_or_default()),
    };
    print.line(&object(message, names.of(message)), text)
}

/// The beginning of what is answered, above the answer.
fn quote(reply: &ReplyView) -> String {
    let (name, preview) = match (&reply.author_name, &reply.preview) {
        (Some(name), Some(preview)) => (name.as_str(), preview.as_str()),
        (Some(name), None) => (name.as_str(), "[gone]"),
        _ => ("", "[an earlier message]"),
    };
    let line = preview.lines().next().unwrap_or_default();
    format!("> {} {}\n    ", printable(name), printable(line))
}

/// The text with its mentions as one writes them.
fn written(message: &MessageView) -> Option<String> {
    let Content::Text { body } = &message.content else {
        return None;
    };
    let replace = |text: String, one: &MentionView| text.replace(&one.token, &one.written);
    Some(message.mentions.iter().fold(body.clone(), replace))
}

fn object(message: &MessageView, author: &str) -> Value {
    let body = written(message);
    let mut object = json!({
        "id": message.id, "seq": message.seq, "at": message.at, "author": author,
        "author_id": message.author, "device": message.device, "body": body,
        "edited_at": message.edited_at,
        "reply_to": message.reply.as_ref().map(|reply| reply.message), "attachments": [],
        "reactions": message.reactions.iter()
            .map(|one| json!({"emoji": one.name, "count": one.count, "mine": one.mine}))
            .collect::<Vec<_>>(),
    });
    if let Some(root) = message.in_thread {
        object["thread"] = json!(root);
    }
    if let Some(mark) = &message.thread {
        object["thread_messages"] = json!(mark.count);
    }
    if let Some(at) = message.expires_at {
        object["expires_at"] = json!(at);
    }
    if let Some(from) = &message.forwarded_from {
        object["forwarded_from"] = json!(from);
    }
    if let Some(via) = &message.handed_by {
        object["handed_by"] = json!(via);
    }
    if let Content::Poll(poll) = &message.content {
        let options: Vec<_> = poll
            .options
            .iter()
            .map(|one| json!({"text": one.text, "count": one.count, "mine": one.mine}))
            .collect();
        object["poll"] = json!({
            "question": poll.question, "many": poll.many, "ends_at": poll.ends_at,
            "over": poll.over, "voters": poll.voters, "options": options,
        });
    }
    if let Content::Named { name } = &message.content {
        object["named"] = json!(name);
    }
    if let Content::Removed { by_name } = &message.content {
        object["deleted"] = json!({"by": by_name});
    }
    if let Some(cause) = cause(&message.content) {
        object["undecryptable"] = json!(cause);
    }
    object
}

/// Why there is no text, in one word.
fn cause(content: &Content) -> Option<String> {
    match content {
        Content::Text { .. }
        | Content::Poll(_)
        | Content::Named { .. }
        | Content::Removed { .. }
        | Content::Disappeared => None,
        Content::Waiting => Some("waiting".into()),
        Content::BeforeYouJoined => Some("before_you_joined".into()),
        Content::Undecryptable { cause } => json!(cause).as_str().map(Into::into),
    }
}

#[cfg(test)]
mod tests {
    use cloister_client::view::Undecryptable;
    use cloister_wire::DeviceId;

    use super::*;

    pub(super) fn message(seq: u64, content: Content) -> MessageView {
        MessageView {
            id: MessageId::from_bytes([seq as u8; 16]),
            seq,
            at: 1_000,
            author: UserId::from_bytes([1; 16]),
            author_name: "bob".into(),
            device: DeviceId::from_bytes([2; 16]),
            mine: false,
            content,
            mentions: Vec::new(),
            edited_at: None,
            reply: None,
            forwarded_from: None,
            handed_by: None,
            reactions: Vec::new(),
            changing: false,
            can_edit: false,
            can_delete: false,
            pinned: false,
            can_pin: false,
            can_react: false,
            from_blocked: false,
            calls_me: false,
            expires_at: None,
            links_held_until: None,
            thread: None,
            in_thread: None,
            can_thread: false,
        }
    }

    #[test]
    fn a_readable_message_has_a_body_and_no_cause() {
        let body = "hi \u{1b}[1m".to_owned();
        let line = object(&message(7, Content::Text { body: body.clone() }), "bob");
        assert_eq!(line["seq"], 7);
        assert_eq!(line["author"], "bob");
        assert_eq!(line["body"], json!(body), "programs get the text as it is");
        assert_eq!(line["attachments"], json!([]));
        assert!(line.get("undecryptable").is_none());
        assert!(line["reply_to"].is_null() && line["edited_at"].is_null());
    }

    #[test]
    fn an_unreadable_message_says_why_in_one_word() {
        let cause = Undecryptable::KeyMissing;
        let line = object(&message(7, Content::Undecryptable { cause }), "bob");
        assert_eq!(line["undecryptable"], "key_missing");
        assert!(line["body"].is_null());
    }
}
