//! People on a stage: stories told step by step, in fair weather unless they say otherwise.

use cloister_client::{
    Primitives,
    view::{
        ChannelView, Command, CommandReply, Content, DeviceState, MessageView, Query, QueryReply,
        Refusal, ThreadView,
    },
};
use cloister_wire::guild::{DmRequest, Membership, RequestAnswer};
use cloister_wire::{ChannelId, GuildId, MessageId, UserId};

use crate::world::World;

/// What everybody in the cast types as a password.
pub const PASSWORD: &str = "vivid otter climbs nine";
/// How long a story waits for an answer.
const PATIENCE_MS: u64 = 300_000;

/// Index of an installation on the stage.
pub type Who = usize;

/// The stage that stories play on.
#[derive(Debug)]
pub struct Stage<P: Primitives> {
    pub world: World<P>,
    people: usize,
}

/// Alice with a guild, and Bob in it by an invite link.
#[derive(Debug)]
pub struct Pair<P: Primitives> {
    pub stage: Stage<P>,
    pub alice: Who,
    pub bob: Who,
    pub guild: GuildId,
    pub general: ChannelId,
}

impl<P: Primitives> Pair<P> {
    pub fn new(seed: u64) -> Self {
        Self::with(seed, |_| ())
    }

    /// The same in a world that was changed before they came.
    pub fn with(seed: u64, change: impl FnOnce(&mut World<P>)) -> Self {
        let mut stage = Stage::new(seed);
        change(&mut stage.world);
        let alice = stage.operator("alice");
        let (guild, general) = stage.guild(alice);
        let link = stage.link(alice, guild);
        let (bob, _) = stage.newcomer("bob", &link);
        Self {
            stage,
            alice,
            bob,
            guild,
            general,
        }
    }

    /// A message in their channel, by its text on somebody's screen.
    pub fn shown(&self, who: Who, body: &str) -> MessageView {
        self.stage.message(who, self.general, body)
    }

    pub fn id(&self, who: Who, body: &str) -> MessageId {
        self.shown(who, body).id
    }

    /// Gives a command and waits until everything has arrived.
    #[track_caller]
    pub fn does(&mut self, who: Who, command: Command) {
        self.stage.does(who, command);
        self.stage.settle();
    }
}

impl<P: Primitives> Stage<P> {
    pub fn new(seed: u64) -> Self {
        let mut world = World::new(seed);
        world.trace.length = 60;
        Self { world, people: 0 }
    }

    /// Gives a command and waits for its answer.
    pub fn asks(&mut self, who: Who, command: Command) -> Result<CommandReply, Refusal> {
        let id = self.world.command(who, command);
        let end = self.world.now() + PATIENCE_MS;
        loop {
            if let Some(answer) = self.world.answer(id) {
                return answer;
            }
            assert!(
                self.world.now() < end && self.world.step(),
                "no answer came: {:#?}",
                self.world.trace.history().collect::<Vec<_>>()
            );
        }
    }

    /// The same, where a refusal ends the story.
    #[track_caller]
    pub fn does(&mut self, who: Who, command: Command) -> CommandReply {
        let said = format!("{command:?}");
        match self.asks(who, command) {
            Ok(reply) => reply,
            Err(refusal) => panic!(
                "{said} was refused: {refusal:?}\n{:#?}",
                self.world.trace.history().collect::<Vec<_>>()
            ),
        }
    }

    /// Lets everything that is under way arrive.
    pub fn settle(&mut self) {
        self.world.run_for(15_000);
    }

    fn registers(
        &mut self,
        name: &str,
        set_up_token: Option<String>,
        invite: Option<String>,
    ) -> (Who, String, Option<GuildId>) {
        self.people += 1;
        let who = self.world.install(self.people, name);
        let command = Command::Register {
            set_up_token,
            invite,
            activation: None,
            username: name.to_owned(),
            display_name: name.to_owned(),
            password: PASSWORD.to_owned(),
            device_name: format!("{name}'s first"),
        };
        match self.does(who, command) {
            CommandReply::Registered {
                recovery_key,
                guild,
            } => {
                self.settle();
                (who, recovery_key, guild)
            }
            other => panic!("registered with {other:?}"),
        }
    }

    /// The first person, by the set-up link.
    pub fn operator(&mut self, name: &str) -> Who {
        let token = self.world.server.set_up_token();
        self.registers(name, Some(token), None).0
    }

    /// Somebody new, by an invitation.
    pub fn newcomer(&mut self, name: &str, invite: &str) -> (Who, String) {
        let (who, recovery, _) = self.registers(name, None, Some(invite.to_owned()));
        (who, recovery)
    }

    /// A guild with one channel.
    pub fn guild(&mut self, owner: Who) -> (GuildId, ChannelId) {
        let name = "Garden".to_owned();
        let CommandReply::Guild { guild } = self.does(owner, Command::CreateGuild { name }) else {
            panic!("a guild was not answered with its id");
        };
        self.settle();
        let channel = self.first_channel(owner, guild);
        (guild, channel)
    }

    pub fn first_channel(&self, who: Who, guild: GuildId) -> ChannelId {
        match self.world.clients[who].query(&Query::Guild { guild }) {
            QueryReply::Guild { guild: Some(view) } => view.channels[0].id,
            other => panic!("no guild: {other:?}"),
        }
    }

