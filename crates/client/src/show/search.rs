//! Searching what this device has read.

use std::collections::BTreeMap;

use cloister_e2ee::Primitives;
use cloister_wire::{ChannelId, MessageId, UserId};

use super::Shown;
use crate::{
    core::Core,
    flow,
    search::{Asked, Term, find, fold, parts},
    store::{Hit, Marks, Sought},
    view::{IndexProgress, MessagePlace, SearchNote, SearchOrder, SearchResult, SearchView},
};

/// Results of one page.
const PAGE_MAX: u32 = 500;
/// Matches are counted so far.
const COUNTED: u32 = 1_000;
/// The newest matches that are compared by how well they fit.
const COMPARED: u32 = 2_000;
/// Messages that are read at once while a page is filled.
const READ: u32 = 100;

/// What the query says beside the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'a> {
    pub channel: Option<ChannelId>,
    pub order: SearchOrder,
    pub cursor: Option<&'a str>,
    pub limit: u32,
    pub zone_minutes: i32,
}

pub(super) fn search<P: Primitives>(
    core: &Core<P>,
    text: &str,
    page: Page<'_>,
) -> Shown<SearchView> {
    let asked = Asked::parse(text, core.now, page.zone_minutes);
    let waiting = core.store.unindexed()?;
    let mut view = SearchView {
        results: Vec::new(),
        next: None,
        total: 0,
        more: false,
        notes: asked.notes.clone(),
        empty: asked.is_empty(),
        index: IndexProgress {
            done: 0,
            all: waiting,
        },
        older: flow::search::older(core, page.channel)?,
    };
    if waiting > 0 {
        view.index.done = core.store.indexed()?;
        view.index.all += view.index.done;
    }
    if asked.is_empty() || core.store.identity()?.is_none() {
        return Ok(view);
    }
    let marks = marks(core, &asked, page.channel, &mut view.notes)?;
    let words = asked.terms.iter().flatten();
    let Some(sought) = Sought::new(words, &marks, asked.since, asked.before) else {
        return Ok(view);
    };
    let count = core.store.count_sought(&sought, COUNTED + 1)?;
    view.total = count.min(COUNTED);
    view.more = count > COUNTED;
    let limit = page.limit.clamp(1, PAGE_MAX) as usize;
    let (hits, next) = match page.order {
        SearchOrder::Newest => newest(core, &sought, &asked.terms, page.cursor, limit)?,
        SearchOrder::Relevance => relevant(core, &sought, &asked.terms, page.cursor, limit)?,
    };
    view.next = next;
    let mut names = Names::default();
    view.results = hits
        .into_iter()
        .map(|(hit, ranges)| names.result(core, hit, &ranges))
        .collect::<Shown<Vec<_>>>()?;
    Ok(view)
}

/// Where a message stands, if it is on this device.
pub(super) fn locate<P: Primitives>(
    core: &Core<P>,
    message: MessageId,
) -> Shown<Option<MessagePlace>> {
    let Some((channel, seq)) = core.store.place_of(message)? else {
        return Ok(None);
    };
    let guild = core.store.channel(channel)?.and_then(|row| row.view.guild);
    Ok(Some(MessagePlace {
        channel,
        guild,
        seq,
        thread: core.store.message(message)?.and_then(|row| row.thread),
    }))
}

type Ranges = Vec<(usize, usize)>;
type Matches = (Vec<(Hit, Ranges)>, Option<String>);

/// The index names candidates; a text has the last word.
fn newest<P: Primitives>(
    core: &Core<P>,
    sought: &Sought,
    terms: &[Term],
    cursor: Option<&str>,
    limit: usize,
) -> Shown<Matches> {
    let mut before = cursor.and_then(|cursor| cursor.parse::<i64>().ok());
    let mut found = Vec::new();
    loop {
        let hits = core.store.sought(sought, before, READ)?;
        let last_page = hits.len() < READ as usize;
        for hit in hits {
            if found.len() == limit {
                // There is another candidate: the next page begins after the last result.
                return Ok((found, before.map(|place| place.to_string())));
            }
            before = Some(hit.place);
            let hit = spelled(core, hit)?;
            if let Some(matched) = find(&hit.body, terms) {
                found.push((hit, matched.hits));
            }
        }
        if last_page {
            return Ok((found, None));
        }
    }
}

