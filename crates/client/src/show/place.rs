//! Guilds in the rail, with what is unread in them.

use cloister_e2ee::Primitives;
use cloister_wire::guild::{Guild, GuildKind};

use super::{Shown, picture, thread, unread};
use crate::{
    core::Core,
    view::{GuildSummary, NoticeLevel, NoticePlace},
};

pub(super) fn guilds<P: Primitives>(core: &Core<P>) -> Shown<Vec<GuildSummary>> {
    core.store
        .guilds()?
        .into_iter()
        .filter(|guild| guild.kind == GuildKind::Guild)
        .map(|guild| summary(core, guild))
        .collect()
}

/// What is muted is unread, and makes no badge; a mention does all the same.
fn summary<P: Primitives>(core: &Core<P>, guild: Guild) -> Shown<GuildSummary> {
    let about = NoticePlace::Guild { guild: guild.id };
    let mut sums = GuildSummary {
        id: guild.id,
        icon: picture::shown(core, guild.icon)?,
        name: guild.name,
        unread: 0,
        mentions: 0,
        told: 0,
        usual: 0,
        muted: core.store.notice(about)?.is_muted(core.now),
    };
    for row in core.store.channels_of(guild.id)? {
        let news = thread::news(core, row.view.id)?;
        sums.mentions += core.store.mentions(row.view.id, row.view.read_seq)? + news.mentions;
        let (level, muted) = core.store.notice_in(&row, core.now)?;
        if muted {
            continue;
        }
        let count = unread(core, &row)?;
        sums.unread += count + news.unread;
        // Whoever follows a thread asks to be told of it.
        if level != Some(NoticeLevel::Nothing) {
            sums.told += news.unread;
        }
        match level {
            Some(NoticeLevel::All) => sums.told += count,
            None => sums.usual += count,
            Some(NoticeLevel::Mentions | NoticeLevel::Nothing) => {}
        }
    }
    Ok(sums)
}
