//! A connection as a pure value: `handle(input, now)` says what the shell must do, and
//! `next_frame` what is to be written. No clock, no socket, no database.
//!
//! ```text
//! AwaitingIdentify → AwaitingAdmission → Live ⇄ Parked → Closed
//! ```
//!
//! Events are numbered when the session takes them and kept until the client's heartbeat says
//! that it handled them, so that a broken connection goes on by cursor. Guild events pass only
//! when the session has derived its rights at the version that they are stamped with: until
//! then they are held, in order.

use std::{collections::VecDeque, sync::Arc};

use cloister_wire::{
    gateway::{ClientFrame, CloseCode, Identify, Ready, ServerFrame},
    limits::{GATEWAY_QUEUE, HEARTBEAT_MS, IDENTIFY_MS, RESUME_MS},
    presence::StatePresence,
};

use super::{
    bus::{Mailbox, Published},
    presence::is_sound,
    subscription::{Subscription, Verdict},
};

/// Silence after which a client is taken for gone: one missed heartbeat and a slow network.
const SILENT_MS: u64 = 2 * HEARTBEAT_MS + 5_000;
/// Frames that a client may send in a minute.
const FRAMES_PER_MINUTE: u32 = 120;
const MINUTE_MS: u64 = 60_000;

/// What happens to a session.
#[derive(Debug)]
pub enum Input {
    Frame(ClientFrame),
    /// A ping or pong, which the WebSocket layer answers.
    Control,
    /// Bytes that are no frame of the protocol.
    Malformed,
    /// The database admitted the device that identified itself.
    Admitted(Box<Admission>),
    /// It did not, or the session must end for a reason from outside.
    End(CloseCode),
    Published(Arc<Published>),
    /// The answer to `Output::Derive`, read after it was asked for.
    Derived(Subscription),
    /// The mailbox overflowed: events are missing.
    Lagged,
    /// `deadline` has passed.
    Tick,
    /// The connection broke.
    Disconnected,
}

/// What an identified device starts with.
#[derive(Debug)]
pub struct Admission {
    pub ready: Ready,
    pub subscription: Subscription,
    pub expires_at: u64,
}

/// What the shell must do.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Check these credentials; answer with `Admitted`, `End`, or by resuming another session.
    Identify(Box<Identify>),
    /// Read the person's rights again; answer with `Derived`.
    Derive,
    /// The device says how its person is.
    Presence(Box<StatePresence>),
    /// Close the socket with this code.
    Close(CloseCode),
}

/// One frame to be written.
#[derive(Debug, Clone)]
pub enum Frame {
    Plain(Box<ServerFrame>),
    Event { n: u64, published: Arc<Published> },
}

/// A session with its mailbox, on its way from one socket to the next.
#[derive(Debug)]
pub struct Carried {
    pub session: Session,
    pub mailbox: Mailbox,
}

/// One gateway session.
#[derive(Debug)]
pub struct Session {
    state: State,
    /// Answers to the client, written before events.
    replies: VecDeque<ServerFrame>,
    frames: Window,
}

#[derive(Debug)]
enum State {
    AwaitingIdentify {
        since: u64,
    },
    AwaitingAdmission,
    Live {
        feed: Feed,
        heard_at: u64,
        expires_at: u64,
    },
    Parked {
        feed: Feed,
        since: u64,
    },
    Closed,
}

/// Frames of a client in the current minute.
#[derive(Debug)]
struct Window {
    since: u64,
    count: u32,
}

/// The numbered events of one person's device.
#[derive(Debug)]
struct Feed {
    subscription: Subscription,
    /// Numbered up to `last_n`, in order; those up to `sent_n` were written.
    ring: VecDeque<Arc<Published>>,
    last_n: u64,
    sent_n: u64,
    /// Rights to a guild were lost after this event: what came before is never played back.
    barrier: u64,
    /// What waits for newer rights, in order.
    held: VecDeque<Arc<Published>>,
    derive: Derive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Derive {
    Settled,
    Asked,
}

/// The client reads too slowly for the queue.
struct Full;

impl Session {
    /// A fresh connection: says hello and waits for `identify`.
    pub fn open(now: u64) -> Self {
        let hello = ServerFrame::Hello {
            heartbeat_ms: HEARTBEAT_MS,
            identify_ms: IDENTIFY_MS,
        };
        Self {
            state: State::AwaitingIdentify { since: now },
            replies: [hello].into(),
            frames: Window {
                since: now,
                count: 0,
            },
        }
    }