/// The text as people read it: names in place of ids.
fn spelled<P: Primitives>(core: &Core<P>, mut hit: Hit) -> Shown<Hit> {
    if hit.body.contains("<@") || hit.body.contains("<#") {
        hit.body = flow::mention::spell(core, None, &hit.body)?;
    }
    Ok(hit)
}

fn relevant<P: Primitives>(
    core: &Core<P>,
    sought: &Sought,
    terms: &[Term],
    cursor: Option<&str>,
    limit: usize,
) -> Shown<Matches> {
    let from = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let mut found: Vec<_> = core
        .store
        .sought(sought, None, COMPARED)?
        .into_iter()
        .map(|hit| spelled(core, hit))
        .collect::<Shown<Vec<_>>>()?
        .into_iter()
        .filter_map(|hit| find(&hit.body, terms).map(|matched| (hit, matched)))
        .collect();
    // Stable: of two that fit alike, the newer one is first.
    found.sort_by_key(|(_, matched)| std::cmp::Reverse(matched.score));
    let next = from + limit;
    let more = found.len() > next;
    let page = found
        .into_iter()
        .skip(from)
        .take(limit)
        .map(|(hit, matched)| (hit, matched.hits))
        .collect();
    Ok((page, more.then(|| next.to_string())))
}

fn marks<P: Primitives>(
    core: &Core<P>,
    asked: &Asked,
    channel: Option<ChannelId>,
    notes: &mut Vec<SearchNote>,
) -> Shown<Marks> {
    let mut marks = Marks::default();
    for has in &asked.has {
        marks.has(*has);
    }
    if let Some(channel) = channel {
        marks.any_channel(&[channel]);
    }
    if !asked.from.is_empty() {
        let mut authors = Vec::new();
        for name in &asked.from {
            let found = people_called(core, name)?;
            if found.is_empty() {
                notes.push(SearchNote::NobodyCalled { name: name.clone() });
            }
            authors.extend(found.into_iter().map(|(user, _)| user));
        }
        marks.any_author(&authors);
    }
    if !asked.mentions.is_empty() {
        let (mut named, mut users) = (Vec::new(), Vec::new());
        for name in &asked.mentions {
            // A name that nobody has any more may still stand in old texts.
            named.push(name.trim_start_matches('@').to_owned());
            for (user, names) in people_called(core, name)? {
                named.extend(names);
                users.push(user);
            }
        }
        named.retain(|name| !fold(name).is_empty());
        marks.any_mention(&named, &users);
    }
    if !asked.within.is_empty() {
        let mut channels = Vec::new();
        for name in &asked.within {
            let found = channels_called(core, name)?;
            if found.is_empty() {
                notes.push(SearchNote::NoChannelCalled { name: name.clone() });
            }
            channels.extend(found);
        }
        marks.any_channel(&channels);
    }
    Ok(marks)
}

/// People of this name, shown name or id; `me` is oneself.
fn people_called<P: Primitives>(core: &Core<P>, wanted: &str) -> Shown<Vec<(UserId, Vec<String>)>> {
    let wanted = wanted.trim_start_matches('@');
    let me = core.store.me()?;
    let own = (me.user, vec![me.username, me.display_name]);
    if wanted.eq_ignore_ascii_case("me") {
        return Ok(vec![own]);
    }
    let folded = fold(wanted);
    let id = wanted.parse::<UserId>().ok();
    let mut people: BTreeMap<UserId, Vec<String>> = core
        .store
        .people()?
        .into_iter()
        .map(|(user, username, shown)| (user, vec![username, shown]))
        .collect();
    people.insert(own.0, own.1);
    for (user, nickname) in core.store.nicknames()? {
        people.entry(user).or_default().push(nickname);
    }
    people.retain(|user, names| {
        Some(*user) == id
            || names
                .iter()
                .any(|name| !folded.is_empty() && fold(name) == folded)
    });
    Ok(people.into_iter().collect())
}

