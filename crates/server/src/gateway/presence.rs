//! Who is there, as their devices say it. Held in memory for as long as a connection lasts, and
//! told to those who share a small guild or a conversation with the person; several changes within
//! a moment are told as one.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cloister_wire::{
    DeviceId, UserId,
    gateway::Event,
    limits::{PRESENCE_EVERY_MS, STATUS_CHARS},
    presence::{Activity, Availability, Presence, PresenceState, StatePresence},
};

use super::bus::{Audience, Listener, Notice};
use crate::{App, Result, access, store};

/// Somebody whose connection broke comes back within so long, or is gone.
const GONE_AFTER_MS: u64 = 15_000;
/// People of whom is told in one transaction.
const TOLD_AT_ONCE: usize = 100;

/// Everybody who is there.
#[derive(Default)]
pub struct Presences(Mutex<BTreeMap<UserId, Person>>);

#[derive(Default)]
struct Person {
    devices: BTreeMap<DeviceId, Said>,
    /// What others were told last.
    told: Option<Shown>,
}

/// What one device said last.
struct Said {
    listener: Listener,
    word: StatePresence,
    at: u64,
    gone_at: Option<u64>,
}

#[derive(Clone, PartialEq, Eq)]
struct Shown {
    state: PresenceState,
    text: Option<String>,
}

/// Whether a device may say this.
pub fn is_sound(word: &StatePresence) -> bool {
    word.text.as_ref().is_none_or(|text| {
        let chars = text.chars().count();
        (1..=STATUS_CHARS).contains(&chars) && !text.chars().any(char::is_control)
    })
}

impl Presences {
    /// A device says how its person is.
    pub fn state(
        &self,
        (user, device): (UserId, DeviceId),
        listener: Listener,
        word: StatePresence,
        now: u64,
    ) {
        let said = Said {
            listener,
            word,
            at: now,
            gone_at: None,
        };
        let mut people = self.people();
        people.entry(user).or_default().devices.insert(device, said);
    }

    /// A connection is over. A newer one of the same device is not touched.
    pub fn leave(&self, (user, device): (UserId, DeviceId), listener: Listener, now: u64) {
        let mut people = self.people();
        let said = people
            .get_mut(&user)
            .and_then(|person| person.devices.get_mut(&device));
        if let Some(said) = said.filter(|said| said.listener == listener) {
            said.gone_at.get_or_insert(now);
        }
    }

    /// Devices whose connection broke and that may come back.
    pub fn waiting(&self) -> usize {
        let people = self.people();
        let devices = people.values().flat_map(|person| person.devices.values());
        devices.filter(|said| said.gone_at.is_some()).count()
    }

    /// What others see of somebody.
    pub fn get(&self, user: UserId) -> Option<Presence> {
        let people = self.people();
        let shown = people.get(&user)?.told.clone()?;
        (shown.state != PresenceState::Offline).then_some(Presence {
            user,
            state: shown.state,
            text: shown.text,
        })
    }

    /// Changes that were not told yet.
    fn due(&self, now: u64) -> Vec<Presence> {
        let mut due = Vec::new();
        self.people().retain(|user, person| {
            person
                .devices
                .retain(|_, said| said.gone_at.is_none_or(|at| now < at + GONE_AFTER_MS));
            let shown = person.shown(now);
            let known = person.told.as_ref();
            let offline = shown.state == PresenceState::Offline;
            if known != Some(&shown) && !(known.is_none() && offline) {
                due.push(Presence {
                    user: *user,
                    state: shown.state,
                    text: shown.text,
                });
            }
            !person.devices.is_empty()
                || known.is_some_and(|told| told.state != PresenceState::Offline)
        });
        due
    }

    fn told(&self, presence: &Presence) {
        if let Some(person) = self.people().get_mut(&presence.user) {
            person.told = Some(Shown {
                state: presence.state,
                text: presence.text.clone(),
            });
        }
    }

    fn people(&self) -> MutexGuard<'_, BTreeMap<UserId, Person>> {
        // Nothing in here panics half way; what is poisoned is still whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Person {
    /// The newest word on what others shall see counts, and one device in use is enough.
    fn shown(&self, now: u64) -> Shown {
        let newest = self.devices.values().max_by_key(|said| said.at);
        let state = match newest.map(|said| said.word.availability) {
            None | Some(Availability::Invisible) => PresenceState::Offline,
            Some(Availability::DoNotDisturb) => PresenceState::DoNotDisturb,
            Some(Availability::Automatic) if self.is_active() => PresenceState::Online,
            Some(Availability::Automatic) => PresenceState::Idle,
        };
        let text = newest
            .filter(|said| said.word.text_until.is_none_or(|until| now < until))
            .and_then(|said| said.word.text.clone())
            .filter(|_| state != PresenceState::Offline);
        Shown { state, text }
    }

    fn is_active(&self) -> bool {
        let mut said = self.devices.values();
        said.any(|said| said.word.activity == Activity::Active)
    }
}

/// Tells of changes, for as long as the server runs.
pub async fn run(app: App) {
    loop {
        tokio::time::sleep(Duration::from_millis(PRESENCE_EVERY_MS)).await;
        if let Err(error) = tell(&app).await {
            tracing::warn!(%error, "could not tell who is there; trying again soon");
        }
    }
}

/// Tells of every change that was not told yet.
pub async fn tell(app: &App) -> Result<()> {
    let due = app.presences.due(app.env.now());
    for some in due.chunks(TOLD_AT_ONCE) {
        let telling = some.to_vec();
        app.db
            .write(move |tx| {
                let permit = access::system_quietly(tx);
                for presence in &telling {
                    let users = store::presence::audience(tx, &permit, presence.user)?;
                    let event = Event::PresenceChanged {
                        presence: presence.clone(),
                    };
                    tx.emit(Notice::event(Audience::Users(users), event));
                }
                Ok(())
            })
            .await?;
        for presence in some {
            app.presences.told(presence);
        }
    }
    Ok(())
}

impl fmt::Debug for Presences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Presences({} people)", self.people().len())
    }
}
