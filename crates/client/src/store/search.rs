//! The search index: an FTS5 table without texts of its own. A message's row in it is its place
//! in time, so that the newest come first without sorting.

use std::fmt::Write as _;

use cloister_e2ee::Primitives;
use cloister_wire::{ChannelId, MessageId, UserId, channel::Message};
use rusqlite::{OptionalExtension as _, Row, params};

use super::{Store, StoreError, StoreResult, id16};
use crate::search::{Has, Word, fold, words};

/// Raised when texts are cut in another way: every index is made anew then.
const INDEX_VERSION: u64 = 2;
/// The state of a message whose content was taken away.
const REMOVED: i64 = 4;
/// Places for messages of one millisecond.
const PER_MS: i64 = 1 << 15;
/// Times after this (the year 6429) share one millisecond.
const AT_MAX: u64 = 1 << 47;
/// More than so many messages are not taken out one by one: the index is made anew.
const TAKEN_OUT_MAX: u32 = 2_000;

/// A condition on what surrounds a text, each a list of which one must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks(Vec<String>);

impl Marks {
    pub fn any_author(&mut self, users: &[UserId]) {
        self.any(users.iter().map(author));
    }

    pub fn any_channel(&mut self, channels: &[ChannelId]) {
        self.any(channels.iter().map(channel_mark));
    }

    pub fn any_mention(&mut self, names: &[String], users: &[UserId]) {
        let names = names.iter().map(|name| mention(name));
        self.any(names.chain(users.iter().map(mention_of)));
    }

    pub fn has(&mut self, has: Has) {
        self.any(std::iter::once(has_mark(has).to_owned()));
    }

    fn any(&mut self, marks: impl Iterator<Item = String>) {
        self.0.push(marks.collect::<Vec<_>>().join(" OR "));
    }
}

/// What is looked for in the index.
#[derive(Debug, Clone)]
pub(crate) struct Sought {
    condition: String,
    /// Ms UTC, `from` included and `to` not.
    pub from: u64,
    pub to: u64,
}

impl Sought {
    /// None if no message could have one of the marks.
    pub fn new<'a>(
        words: impl Iterator<Item = &'a Word>,
        marks: &Marks,
        from: Option<u64>,
        to: Option<u64>,
    ) -> Option<Self> {
        let mut all: Vec<String> = words
            .map(|word| format!("body : {}", word.condition()))
            .collect();
        for mark in &marks.0 {
            if mark.is_empty() {
                return None;
            }
            all.push(format!("marks : ({mark})"));
        }
        if all.is_empty() {
            all.push(format!("marks : {EVERY}"));
        }
        Some(Self {
            condition: all.join(" AND "),
            from: from.unwrap_or(0),
            to: to.unwrap_or(AT_MAX),
        })
    }

    fn range(&self) -> (i64, i64) {
        let place = |at: u64| at.min(AT_MAX) as i64 * PER_MS;
        (place(self.from), place(self.to))
    }
}

/// A message that the index named.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    pub place: i64,
    pub channel: ChannelId,
    pub seq: u64,
    pub id: MessageId,
    pub at: u64,
    pub author: UserId,
    pub body: String,
}

/// Stands at every message.
const EVERY: &str = "x";

fn author(user: &UserId) -> String {
    format!("a{}", hex(user.as_bytes()))
}

fn channel_mark(channel: &ChannelId) -> String {
    format!("c{}", hex(channel.as_bytes()))
}

/// A person whom a text tells: `<@id>`.
fn mention_of(user: &UserId) -> String {
    format!("m{}", hex(user.as_bytes()))
}

/// A person as a text names them: `@name`.
fn mention(name: &str) -> String {
    format!("n{}", hex(fold(name).as_bytes()))
}