/// Channels of this name or id, all of a guild, one of a guild (`guild/channel`), or a
/// conversation (`@name`).
fn channels_called<P: Primitives>(core: &Core<P>, wanted: &str) -> Shown<Vec<ChannelId>> {
    let folded = fold(wanted);
    let id = wanted.parse::<ChannelId>().ok();
    let people = people_called(core, wanted)?;
    let guilds: BTreeMap<_, _> = core
        .store
        .guilds()?
        .into_iter()
        .map(|guild| (guild.id, guild.name))
        .collect();
    let rows = core.store.all_channels()?;
    Ok(rows
        .iter()
        .filter(|row| {
            let named = match (row.view.guild, row.peer) {
                (Some(guild), _) => {
                    let guild = guilds.get(&guild).map(String::as_str).unwrap_or_default();
                    let name = &row.view.name;
                    let both = wanted.split_once('/').is_some_and(|(of, rest)| {
                        fold(of) == fold(guild) && fold(rest) == fold(name)
                    });
                    let one = !folded.is_empty()
                        && !wanted.starts_with('@')
                        && (fold(name) == folded || fold(guild) == folded);
                    both || one
                }
                (None, Some(peer)) => people.iter().any(|(user, _)| *user == peer),
                (None, None) => false,
            };
            named || Some(row.view.id) == id
        })
        .map(|row| row.view.id)
        .collect())
}

/// Names that stand at many results.
#[derive(Default)]
struct Names {
    people: BTreeMap<(Option<cloister_wire::GuildId>, UserId), String>,
    channels: BTreeMap<ChannelId, Place>,
}

#[derive(Clone)]
struct Place {
    name: String,
    guild: Option<(cloister_wire::GuildId, String)>,
}

impl Names {
    #[expect(clippy::needless_pass_by_value, reason = "a hit is shown once")]
    fn result<P: Primitives>(
        &mut self,
        core: &Core<P>,
        hit: Hit,
        ranges: &[(usize, usize)],
    ) -> Shown<SearchResult> {
        let (snippet, cut_before, cut_after) = parts(&hit.body, ranges);
        let place = self.place(core, hit.channel)?;
        let (guild, guild_name) = place.guild.unzip();
        let author_name = match self.people.get(&(guild, hit.author)) {
            Some(name) => name.clone(),
            None => {
                let name = core.store.name_in(guild, hit.author)?;
                self.people.insert((guild, hit.author), name.clone());
                name
            }
        };
        Ok(SearchResult {
            channel: hit.channel,
            channel_name: place.name,
            guild,
            guild_name,
            message: hit.id,
            seq: hit.seq,
            at: hit.at,
            author: hit.author,
            author_name,
            snippet,
            cut_before,
            cut_after,
        })
    }

    fn place<P: Primitives>(&mut self, core: &Core<P>, channel: ChannelId) -> Shown<Place> {
        if let Some(place) = self.channels.get(&channel) {
            return Ok(place.clone());
        }
        let row = core.store.channel(channel)?;
        let name = match row.as_ref().map(|row| (row.peer, &row.view.name)) {
            Some((Some(peer), _)) => core.store.display_name(peer)?,
            Some((None, name)) => name.clone(),
            None => String::new(),
        };
        let guild = match row.and_then(|row| row.view.guild) {
            Some(guild) => core.store.guild(guild)?.map(|row| (guild, row.view.name)),
            None => None,
        };
        let place = Place { name, guild };
        self.channels.insert(channel, place.clone());
        Ok(place)
    }
}