    /// An invite link of a guild.
    pub fn link(&mut self, who: Who, guild: GuildId) -> String {
        let command = Command::CreateInvite {
            guild,
            uses: 0,
            expires_in_s: 0,
            membership: Membership::Lasting,
        };
        match self.does(who, command) {
            CommandReply::Invite { url, .. } => url,
            other => panic!("an invite was answered with {other:?}"),
        }
    }

    /// Sends and waits until everything has arrived.
    pub fn says(&mut self, who: Who, channel: ChannelId, body: &str) {
        self.writes(who, channel, body);
        self.settle();
    }

    /// Puts a message into the outbox.
    pub fn writes(&mut self, who: Who, channel: ChannelId, body: &str) {
        let body = body.to_owned();
        self.does(who, Command::Send { channel, body });
    }

    /// A thread as somebody sees it.
    pub fn thread(&self, who: Who, channel: ChannelId, thread: MessageId) -> Option<ThreadView> {
        let query = Query::Thread {
            channel,
            thread,
            before: None,
            limit: 1_000,
        };
        match self.world.clients[who].query(&query) {
            QueryReply::Thread { thread } => thread.map(|view| *view),
            other => panic!("a thread was answered with {other:?}"),
        }
    }

    /// Writes in the thread of a message, and waits until everything has arrived.
    pub fn says_within(&mut self, who: Who, thread: MessageId, body: &str) {
        let command = Command::SendInThread {
            thread,
            body: body.to_owned(),
            reply: None,
            ttl_s: None,
        };
        self.does(who, command);
        self.settle();
    }

    /// A message on somebody's screen, by its text.
    pub fn message(&self, who: Who, channel: ChannelId, body: &str) -> MessageView {
        let query = Query::Timeline {
            channel,
            before: None,
            limit: 1_000,
        };
        let QueryReply::Timeline(view) = self.world.clients[who].query(&query) else {
            panic!("no timeline");
        };
        let is_it = |message: &MessageView| matches!(&message.content, Content::Text { body: text } if text == body);
        view.messages
            .into_iter()
            .find(is_it)
            .unwrap_or_else(|| panic!("nobody said {body:?}"))
    }

    pub fn user(&self, who: Who) -> UserId {
        let me = self.world.clients[who].session().me;
        me.expect("somebody is signed in").user
    }

    pub fn state(&self, who: Who) -> DeviceState {
        self.world.clients[who].session().state
    }

    /// A conversation of two, which the other has taken up.
    pub fn dm(&mut self, who: Who, with: Who) -> ChannelId {
        let channel = self.asks_for_dm(who, with);
        self.world.run_for(2_000);
        let asked = self.channel(with, channel).and_then(|view| view.request);
        if asked == Some(DmRequest::Incoming) {
            let answer = RequestAnswer::Accept;
            self.does(with, Command::AnswerRequest { channel, answer });
        }
        channel
    }

    /// A conversation of two, as somebody begins it.
    pub fn asks_for_dm(&mut self, who: Who, with: Who) -> ChannelId {
        let user = self.user(with);
        match self.does(who, Command::OpenDm { user }) {
            CommandReply::Channel { channel } => channel,
            other => panic!("a conversation was answered with {other:?}"),
        }
    }

    /// A conversation of several.
    pub fn group(&mut self, who: Who, with: &[Who], name: Option<&str>) -> ChannelId {
        let users = with.iter().map(|one| self.user(*one)).collect();
        let name = name.map(str::to_owned);
        match self.does(who, Command::CreateGroup { users, name }) {
            CommandReply::Channel { channel } => {
                self.settle();
                channel
            }
            other => panic!("a group was answered with {other:?}"),
        }
    }

    /// A channel as somebody sees it.
    pub fn channel(&self, who: Who, channel: ChannelId) -> Option<ChannelView> {
        match self.world.clients[who].query(&Query::Channel { channel }) {
            QueryReply::Channel { channel } => channel,
            other => panic!("a channel was answered with {other:?}"),
        }
    }

    /// A further installation of somebody, signed in.
    pub fn signs_in(&mut self, name: &str, recovery_key: Option<String>) -> (Who, DeviceState) {
        let who = self.world.install(self.people, name);
        let command = Command::SignIn {
            code: None,
            username: name.to_owned(),
            password: PASSWORD.to_owned(),
            device_name: format!("{name}'s next"),
            recovery_key,
        };
        match self.does(who, command) {
            CommandReply::SignedIn { state } => {
                self.settle();
                (who, state)
            }
            other => panic!("signing in was answered with {other:?}"),
        }
    }

    /// What somebody sees of a channel: texts, and `?` for what they can't read.
    pub fn sees(&self, who: Who, channel: ChannelId) -> Vec<String> {
        let query = Query::Timeline {
            channel,
            before: None,
            limit: 1_000,
        };
        let QueryReply::Timeline(view) = self.world.clients[who].query(&query) else {
            panic!("no timeline");
        };
        let shown = view
            .messages
            .into_iter()
            .map(|message| match message.content {
                Content::Text { body } => body,
                Content::Named { name } => format!("[{name}]"),
                Content::Waiting => "waiting".to_owned(),
                Content::Undecryptable { cause } => format!("{cause:?}"),
                Content::Disappeared => "disappeared".to_owned(),
                Content::Poll(poll) => poll.question,
                Content::BeforeYouJoined => "before".to_owned(),
                Content::Removed { by_name: None } => "deleted".to_owned(),
                Content::Removed { by_name: Some(by) } => format!("removed by {by}"),
            });
        shown.collect()
    }
}
