//! Asking everybody in a channel, and choosing. Question, options and votes are encrypted like
//! everything else that is said; every client counts for itself.

use cloister_e2ee::{Primitives, content::MessageContent};
use cloister_wire::{
    ChannelId, ErrorCode, MessageId, Permissions,
    limits::{POLL_OPTION_CHARS, POLL_OPTIONS, POLL_QUESTION_CHARS},
};

use crate::{
    core::{Outcome, Shared, refuse},
    flow::say::{self, Draft},
    store::{Frame, MessageState, Saying},
    view::Refusal,
};

/// What a person asks.
pub(super) struct Question {
    pub text: String,
    pub options: Vec<String>,
    pub many: u8,
    /// 0 for never.
    pub ends_in_s: u32,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "what a person asks for is handed over whole"
)]
pub(super) fn ask<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    asked: Question,
) -> Outcome {
    let content = {
        let core = shared.core();
        let row = core
            .store
            .channel(channel)?
            .ok_or_else(|| refuse(ErrorCode::NotFound, "That channel is not here."))?;
        if !row.view.my_permissions.contains(Permissions::CREATE_POLLS) {
            return Err(refuse(ErrorCode::Forbidden, "You may not make polls here."));
        }
        MessageContent::Poll {
            question: checked(&asked.text, POLL_QUESTION_CHARS)?,
            options: options(&asked.options)?,
            many: asked.many,
            ends_at_ms: (asked.ends_in_s > 0)
                .then(|| core.now + u64::from(asked.ends_in_s) * 1_000),
        }
    };
    let frame = Frame::default();
    say::say(shared, channel, Saying { content, frame }, Draft::Kept)
}

fn options(options: &[String]) -> Result<Vec<String>, Refusal> {
    if !(2..=POLL_OPTIONS).contains(&options.len()) {
        return Err(refuse(ErrorCode::Invalid, "A poll has 2 to 12 options."));
    }
    options
        .iter()
        .map(|option| checked(option, POLL_OPTION_CHARS))
        .collect()
}

fn checked(text: &str, most: usize) -> Result<String, Refusal> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 || length > most {
        return Err(refuse(
            ErrorCode::Invalid,
            "A question has 1 to 300 characters, an option 1 to 120.",
        ));
    }
    Ok(text.to_owned())
}

pub(super) fn vote<P: Primitives>(
    shared: &Shared<P>,
    message: MessageId,
    mut choices: Vec<u32>,
) -> Outcome {
    let row = say::readable(shared, message)?;
    let MessageState::Open(MessageContent::Poll {
        options,
        many,
        ends_at_ms,
        ..
    }) = &row.state
    else {
        return Err(refuse(ErrorCode::Invalid, "That message is no poll."));
    };
    if ends_at_ms.is_some_and(|end| shared.core().now >= end) {
        return Err(refuse(ErrorCode::Invalid, "The poll is over."));
    }
    choices.sort_unstable();
    choices.dedup();
    let known = choices.iter().all(|one| (*one as usize) < options.len());
    if !known || (*many == 0 && choices.len() > 1) {
        return Err(refuse(ErrorCode::Invalid, "The poll has no such choice."));
    }
    say::about(shared, &row, MessageContent::Vote { choices })
}
