//! What people say, and what they say about it.

use cloister_client::{
    Primitives,
    view::{Command, Content, MessageView},
};
use cloister_wire::{ChannelId, MessageId};

use super::Sim;

/// Seconds that a message which disappears may live: over before a pause is.
const FLEETING_S: u64 = 60;

impl<P: Primitives> Sim<P> {
    fn word(&mut self) -> String {
        self.words += 1;
        format!("word {}", self.words)
    }

    pub(super) fn speak(&mut self, client: usize) {
        let Some(channel) = self.some_channel(client) else {
            return;
        };
        let body = self.word();
        let about = self.some_message(client, channel).map(|one| one.id);
        let command = match self.world.chance.below(100) {
            0..5 => Command::SendFleeting {
                channel,
                body,
                reply: None,
                ttl_s: 1 + self.world.chance.below(FLEETING_S) as u32,
            },
            5..9 => Command::Poll {
                channel,
                question: body,
                options: vec!["yes".to_owned(), "no".to_owned()],
                many: false,
                ends_in_s: 0,
            },
            9..16 => match about {
                Some(message) => Command::Reply { message, body },
                None => Command::Send { channel, body },
            },
            16..18 => match about {
                Some(message) => self.forward(client, message),
                None => Command::Send { channel, body },
            },
            _ => Command::Send { channel, body },
        };
        self.world.command(client, command);
    }

    fn forward(&mut self, client: usize, message: MessageId) -> Command {
        let channel = self.some_channel(client);
        channel.map_or(Command::Reconnect, |channel| Command::Forward {
            message,
            channel,
        })
    }

    /// Says something about a message: a reaction, a vote, and if it is one's own, an edit or a
    /// deletion.
    pub(super) fn remark(&mut self, client: usize) {
        let Some(channel) = self.some_channel(client) else {
            return;
        };
        let Some(one) = self.some_message(client, channel) else {
            return;
        };
        let message = one.id;
        let command = match self.world.chance.below(10) {
            0..3 if one.mine && one.can_edit => {
                let body = self.word();
                Command::Edit { message, body }
            }
            3 if one.can_delete => {
                let messages = vec![message];
                Command::Delete { messages }
            }
            4 if matches!(one.content, Content::Poll(_)) => {
                let choices = vec![self.world.chance.below(2) as u32];
                Command::Vote { message, choices }
            }
            5 => Command::Unreact {
                message,
                emoji: "👍".to_owned(),
            },
            _ if one.can_react => Command::React {
                message,
                emoji: "👍".to_owned(),
            },
            _ => return,
        };
        self.world.command(client, command);
    }

    fn some_message(&mut self, client: usize, channel: ChannelId) -> Option<MessageView> {
        let view = self.newest(client, channel, 30);
        self.world.chance.one_of(&view.messages).cloned()
    }
}
