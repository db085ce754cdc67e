//! Three people in a guild, and a server in somebody else's hand.

use std::{cell::RefCell, collections::BTreeSet, rc::Rc};

use cloister_client::{
    Primitives, Symbolic,
    view::{Delivery, DeviceState, Query, QueryReply},
};
use cloister_proof::{EpochRecord, Roster, RosterEntry};
use cloister_testkit::{
    cast::{Stage, Who},
    judge::read,
    meddler::Answer,
    server::{Server, WireRequest},
    truth,
};
use cloister_wire::{
    Bytes, ChannelId, DeviceId, ErrorCode, GuildId,
    channel::{EpochView, Send, Share},
};

/// To which devices which client has handed keys.
type Handed = Rc<RefCell<BTreeSet<(Who, DeviceId)>>>;

pub struct Cast<P: Primitives = Symbolic> {
    pub stage: Stage<P>,
    pub alice: Who,
    pub bob: Who,
    pub carol: Who,
    pub guild: GuildId,
    pub general: ChannelId,
    handed: Handed,
}

impl<P: Primitives> Cast<P> {
    pub fn new(seed: u64) -> Self {
        let mut stage = Stage::<P>::new(seed);
        let alice = stage.operator("alice");
        let (guild, general) = stage.guild(alice);
        let link = stage.link(alice, guild);
        let (bob, _) = stage.newcomer("bob", &link);
        let (carol, _) = stage.newcomer("carol", &link);
        let handed = Handed::default();
        let book = handed.clone();
        stage.world.meddler.on_requests(move |client, request| {
            let devices = envelopes(request);
            book.borrow_mut()
                .extend(devices.into_iter().map(|device| (client, device)));
        });
        Self {
            stage,
            alice,
            bob,
            carol,
            guild,
            general,
            handed,
        }
    }

    pub fn device(&self, who: Who) -> DeviceId {
        let me = self.stage.world.clients[who].session().me;
        me.expect("somebody is signed in").device
    }

    /// Somebody's device as a roster names it.
    pub fn entry(&self, who: Who) -> RosterEntry {
        RosterEntry {
            user: self.stage.user(who),
            device: self.device(who),
            reg_id: 1,
        }
    }

    /// Whether `who` has sealed anything for this device since the play began.
    pub fn has_handed(&self, who: Who, device: DeviceId) -> bool {
        self.handed.borrow().contains(&(who, device))
    }

    pub fn forget_handed(&self) {
        self.handed.borrow_mut().clear();
    }

    /// From now on the server tells `who` that these devices read `channel` too.
    pub fn swells_audience(&mut self, who: Who, channel: ChannelId, more: Vec<RosterEntry>) {
        self.stage
            .world
            .meddler
            .on_answers(move |server, client, request, answer| {
                if client == who && asks_epoch(request, channel) {
                    swell(server, channel, &more, answer);
                }
            });
    }

    /// Bob's second device, approved by his first.
    pub fn second_device(&mut self, name: &str, first: Who) -> Who {
        let (laptop, state) = self.stage.signs_in(name, None);
        assert_eq!(state, DeviceState::Pending);
        let code = self.stage.world.clients[laptop].session().pending_code;
        let code = code.expect("a pending device shows its code");
        let command = cloister_client::view::Command::ApproveDevice { code };
        self.stage.does(first, command);
        self.stage.settle();
        laptop
    }

    /// What became of the oldest message that waits in somebody's outbox: none if nothing does.
    pub fn failure(&self, who: Who) -> Option<ErrorCode> {
        let QueryReply::Outbox { entries } = self.stage.world.clients[who].query(&Query::Outbox)
        else {
            panic!("no outbox");
        };
        entries.into_iter().find_map(|entry| match entry.delivery {
            Delivery::Failed { code, .. } => Some(code),
            Delivery::Sending => None,
        })
    }

    pub fn alarm(&self, who: Who) -> Option<String> {
        self.stage.world.clients[who].session().alarm
    }

    /// Messages that the server has accepted in a channel.
    pub fn accepted(&self, channel: ChannelId) -> usize {
        self.stage.world.judge.accepted(channel).len()
    }
}

/// The devices that a request seals something for.
fn envelopes(request: &WireRequest) -> Vec<DeviceId> {
    let Some(body) = request.body.as_deref() else {
        return Vec::new();
    };
    let wraps = if request.path.ends_with("/shares") {
        read::<Share>(body).map(|share| share.envelopes)
    } else if request.path.ends_with("/messages") {
        read::<Send>(body).map(|send| send.wraps)
    } else {
        None
    };
    wraps
        .into_iter()
        .flatten()
        .map(|wrap| wrap.device)
        .collect()
}

pub fn asks_epoch(request: &WireRequest, channel: ChannelId) -> bool {
    let path = format!("/api/v1/channels/{channel}/epoch");
    request.path.starts_with(&path)
}

/// The true audience and somebody more, in the server's own hand.
pub fn swell(server: &Server, channel: ChannelId, more: &[RosterEntry], answer: &mut Answer) {
    let Some(mut view) = read::<EpochView>(&answer.body) else {
        return;
    };
    let Some(last) = view.records.pop() else {
        return;
    };
    let mut record: EpochRecord = cloister_proof::decode(last.record.as_ref()).unwrap();
    let current = truth::roster(&server.eyes, channel).unwrap();
    let roster = Roster::new(current.entries().chain(more).copied());
    record.added.extend(more);
    record.roster_hash = roster.hash();
    view.roster_hash = roster.hash();
    view.roster = Some(Bytes(roster.to_bytes()));
    view.records
        .extend(server.app().authority.sign_epochs(&[record]));
    answer.say(&view);
}
