//! What a new guild begins with, so that nobody starts in an empty hall.

use cloister_e2ee::Primitives;
use cloister_wire::{ChannelId, GuildId, Permissions, guild::Writers};

use super::{another, rights, structure};
use crate::{
    core::Shared,
    flow::guild,
    view::{Act, CommandReply, GuildTemplate, Refusal},
};

struct Part {
    category: &'static str,
    channels: &'static [Room],
}

/// A channel as a template has it. The first channel of every guild is `general`.
struct Room {
    name: &'static str,
    topic: &'static str,
    /// Only those write there who may announce.
    announcements: bool,
}

const fn talk(name: &'static str, topic: &'static str) -> Room {
    Room {
        name,
        topic,
        announcements: false,
    }
}

const fn announcements(name: &'static str, topic: &'static str) -> Room {
    Room {
        name,
        topic,
        announcements: true,
    }
}

const FRIENDS: &[Part] = &[Part {
    category: "Together",
    channels: &[
        talk("general", ""),
        talk("plans", "When and where we meet"),
        talk("pictures", ""),
    ],
}];
const CLUB: &[Part] = &[
    Part {
        category: "Welcome",
        channels: &[
            announcements("announcements", "What everybody should know"),
            talk("introductions", "Who you are, in a line or two"),
        ],
    },
    Part {
        category: "Talk",
        channels: &[talk("general", ""), talk("off-topic", "")],
    },
];
const TEAM: &[Part] = &[
    Part {
        category: "Team",
        channels: &[
            announcements("announcements", "Decisions and dates"),
            talk("general", ""),
        ],
    },
    Part {
        category: "Work",
        channels: &[
            talk("projects", "What is under way"),
            talk("questions", "Ask here, so that others find the answer"),
        ],
    },
];

/// Makes what the template has, one after the other. What is there when something is refused
/// stays.
pub(super) async fn furnish<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    template: GuildTemplate,
) -> Result<(), Refusal> {
    let (parts, moderated) = match template {
        GuildTemplate::Friends => (FRIENDS, false),
        GuildTemplate::Club => (CLUB, true),
        GuildTemplate::Team => (TEAM, false),
    };
    if moderated {
        moderators(shared, guild).await?;
    }
    for part in parts {
        let name = part.category.to_owned();
        let made = structure(shared, guild, Act::CreateCategory { name }).await?;
        let CommandReply::Category { category } = made else {
            return Err(another());
        };
        for (position, one) in part.channels.iter().enumerate() {
            let channel = channel(shared, guild, one).await?;
            let act = Act::MoveChannel {
                channel,
                category: Some(category),
                position: position as u32,
            };
            structure(shared, guild, act).await?;
        }
    }
    Ok(())
}

async fn channel<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    one: &Room,
) -> Result<ChannelId, Refusal> {
    let known = {
        let channels = shared.core().store.channels_of(guild)?;
        let mut named = channels.iter().map(|row| &row.view);
        named.find(|view| view.name == one.name).map(|view| view.id)
    };
    let channel = match known {
        Some(channel) => channel,
        None => {
            match guild::create_channel(shared, guild, one.name.to_owned(), None, None).await? {
                CommandReply::Channel { channel } => channel,
                _ => return Err(another()),
            }
        }
    };
    if !one.topic.is_empty() || one.announcements {
        let act = Act::EditChannel {
            channel,
            name: one.name.to_owned(),
            topic: one.topic.to_owned(),
            slow_mode_s: 0,
            writers: one.announcements.then_some(Writers::Announcers),
        };
        structure(shared, guild, act).await?;
    }
    Ok(channel)
}

async fn moderators<P: Primitives>(shared: &Shared<P>, guild: GuildId) -> Result<(), Refusal> {
    let act = Act::CreateRole {
        name: "Moderators".to_owned(),
        color: Some("#4a7c59".to_owned()),
        hoisted: true,
        mentionable: true,
        permissions: [
            Permissions::KICK_MEMBERS,
            Permissions::TIMEOUT_MEMBERS,
            Permissions::MANAGE_MESSAGES,
            Permissions::ANNOUNCE,
            Permissions::MANAGE_NICKNAMES,
            Permissions::VIEW_AUDIT_LOG,
        ]
        .into_iter()
        .fold(Permissions::NONE, Permissions::union),
    };
    rights(shared, guild, act).await.map(|_| ())
}