    /// When `Tick` is due.
    pub fn deadline(&self) -> Option<u64> {
        match &self.state {
            State::AwaitingIdentify { since } => Some(since + IDENTIFY_MS),
            State::Live {
                heard_at,
                expires_at,
                ..
            } => Some((heard_at + SILENT_MS).min(*expires_at)),
            State::Parked { since, .. } => Some(since + RESUME_MS),
            State::AwaitingAdmission | State::Closed => None,
        }
    }

    /// Waits for its client to come back.
    pub const fn is_parked(&self) -> bool {
        matches!(self.state, State::Parked { .. })
    }

    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Takes what happened and says what to do.
    pub fn handle(&mut self, input: Input, now: u64) -> Option<Output> {
        match input {
            Input::Frame(frame) => self.frame(frame, now),
            Input::Control if self.frames.is_over(now) => self.close(CloseCode::RateLimited, now),
            Input::Control => None,
            Input::Malformed => self.close(CloseCode::Malformed, now),
            Input::End(code) => self.close(code, now),
            Input::Admitted(admission) => self.admit(*admission, now),
            Input::Published(published) => self.with_feed(now, |feed| feed.take(published)),
            Input::Derived(subscription) => self.derived(subscription, now),
            Input::Lagged => self.close(CloseCode::SlowReader, now),
            Input::Tick => self.tick(now),
            Input::Disconnected => {
                self.park(now);
                None
            }
        }
    }

    /// The next frame to write, if there is one.
    pub fn next_frame(&mut self) -> Option<Frame> {
        if let Some(reply) = self.replies.pop_front() {
            return Some(Frame::Plain(Box::new(reply)));
        }
        match &mut self.state {
            State::Live { feed, .. } => feed.next(),
            _ => None,
        }
    }

    pub fn has_frame(&self) -> bool {
        let waiting = |feed: &Feed| feed.sent_n < feed.last_n;
        !self.replies.is_empty() || matches!(&self.state, State::Live { feed, .. } if waiting(feed))
    }

    /// Goes on after event `n` on a new connection; `None` when events since then are gone.
    pub fn resume(self, n: u64, expires_at: u64, now: u64) -> Option<Self> {
        let (State::Live { mut feed, .. } | State::Parked { mut feed, .. }) = self.state else {
            return None;
        };
        if !feed.rewind(n) {
            return None;
        }
        Some(Self {
            state: State::Live {
                feed,
                heard_at: now,
                expires_at,
            },
            replies: [ServerFrame::Resumed { n }].into(),
            frames: Window {
                since: now,
                count: 1,
            },
        })
    }

    fn frame(&mut self, frame: ClientFrame, now: u64) -> Option<Output> {
        if self.frames.is_over(now) {
            return self.close(CloseCode::RateLimited, now);
        }
        match (&mut self.state, frame) {
            (State::AwaitingIdentify { .. }, ClientFrame::Identify(identify)) => {
                self.state = State::AwaitingAdmission;
                Some(Output::Identify(Box::new(identify)))
            }
            (State::AwaitingIdentify { .. } | State::AwaitingAdmission, _) => {
                self.close(CloseCode::NotIdentified, now)
            }
            (State::Live { feed, heard_at, .. }, ClientFrame::Heartbeat { n }) => {
                *heard_at = now;
                if !feed.handled(n) {
                    return self.close(CloseCode::Malformed, now);
                }
                self.replies.push_back(ServerFrame::HeartbeatAck { n });
                None
            }
            (State::Live { heard_at, .. }, ClientFrame::Presence(word)) => {
                *heard_at = now;
                if is_sound(&word) {
                    Some(Output::Presence(Box::new(word)))
                } else {
                    self.close(CloseCode::Malformed, now)
                }
            }
            (State::Live { .. }, ClientFrame::Identify(_)) => self.close(CloseCode::Malformed, now),
            (State::Parked { .. } | State::Closed, _) => None,
        }
    }

    fn admit(&mut self, admission: Admission, now: u64) -> Option<Output> {
        if !matches!(self.state, State::AwaitingAdmission) {
            return None;
        }
        let Admission {
            ready,
            subscription,
            expires_at,
        } = admission;
        let feed = Feed::new(subscription, ready.n);
        self.replies.push_back(ServerFrame::Ready(Box::new(ready)));
        self.state = State::Live {
            feed,
            heard_at: now,
            expires_at,
        };
        None
    }

    fn derived(&mut self, subscription: Subscription, now: u64) -> Option<Output> {
        self.with_feed(now, |feed| {
            if feed.subscription.replace(subscription) {
                feed.barrier = feed.last_n;
            }
            feed.derive = Derive::Settled;
            feed.release()
        })
    }