const fn has_mark(has: Has) -> &'static str {
    match has {
        Has::Link => "hlink",
        Has::Code => "hcode",
        Has::Mention => "hmention",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn tokens(body: &str) -> String {
    let body = without_ids(body).0;
    let tokens = words(&body)
        .iter()
        .flat_map(Word::tokens)
        .collect::<Vec<_>>();
    tokens.join(" ")
}

/// Whatever a message can be found by beside its words.
fn marks(channel: ChannelId, user: UserId, body: &str) -> String {
    let mut marks = vec![EVERY.to_owned(), channel_mark(&channel), author(&user)];
    if body.contains("https://") || body.contains("http://") {
        marks.push(has_mark(Has::Link).to_owned());
    }
    if body.contains('`') {
        marks.push(has_mark(Has::Code).to_owned());
    }
    let (rest, users) = without_ids(body);
    let mut names: Vec<String> = mentioned(&rest).map(|name| mention(&name)).collect();
    names.extend(users.iter().map(mention_of));
    if !names.is_empty() {
        marks.push(has_mark(Has::Mention).to_owned());
    }
    names.sort();
    names.dedup();
    marks.extend(names);
    marks.join(" ")
}

/// A text without the ids that stand for people and channels (`<@id>`, `<#id>`), and the people.
fn without_ids(body: &str) -> (String, Vec<UserId>) {
    const ID_BYTES: usize = 36;
    let mut users = Vec::new();
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = 2 + ID_BYTES;
        let id = rest
            .get(2..end)
            .filter(|_| rest.as_bytes().get(end) == Some(&b'>'));
        match (rest.as_bytes().get(1), id) {
            (Some(b'@'), Some(id)) if id.parse::<UserId>().is_ok() => {
                users.extend(id.parse::<UserId>());
            }
            (Some(b'#'), Some(id)) if id.parse::<ChannelId>().is_ok() => {}
            _ => {
                text.push('<');
                rest = &rest[1..];
                continue;
            }
        }
        text.push(' ');
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    (text, users)
}

/// Names after an `@` that begins a word.
fn mentioned(body: &str) -> impl Iterator<Item = String> {
    body.split_whitespace()
        .map(|word| word.trim_start_matches(|c: char| c != '@' && !c.is_alphanumeric()))
        .filter_map(|word| word.strip_prefix('@'))
        .map(|name| {
            name.chars()
                .take_while(|c| c.is_alphanumeric() || "_-.".contains(*c))
                .collect::<String>()
        })
        .filter(|name| !fold(name).is_empty())
}

impl Hit {
    fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Vec<u8>, i64, Vec<u8>, i64, Vec<u8>, String)> {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(5)?,
            row.get(6)?,
        ))
    }
}

const HIT: &str = "place, channel, seq, id, at, author, body";

