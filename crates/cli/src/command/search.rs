//! Searching what this device has read. Neither the words nor the results leave the machine.

use std::time::Duration;

use clap::{Args, ValueEnum};
use cloister_client::view::{
    Command, Query, QueryReply, SearchNote, SearchOrder, SearchResult, SearchView,
};
use cloister_wire::ChannelId;
use serde_json::{Value, json};

use crate::{
    arguments::Global,
    failure::Failure,
    print::{Print, moment, printable},
    seat::{self, Seat},
    target::{self, unexpected},
};

/// Results asked for at a time.
const PAGE: u32 = 100;
/// Filling the index, or bringing older messages, is looked at so often.
const LOOK: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
#[command(
    after_help = "Filters in TEXT: from:NAME in:CHANNEL has:link|code|mention before:DATE \
after:DATE mentions:NAME. A DATE is 2026-11-21, 2026-11, 2026, today, yesterday, 3d or 2w ago; \
days begin at midnight UTC. Words in quotes must stand together."
)]
pub(crate) struct Search {
    /// Words and filters
    #[arg(required = true)]
    text: Vec<String>,
    /// Only in GUILD/CHANNEL or @user
    #[arg(long = "in", value_name = "TARGET")]
    within: Option<String>,
    /// At most so many results
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    /// Newest first, or what fits best first
    #[arg(long, value_enum, default_value_t = Order::Newest)]
    order: Order,
    /// First bring older messages from the server
    #[arg(long)]
    older: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Order {
    Newest,
    Relevance,
}

impl Search {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            if self.older {
                seat.reach().await?;
            } else {
                seat.reach_if_possible().await?;
            }
            let channel = match &self.within {
                Some(target) => Some(target::channel(seat, target).await?),
                None => None,
            };
            if self.older {
                bring(seat, channel).await?;
            }
            self.find(seat, channel).await
        })
    }

    async fn find(&self, seat: &Seat<'_>, channel: Option<ChannelId>) -> Result<(), Failure> {
        filled(seat, channel).await?;
        let order = match self.order {
            Order::Newest => SearchOrder::Newest,
            Order::Relevance => SearchOrder::Relevance,
        };
        let (mut shown, mut cursor, mut first) = (0, None, true);
        while shown < self.limit {
            let view = page(
                seat,
                Query::Search {
                    text: self.text.join(" "),
                    channel,
                    order,
                    cursor: cursor.take(),
                    limit: (self.limit - shown).min(PAGE),
                    zone_minutes: 0,
                },
            )
            .await?;
            if std::mem::take(&mut first) {
                remark(seat.print, &view)?;
            }
            shown += view.results.len() as u32;
            for result in &view.results {
                seat.print.line(&object(result), line(result))?;
            }
            cursor = view.next;
            if cursor.is_none() {
                break;
            }
        }
        if shown == 0 {
            seat.print.note("Nothing found.");
        }
        Ok(())
    }
}

async fn page(seat: &Seat<'_>, query: Query) -> Result<SearchView, Failure> {
    match seat.query(query).await? {
        QueryReply::Search(view) => Ok(view),
        other => Err(unexpected(&other)),
    }
}

/// A question that finds nothing and says how the search stands.
const fn standing(channel: Option<ChannelId>) -> Query {
    Query::Search {
        text: String::new(),
        channel,
        order: SearchOrder::Newest,
        cursor: None,
        limit: 1,
        zone_minutes: 0,
    }
}

/// Waits until everything that this device has read can be searched.
async fn filled(seat: &Seat<'_>, channel: Option<ChannelId>) -> Result<(), Failure> {
    let query = standing(channel);
    loop {
        let index = page(seat, query.clone()).await?.index;
        if index.all == 0 {
            return Ok(());
        }
        seat.print
            .note(format_args!("Indexing: {} of {}.", index.done, index.all));
        seat.wait_until(&query, LOOK, |view| match view {
            QueryReply::Search(view) => (view.index.all == 0).then_some(()),
            _ => Some(()),
        })
        .await?;
    }
}

