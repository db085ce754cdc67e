//! A signed-in (or not yet signed-in) person's client, as programs and bots use it.

use std::{fs::File, sync::Arc, time::Duration};

use cloister_client::view::{
    Command, CommandReply, Query, QueryReply, Refusal, SessionView, Topic,
};
use cloister_wire::ErrorCode;
use tokio::{
    sync::{Mutex, broadcast},
    time::{sleep, timeout, timeout_at},
};

use crate::{
    Pin, Profile, env,
    relay::{self, Answer, Ask, Guest, Host, Lost},
    shell::Shell,
};

/// Topics that a slow listener may be behind before it is told to look at everything.
const TOPICS: usize = 1_024;
/// How long to try to get at a profile that another program is just opening or closing.
const BUSY_MS: u64 = 10_000;
const BUSY_STEP_MS: u64 = 50;
/// How often something is asked anew when the program that was asked has gone.
const ATTEMPTS: usize = 5;
/// Safety net of `wait_until`: it looks again after this long even if nothing was told.
const LOOK_MS: u64 = 1_000;

/// An open profile. Several programs may hold the same one: see `relay`.
#[derive(Debug)]
pub struct Client {
    profile: Profile,
    topics: broadcast::Sender<Topic>,
    link: Mutex<Option<Link>>,
}

#[derive(Debug, Clone)]
enum Link {
    /// The engine runs in this program.
    Host(Arc<Shell>, Arc<Mutex<Host>>),
    /// It runs in another one.
    Guest(Arc<Guest>),
}

impl Client {
    /// Opens the store and starts to connect; does not wait for the connection.
    pub async fn open(profile: Profile) -> Result<Client, Refusal> {
        let (topics, _) = broadcast::channel(TOPICS);
        let client = Client {
            profile,
            topics,
            link: Mutex::new(None),
        };
        client.link().await?;
        Ok(client)
    }

    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What changed, from now on. A receiver that lags should look at everything again.
    pub fn topics(&self) -> broadcast::Receiver<Topic> {
        self.topics.subscribe()
    }

    pub async fn query(&self, query: Query) -> Result<QueryReply, Refusal> {
        match self.ask(Ask::Query(query)).await? {
            Answer::Query(outcome) => outcome,
            _ => Err(nonsense()),
        }
    }

    pub async fn command(&self, command: Command) -> Result<CommandReply, Refusal> {
        match self.ask(Ask::Command(command)).await? {
            Answer::Command(outcome) => outcome,
            _ => Err(nonsense()),
        }
    }

    /// The key that the server shows in place of the one that is believed.
    pub async fn refused_certificate(&self) -> Result<Option<Pin>, Refusal> {
        match self.ask(Ask::Refused).await? {
            Answer::Refused(pin) => Ok(pin.and_then(|pin| pin.parse().ok())),
            _ => Err(nonsense()),
        }
    }

    /// Waits until no request is on its way: what the engine began after connecting (members,
    /// keys, history) has come. Gives up after `patience`.
    pub async fn settle(&self, patience: Duration) -> Result<(), Refusal> {
        match timeout(patience, self.ask(Ask::Settle)).await {
            Ok(answer) => answer.map(|_| ()),
            Err(_) => Ok(()),
        }
    }

    pub async fn session(&self) -> Result<SessionView, Refusal> {
        match self.query(Query::Session).await? {
            QueryReply::Session(session) => Ok(session),
            _ => Err(nonsense()),
        }
    }

    /// Asks again at every change until `pick` finds what it waits for. `None`: it did not come
    /// within `patience`.
    pub async fn wait_until<T>(
        &self,
        query: &Query,
        patience: Duration,
        mut pick: impl FnMut(QueryReply) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let deadline = env::instant() + patience;
        let mut topics = self.topics();
        loop {
            if let Some(found) = pick(self.query(query.clone()).await?) {
                return Ok(Some(found));
            }
            if env::instant() >= deadline {
                return Ok(None);
            }
            let look = env::instant() + Duration::from_millis(LOOK_MS);
            let _ = timeout_at(deadline.min(look), topics.recv()).await;
        }
    }

    /// Lets what is on its way come to its end, and gives up the profile.
    pub async fn close(self) {
        if let Some(link) = self.link.lock().await.take() {
            end(link).await;
        }
    }

    async fn ask(&self, ask: Ask) -> Result<Answer, Refusal> {
        for _ in 0..ATTEMPTS {
            let link = self.link().await?;
            let (outcome, begun) = match &link {
                Link::Host(shell, _) => (relay::ask(shell, ask.clone()).await.ok(), true),
                Link::Guest(guest) => match guest.ask(ask.clone()).await {
                    Ok(answer) => (Some(answer), true),
                    Err(lost) => (None, lost == Lost::AfterTaken),
                },
            };
            if let Some(answer) = outcome {
                return Ok(answer);
            }
            self.unlink(&link).await;
            if begun && matches!(ask, Ask::Command(_)) {
                return Err(busy(
                    "The program that held the profile ended before it answered; look whether \
                     it was done.",
                ));
            }
        }
        Err(busy("The program that holds this profile does not answer."))
    }

    /// Forgets a link that has ended, unless somebody was faster.
    async fn unlink(&self, ended: &Link) {
        let mut current = self.link.lock().await;
        if current.as_ref().is_some_and(|link| link.is(ended)) {
            *current = None;
        }
        if let Link::Host(..) = ended {
            end(ended.clone()).await;
        }
    }

    async fn link(&self) -> Result<Link, Refusal> {
        let mut current = self.link.lock().await;
        if let Some(link) = current.as_ref().filter(|link| !link.over()) {
            return Ok(link.clone());
        }
        let deadline = env::instant() + Duration::from_millis(BUSY_MS);
        loop {
            if let Some(lock) = self.profile.lock()? {
                let link = self.host(lock).await?;
                return Ok(current.insert(link).clone());
            }
            if let Ok(guest) = Guest::join(&self.profile.relay(), self.topics.clone()).await {
                return Ok(current.insert(Link::Guest(Arc::new(guest))).clone());
            }
            if env::instant() >= deadline {
                return Err(busy(
                    "Another program holds this profile and does not answer.",
                ));
            }
            sleep(Duration::from_millis(BUSY_STEP_MS)).await;
        }
    }

    async fn host(&self, lock: File) -> Result<Link, Refusal> {
        let topics = self.topics.clone();
        let shell = Arc::new(Shell::start(self.profile.clone(), lock, topics.clone()).await?);
        match Host::start(&self.profile.relay(), shell.clone(), topics) {
            Ok(host) => Ok(Link::Host(shell, Arc::new(Mutex::new(host)))),
            Err(error) => {
                shell.end().await;
                Err(busy(&format!("Other programs cannot be served: {error}.")))
            }
        }
    }
}

impl Link {
    fn is(&self, other: &Link) -> bool {
        match (self, other) {
            (Link::Host(a, _), Link::Host(b, _)) => Arc::ptr_eq(a, b),
            (Link::Guest(a), Link::Guest(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    fn over(&self) -> bool {
        matches!(self, Link::Guest(guest) if guest.over())
    }
}

async fn end(link: Link) {
    if let Link::Host(shell, host) = link {
        host.lock().await.end().await;
        shell.end().await;
    }
}

fn busy(message: &str) -> Refusal {
    Refusal {
        code: ErrorCode::StoreBusy,
        message: message.into(),
        retry_after_ms: None,
    }
}

fn nonsense() -> Refusal {
    busy("The program that holds the profile is of another version.")
}