impl<P: Primitives> Store<P> {
    /// Puts a text into the index, if it is not there, and says where. The caller writes the
    /// message's row in the same commit. What was removed stays out.
    pub(super) fn index_message(&self, message: &Message, body: &str) -> StoreResult<Option<i64>> {
        let known: Option<(Option<i64>, i64)> = self
            .connection
            .prepare_cached("SELECT place, state FROM message WHERE channel = ?1 AND seq = ?2")?
            .query_row(
                params![message.channel.as_bytes(), message.seq as i64],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        match known {
            Some((_, REMOVED)) => Ok(None),
            Some((Some(place), _)) => Ok(Some(place)),
            _ => {
                let (channel, user) = (message.channel, message.sender_user);
                self.index_text(channel, message.seq, message.at, user, body)
                    .map(Some)
            }
        }
    }

    /// The text of a message changed, or is gone: takes the old words out of the index and puts
    /// the new ones in, before the message's row is written.
    pub(super) fn index_anew(&self, id: MessageId, body: Option<&str>) -> StoreResult<()> {
        let row = self
            .connection
            .prepare_cached(&format!(
                "SELECT {HIT} FROM message WHERE id = ?1 AND place IS NOT NULL AND body IS NOT NULL"
            ))?
            .query_row([id.as_bytes()], Hit::read)
            .optional()?;
        let Some(hit) = row.map(understand).transpose()? else {
            return Ok(());
        };
        self.unindex(&hit)?;
        if !overwrites() {
            self.write_anew()?;
        }
        match body {
            Some(body) => self
                .connection
                .prepare_cached("INSERT INTO search (rowid, body, marks) VALUES (?1, ?2, ?3)")?
                .execute(params![
                    hit.place,
                    tokens(body),
                    marks(hit.channel, hit.author, body)
                ])?,
            None => self
                .connection
                .prepare_cached("UPDATE message SET place = NULL WHERE id = ?1")?
                .execute([id.as_bytes()])?,
        };
        Ok(())
    }

    fn unindex(&self, hit: &Hit) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO search (search, rowid, body, marks) VALUES ('delete', ?1, ?2, ?3)",
            )?
            .execute(params![
                hit.place,
                tokens(&hit.body),
                marks(hit.channel, hit.author, &hit.body)
            ])?;
        Ok(())
    }

    fn write_anew(&self) -> StoreResult<()> {
        self.connection
            .execute("INSERT INTO search (search) VALUES ('optimize')", [])?;
        Ok(())
    }

    fn index_text(
        &self,
        channel: ChannelId,
        seq: u64,
        at: u64,
        user: UserId,
        body: &str,
    ) -> StoreResult<i64> {
        let mut place = at.min(AT_MAX) as i64 * PER_MS + (seq as i64 & (PER_MS - 1));
        let mut taken = self
            .connection
            .prepare_cached("SELECT 1 FROM message WHERE place = ?1")?;
        while taken.exists([place])? {
            place += 1;
        }
        self.connection
            .prepare_cached("INSERT INTO search (rowid, body, marks) VALUES (?1, ?2, ?3)")?
            .execute(params![place, tokens(body), marks(channel, user, body)])?;
        Ok(place)
    }

    /// Takes a channel's texts out of the index, before its messages are deleted.
    pub(super) fn unindex_channel(&self, channel: ChannelId) -> StoreResult<()> {
        let count: u32 = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM message WHERE channel = ?1 AND place IS NOT NULL",
            )?
            .query_row([channel.as_bytes()], |row| row.get(0))?;
        if count > TAKEN_OUT_MAX {
            return self.clear_index();
        }
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {HIT} FROM message WHERE channel = ?1 AND place IS NOT NULL AND body IS NOT NULL"
        ))?;
        let rows = statement
            .query_map([channel.as_bytes()], Hit::read)?
            .collect::<Result<Vec<_>, _>>()?;
        let mut delete = self.connection.prepare_cached(
            "INSERT INTO search (search, rowid, body, marks) VALUES ('delete', ?1, ?2, ?3)",
        )?;
        for row in rows {
            let hit = understand(row)?;
            delete.execute(params![
                hit.place,
                tokens(&hit.body),
                marks(channel, hit.author, &hit.body)
            ])?;
        }
        if !overwrites() {
            self.connection
                .execute("INSERT INTO search (search) VALUES ('optimize')", [])?;
        }
        self.connection
            .prepare_cached("UPDATE message SET place = NULL WHERE channel = ?1")?
            .execute([channel.as_bytes()])?;
        Ok(())
    }

    /// Empties the index; what is left is put in again by and by.
    fn clear_index(&self) -> StoreResult<()> {
        self.connection
            .execute("INSERT INTO search (search) VALUES ('delete-all')", [])?;
        self.connection.execute(
            "UPDATE message SET place = NULL WHERE place IS NOT NULL",
            [],
        )?;
        Ok(())
    }

    /// Empties an index that an earlier version made in another way.
    pub fn renew_index(&self) -> StoreResult<()> {
        if self.index_version()? == Some(INDEX_VERSION) {
            return Ok(());
        }
        if overwrites() {
            self.connection.execute(
                "INSERT INTO search (search, rank) VALUES ('secure-delete', 1)",
                [],
            )?;
        }
        self.clear_index()?;
        self.put_index_version(&INDEX_VERSION)
    }

    /// Puts up to `limit` texts into the index that are not there, newest first; how many.
    pub fn index_more(&self, limit: u32) -> StoreResult<usize> {
        let mut statement = self.connection.prepare_cached(
            "SELECT 0, channel, seq, id, at, author, body FROM message
             WHERE place IS NULL AND state = 0 AND class = 0 ORDER BY at DESC LIMIT ?1",
        )?;
        let rows = statement
            .query_map([limit], Hit::read)?
            .collect::<Result<Vec<_>, _>>()?;
        let count = rows.len();
        for row in rows {
            let hit = understand(row)?;
            let place = self.index_text(hit.channel, hit.seq, hit.at, hit.author, &hit.body)?;
            self.connection
                .prepare_cached("UPDATE message SET place = ?3 WHERE channel = ?1 AND seq = ?2")?
                .execute(params![hit.channel.as_bytes(), hit.seq as i64, place])?;
        }
        Ok(count)
    }

    /// Texts that wait to be put into the index.
    pub fn unindexed(&self) -> StoreResult<u32> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM message WHERE place IS NULL AND state = 0 AND class = 0",
            )?
            .query_row([], |row| row.get(0))?)
    }

    pub fn indexed(&self) -> StoreResult<u32> {
        Ok(self
            .connection
            .prepare_cached("SELECT count(*) FROM message WHERE place IS NOT NULL")?
            .query_row([], |row| row.get(0))?)
    }

    /// Messages that the index names, newest first, older than the place `before`.
    pub fn sought(
        &self,
        sought: &Sought,
        before: Option<i64>,
        limit: u32,
    ) -> StoreResult<Vec<Hit>> {
        let (from, to) = sought.range();
        let to = before.map_or(to, |before| before.min(to));
        let mut places = self.connection.prepare_cached(
            "SELECT rowid FROM search WHERE search MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid DESC LIMIT ?4",
        )?;
        let places = places
            .query_map(params![sought.condition, from, to, limit], |row| {
                row.get::<_, i64>(0)
            })?
            .collect::<Result<Vec<_>, _>>()?;
        let mut message = self
            .connection
            .prepare_cached(&format!("SELECT {HIT} FROM message WHERE place = ?1"))?;
        places
            .into_iter()
            .map(|place| understand(message.query_row([place], Hit::read)?))
            .collect()
    }

    /// How many messages the index names, counted up to `most`.
    pub fn count_sought(&self, sought: &Sought, most: u32) -> StoreResult<u32> {
        let (from, to) = sought.range();
        Ok(self
            .connection
            .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH ?1 AND rowid >= ?2 AND rowid < ?3 LIMIT ?4)")?
            .query_row(params![sought.condition, from, to, most], |row| row.get(0))?)
    }

    /// Everybody whose name is known here: id, name, shown name.
    pub fn people(&self) -> StoreResult<Vec<(UserId, String, String)>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT user, username, display_name FROM person")?;
        let rows = statement
            .query_map([], |row| {
                Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?, row.get(2)?))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        rows.into_iter()
            .map(|(user, username, shown)| Ok((UserId::from_bytes(id16(&user)?), username, shown)))
            .collect()
    }
}

/// Whether this SQLite can overwrite what is taken out of the index at once. The one inside our
/// programs can; another one writes the index anew.
fn overwrites() -> bool {
    rusqlite::version_number() >= 3_042_000
}

fn understand(row: (i64, Vec<u8>, i64, Vec<u8>, i64, Vec<u8>, String)) -> Result<Hit, StoreError> {
    let (place, channel, seq, id, at, author, body) = row;
    Ok(Hit {
        place,
        channel: ChannelId::from_bytes(id16(&channel)?),
        seq: seq as u64,
        id: MessageId::from_bytes(id16(&id)?),
        at: at as u64,
        author: UserId::from_bytes(id16(&author)?),
        body,
    })
}

#[cfg(test)]
mod tests;