/// Brings older messages, as long as that takes.
async fn bring(seat: &Seat<'_>, channel: Option<ChannelId>) -> Result<(), Failure> {
    seat.command(Command::BringOlder { channel }).await?;
    let query = standing(channel);
    loop {
        let ended = seat
            .wait_until(&query, LOOK, |view| match view {
                QueryReply::Search(view) => (!view.older.bringing).then_some(view.older),
                _ => None,
            })
            .await?;
        let older = match ended {
            Some(older) => older,
            None => page(seat, query.clone()).await?.older,
        };
        seat.print
            .note(format_args!("{} older messages came.", older.brought));
        if let Some(refusal) = older.failed {
            return Err(Failure::from(refusal));
        }
        if !older.bringing {
            return Ok(());
        }
    }
}

/// What was not understood, and what could not be searched.
fn remark(print: &Print, view: &SearchView) -> Result<(), Failure> {
    if view.empty {
        return Err(Failure::usage("There is nothing in it to look for.")
            .next("Give a word, or a filter like from:NAME."));
    }
    for note in &view.notes {
        print.note(match note {
            SearchNote::NobodyCalled { name } => {
                format!("Nobody here is called {:?}.", printable(name))
            }
            SearchNote::NoChannelCalled { name } => {
                format!("No channel here is called {:?}.", printable(name))
            }
            SearchNote::NoDate { text } => {
                format!(
                    "{:?} is no date. Write 2026-11-21, today or 3d.",
                    printable(text)
                )
            }
            SearchNote::NoSuchKind { text } => format!(
                "has:{} is not known. There are has:link, has:code and has:mention.",
                printable(text)
            ),
            SearchNote::Empty { filter } => format!("{filter}: needs a value."),
        });
    }
    if view.older.channels > 0 {
        print.note(format_args!(
            "{} channels have older messages on the server only; --older brings them.",
            view.older.channels
        ));
    }
    Ok(())
}

fn object(result: &SearchResult) -> Value {
    let text: String = result
        .snippet
        .iter()
        .map(|part| part.text.as_str())
        .collect();
    json!({
        "id": result.message, "seq": result.seq, "at": result.at,
        "author": result.author_name, "author_id": result.author,
        "channel": result.channel, "channel_name": result.channel_name,
        "guild": result.guild, "guild_name": result.guild_name,
        "text": text, "parts": result.snippet,
        "cut_before": result.cut_before, "cut_after": result.cut_after,
    })
}

fn line(result: &SearchResult) -> String {
    let place = match &result.guild_name {
        Some(guild) => format!("{}/{}", printable(guild), printable(&result.channel_name)),
        None => format!("@{}", printable(&result.channel_name)),
    };
    let mut text = String::new();
    if result.cut_before {
        text.push('…');
    }
    for part in &result.snippet {
        let shown = printable(&part.text);
        if part.hit {
            text.extend(["[", &shown, "]"]);
        } else {
            text.push_str(&shown);
        }
    }
    if result.cut_after {
        text.push('…');
    }
    format!(
        "{}  {}  {place}  {}: {text}",
        result.message,
        moment(result.at),
        printable(&result.author_name)
    )
}

#[cfg(test)]
mod tests {
    use cloister_client::view::SnippetPart;
    use cloister_wire::{MessageId, UserId};

    use super::*;

    #[test]
    fn a_result_is_a_line_with_its_hits_in_brackets() {
        let part = |text: &str, hit| SnippetPart {
            text: text.into(),
            hit,
        };
        let result = SearchResult {
            channel: ChannelId::from_bytes([1; 16]),
            channel_name: "general".into(),
            guild: None,
            guild_name: Some("Friends".into()),
            message: MessageId::from_bytes([2; 16]),
            seq: 7,
            at: 1_795_263_243_123,
            author: UserId::from_bytes([3; 16]),
            author_name: "bob\u{1b}".into(),
            snippet: vec![
                part("the ", false),
                part("light", true),
                part("house", false),
            ],
            cut_before: true,
            cut_after: false,
        };
        let shown = line(&result);
        assert!(
            shown
                .ends_with("2026-11-21T12:14:03Z  Friends/general  bob\u{fffd}: …the [light]house"),
            "{shown}"
        );
        assert_eq!(object(&result)["text"], "the lighthouse");
        assert_eq!(object(&result)["parts"][1]["hit"], true);
    }
}
