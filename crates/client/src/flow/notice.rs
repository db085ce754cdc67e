//! What this person is told of. The settings are theirs, on all their devices; the server does not
//! know them.

use cloister_e2ee::Primitives;
use cloister_wire::ErrorCode;

use super::own;
use crate::{
    core::{Core, Outcome, Shared, refuse},
    store::{KEYWORDS, Notice, StoreError, notice_name},
    view::{CommandReply, NoticeLevel, NoticePlace, NoticeView, Topic},
};

/// Words that one person listens for.
const KEYWORDS_MAX: usize = 30;
const KEYWORD_CHARS: usize = 40;

pub(crate) async fn set_level<P: Primitives>(
    shared: &Shared<P>,
    place: NoticePlace,
    level: Option<NoticeLevel>,
) -> Outcome {
    change(shared, place, |notice| notice.level = level).await
}

/// Mutes for `for_s` seconds, 0 for no end; none ends it.
pub(crate) async fn mute<P: Primitives>(
    shared: &Shared<P>,
    place: NoticePlace,
    for_s: Option<u32>,
) -> Outcome {
    let now = shared.core().now;
    let until = for_s.map(|for_s| match for_s {
        0 => 0,
        for_s => now + u64::from(for_s) * 1_000,
    });
    change(shared, place, |notice| notice.muted_until = until).await?;
    if let Some(until) = until.filter(|until| *until > 0) {
        let flow = shared.clone();
        shared.spawn(async move {
            flow.sleep_until(until).await;
            let drawn = tell(&mut flow.core());
            if let Err(error) = drawn {
                flow.core().fail(&error.into());
            }
        });
    }
    Ok(CommandReply::Done)
}

async fn change<P: Primitives>(
    shared: &Shared<P>,
    place: NoticePlace,
    how: impl FnOnce(&mut Notice),
) -> Outcome {
    let known = {
        let core = shared.core();
        match place {
            NoticePlace::Guild { guild } => core.store.guild(guild)?.is_some(),
            NoticePlace::Channel { channel } => core.store.channel(channel)?.is_some(),
        }
    };
    if !known {
        return Err(refuse(ErrorCode::NotFound, "That place is not here."));
    }
    let mut notice = shared.core().store.notice(place)?;
    how(&mut notice);
    let kept = Some(notice).filter(|notice| *notice != Notice::default());
    own::decide(shared, &notice_name(place), kept.as_ref()).await?;
    tell(&mut shared.core())?;
    Ok(CommandReply::Done)
}

/// Words whose appearance counts as being named, from now on.
pub(crate) async fn set_keywords<P: Primitives>(
    shared: &Shared<P>,
    keywords: Vec<String>,
) -> Outcome {
    let mut words: Vec<String> = Vec::new();
    for word in keywords {
        let word = word.trim().to_lowercase();
        if word.is_empty() || words.contains(&word) {
            continue;
        }
        if word.chars().count() > KEYWORD_CHARS || word.chars().any(char::is_control) {
            return Err(refuse(
                ErrorCode::Invalid,
                "A word to listen for has at most 40 characters.",
            ));
        }
        words.push(word);
    }
    if words.len() > KEYWORDS_MAX {
        return Err(refuse(ErrorCode::Invalid, "Listen for at most 30 words."));
    }
    let kept = Some(words).filter(|words| !words.is_empty());
    own::decide(shared, KEYWORDS, kept.as_ref()).await?;
    shared.core().tell(Topic::Notices);
    Ok(CommandReply::Done)
}

/// Whoever shows counts draws anew.
pub(crate) fn tell<P: Primitives>(core: &mut Core<P>) -> Result<(), StoreError> {
    core.tell(Topic::Notices);
    core.tell(Topic::Guilds);
    core.tell(Topic::Dms);
    for guild in core.store.guilds()? {
        core.tell_counts(guild.id);
    }
    Ok(())
}

pub(crate) fn view<P: Primitives>(
    core: &Core<P>,
    place: NoticePlace,
) -> Result<NoticeView, StoreError> {
    let own = core.store.notice(place)?;
    let (effective, muted) = match place {
        NoticePlace::Guild { .. } => (own.level, own.is_muted(core.now)),
        NoticePlace::Channel { channel } => match core.store.channel(channel)? {
            Some(row) => core.store.notice_in(&row, core.now)?,
            None => (None, false),
        },
    };
    Ok(NoticeView {
        level: own.level,
        effective,
        muted_until: own.muted_until.filter(|_| own.is_muted(core.now)),
        muted,
    })
}