    /// Runs what may need newer rights, or find the queue full.
    fn with_feed(
        &mut self,
        now: u64,
        work: impl FnOnce(&mut Feed) -> Result<(), Full>,
    ) -> Option<Output> {
        let (State::Live { feed, .. } | State::Parked { feed, .. }) = &mut self.state else {
            return None;
        };
        if work(feed).is_err() {
            return self.close(CloseCode::SlowReader, now);
        }
        if feed.held.is_empty() || feed.derive == Derive::Asked {
            return None;
        }
        feed.derive = Derive::Asked;
        Some(Output::Derive)
    }

    fn tick(&mut self, now: u64) -> Option<Output> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        match &self.state {
            State::AwaitingIdentify { .. } => self.close(CloseCode::NotIdentified, now),
            State::Live { expires_at, .. } if now >= *expires_at => {
                self.close(CloseCode::TokenExpired, now)
            }
            State::Live { .. } => self.close(CloseCode::Silent, now),
            State::Parked { .. } => {
                self.state = State::Closed;
                None
            }
            State::AwaitingAdmission | State::Closed => None,
        }
    }

    fn close(&mut self, code: CloseCode, now: u64) -> Option<Output> {
        let told = match &self.state {
            State::Closed | State::Parked { .. } => None,
            _ => Some(Output::Close(code)),
        };
        // After these the same session goes on over a new connection.
        if matches!(code, CloseCode::TokenExpired | CloseCode::Silent) {
            self.park(now);
        } else {
            self.state = State::Closed;
        }
        self.replies.clear();
        told
    }

    fn park(&mut self, now: u64) {
        self.replies.clear();
        self.state = match std::mem::replace(&mut self.state, State::Closed) {
            State::Live { feed, .. } => State::Parked { feed, since: now },
            State::Parked { feed, since } => State::Parked { feed, since },
            _ => State::Closed,
        };
    }
}

impl Window {
    /// Counts one more frame: is it too many?
    const fn is_over(&mut self, now: u64) -> bool {
        // A clock that was set back begins a minute of its own.
        if now >= self.since + MINUTE_MS || now < self.since {
            self.since = now;
            self.count = 0;
        }
        self.count += 1;
        self.count > FRAMES_PER_MINUTE
    }
}

impl Feed {
    const fn new(subscription: Subscription, n: u64) -> Self {
        Self {
            subscription,
            ring: VecDeque::new(),
            last_n: n,
            sent_n: n,
            barrier: 0,
            held: VecDeque::new(),
            derive: Derive::Settled,
        }
    }

    fn take(&mut self, published: Arc<Published>) -> Result<(), Full> {
        if self.held.len() >= GATEWAY_QUEUE {
            return Err(Full);
        }
        self.held.push_back(published);
        if self.derive == Derive::Asked {
            Ok(())
        } else {
            self.release()
        }
    }

    /// Numbers what may pass, up to the first event that needs newer rights.
    fn release(&mut self) -> Result<(), Full> {
        while let Some(published) = self.held.pop_front() {
            match self.subscription.judge(&published) {
                Verdict::Pass => self.keep(published)?,
                Verdict::PassAndForget => {
                    self.barrier = self.last_n;
                    self.keep(published)?;
                }
                Verdict::Refuse => {}
                Verdict::NeedsNewer => {
                    self.held.push_front(published);
                    break;
                }
            }
        }
        Ok(())
    }

    fn keep(&mut self, published: Arc<Published>) -> Result<(), Full> {
        if self.ring.len() >= GATEWAY_QUEUE {
            if self.first_n() > self.sent_n {
                return Err(Full);
            }
            self.ring.pop_front();
        }
        self.last_n += 1;
        self.ring.push_back(published);
        Ok(())
    }

    fn next(&mut self) -> Option<Frame> {
        let at = (self.sent_n + 1).checked_sub(self.first_n())?;
        let published = self.ring.get(at as usize)?.clone();
        self.sent_n += 1;
        Some(Frame::Event {
            n: self.sent_n,
            published,
        })
    }

    /// Number of the oldest event that is still here.
    fn first_n(&self) -> u64 {
        self.last_n + 1 - self.ring.len() as u64
    }

    /// The client handled everything up to `n`. `false`: it can't have.
    fn handled(&mut self, n: u64) -> bool {
        if n > self.sent_n {
            return false;
        }
        while self.first_n() <= n && !self.ring.is_empty() {
            self.ring.pop_front();
        }
        self.ring.shrink_to(4);
        true
    }

    fn rewind(&mut self, n: u64) -> bool {
        if n > self.sent_n || n + 1 < self.first_n() || n < self.barrier {
            return false;
        }
        self.handled(n);
        self.sent_n = n;
        true
    }
}

#[cfg(test)]
mod tests;
