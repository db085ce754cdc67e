//! Messages: accepted only if everybody who reads the channel now can read them, in one
//! transaction with the place in the order that they get.

use std::collections::BTreeSet;

use cloister_proof::{frank::Tagged, transcript};
use cloister_wire::{
    ErrorCode, Hash, MessageId, Permissions,
    channel::{Message, MessageClass, SealedContent, Send, Sent, Wrap},
    gateway::Event,
    guild::Writers,
    key::ToDeviceClass,
    limits,
    moderation::Relation,
};

use super::{
    dm,
    inbox::{self, Parcel},
    scrub, share, thread,
};
use crate::{
    Error, Result,
    access::{
        Permit,
        channel::{Kind, Send as MaySend},
    },
    gateway::bus::Notice,
    seal::authority::Authority,
    store::{self, db::Tx, group_session::Use},
};

/// People that one message may notify by name.
const NOTIFIED_MAX: usize = 50;

type Sender<'tx> = Permit<'tx, MaySend>;

/// Accepts a message. The same transaction id of a device always gets the same answer.
pub fn send(
    tx: &mut Tx<'_>,
    authority: &Authority,
    permit: &Sender<'_>,
    request: &Send,
) -> Result<Sent> {
    if let Some(known) = store::message::by_txn(tx, permit.device(), request.txn)? {
        return Ok(known.sent);
    }
    check_shape(permit, request)?;
    check_welcome(tx, permit)?;
    check_newcomer(tx, permit, request)?;
    share::same_epoch(tx, permit, request.epoch, &request.roster_hash)?;
    check_target(tx, permit, request)?;
    match &request.content {
        SealedContent::Group {
            session, msg_index, ..
        } => {
            use_session(tx, permit, session, *msg_index)?;
        }
        SealedContent::Direct { .. } => deliver_wraps(tx, permit, &request.wraps)?,
        SealedContent::Scrubbed { .. } => return Err(nothing_sealed()),
    }
    check_writer(permit, request)?;
    take_turn(tx, permit, request)?;
    if let Kind::Direct { pair } = permit.kind {
        dm::take_up(tx, permit.channel(), pair, permit.user())?;
    }
    append(tx, authority, permit, request)
}

fn append(
    tx: &mut Tx<'_>,
    authority: &Authority,
    permit: &Sender<'_>,
    request: &Send,
) -> Result<Sent> {
    let state = &permit.state;
    let (seq, at) = (state.last_seq + 1, state.last_at.max(tx.now()));
    let id = tx.id(MessageId::new);
    let head = transcript::next(&state.head, id, permit.device(), &request.content);
    let frank_tag = authority.tag(&Tagged {
        c2: request.c2,
        message: id,
        channel: state.id,
        sender_user: permit.user(),
        sender_device: permit.device(),
        seq,
        at,
        epoch: state.epoch,
    });
    let message = Message {
        id,
        channel: state.id,
        seq,
        at,
        sender_user: permit.user(),
        sender_device: permit.device(),
        txn: request.txn,
        epoch: state.epoch,
        roster_hash: state.roster_hash,
        suite: request.suite,
        class: request.class,
        target: request.target,
        thread: request.thread,
        notify: request.notify.clone(),
        ttl_s: request.ttl_s,
        content: request.content.clone(),
        c2: request.c2,
        frank_tag: frank_tag.clone(),
    };
    store::message::append(tx, permit, &message, &head)?;
    if let (MessageClass::Message, Some(root)) = (request.class, request.thread) {
        store::thread::append(tx, permit, root, &message)?;
    }
    store::channel::advance(tx, state.id, seq, &head, at)?;
    store::inbox::raise_writes(tx, permit.device(), request.writes)?;
    if request.class == MessageClass::Control {
        scrub::by_author(tx, permit, request.target, at)?;
    }
    let signed = authority.sign_head(state.id, seq, head);
    tx.emit(Notice::event(
        permit.audience(),
        Event::MessageSent {
            message: Box::new(message),
            head: signed,
        },
    ));
    Ok(Sent {
        id,
        seq,
        at,
        head,
        frank_tag,
    })
}

/// Whom the other has blocked is refused like anybody who may not write there.
fn check_welcome(tx: &mut Tx<'_>, permit: &Sender<'_>) -> Result<()> {
    let Kind::Direct { pair } = permit.kind else {
        return Ok(());
    };
    let me = permit.user();
    let other = if pair[0] == me { pair[1] } else { pair[0] };
    match store::relation::get(tx, other, me)? {
        Relation::Blocked => Err(Error::forbidden()),
        Relation::None | Relation::Friend | Relation::Muted => Ok(()),
    }
}

/// In a guild that asks newcomers to wait, who is new reads first.
fn check_newcomer(tx: &mut Tx<'_>, permit: &Sender<'_>, request: &Send) -> Result<()> {
    let Kind::Guild {
        rights,
        newcomer_until,
        mentions_from,
        owes_agreement,
        ..
    } = permit.kind
    else {
        return Ok(());
    };
    if owes_agreement {
        return Err(Error::refuse(
            ErrorCode::RulesWait,
            "This server has rules. Read them and agree before you write.",
        ));
    }
    let now = tx.now();
    if rights.contains(Permissions::MANAGE_MESSAGES) {
        return Ok(());
    }
    if newcomer_until > now {
        return Err(Error::refuse(
            ErrorCode::Newcomer,
            "This server lets new members read for a while before they write.",
        )
        .retry_after(newcomer_until - now));
    }
    if mentions_from > now && request.notify.is_some() {
        return Err(Error::refuse(
            ErrorCode::Newcomer,
            "New members of this server can't mention anybody yet.",
        )
        .retry_after(mentions_from - now));
    }
    Ok(())
}

/// In an announcement channel only those with the right begin anything; threads are everybody's.
fn check_writer(permit: &Sender<'_>, request: &Send) -> Result<()> {
    let begins = request.class == MessageClass::Message && request.thread.is_none();
    let open = permit.state.writers == Writers::All;
    if open || !begins || permit.rights().contains(Permissions::ANNOUNCE) {
        return Ok(());
    }
    Err(Error::refuse(
        ErrorCode::AnnouncementsOnly,
        "Only those who may announce write here. You can read, react, and write in threads.",
    ))
}

/// Slow mode: one message of a person in so many seconds.
fn take_turn(tx: &mut Tx<'_>, permit: &Sender<'_>, request: &Send) -> Result<()> {
    let free = permit.rights().contains(Permissions::BYPASS_SLOW_MODE)
        || permit.rights().contains(Permissions::MANAGE_MESSAGES);
    if permit.state.slow_mode_s == 0 || free || request.class != MessageClass::Message {
        return Ok(());
    }
    store::moderation::take_turn(tx, permit, u64::from(permit.state.slow_mode_s) * 1_000)
}

/// What can be said of a request without looking anything up.
fn check_shape(permit: &Sender<'_>, request: &Send) -> Result<()> {
    let (SealedContent::Group { ct, .. } | SealedContent::Direct { ct }) = &request.content else {
        return Err(nothing_sealed());
    };
    if ct.0.len() > limits::CIPHERTEXT_BYTES {
        return Err(Error::refuse(
            ErrorCode::MessageTooLong,
            "The message is too long.",
        ));
    }
    if ct.0.len() < 16 || is_text(&ct.0) {
        return Err(Error::refuse(
            ErrorCode::PlaintextRefused,
            "This channel takes encrypted messages only.",
        ));
    }
    let direct = matches!(request.content, SealedContent::Direct { .. });
    let fits = match permit.kind {
        Kind::Guild { .. } => !direct && request.wraps.is_empty(),
        Kind::Direct { .. } => direct,
    };
    if !fits || request.suite != permit.state.suite {
        return Err(Error::invalid(
            "The message is not sealed as this channel asks.",
        ));
    }
    if request.class == MessageClass::Message && request.target.is_some() {
        return Err(Error::invalid(
            "Only annotations and deletions have a target.",
        ));
    }
    if request
        .ttl_s
        .is_some_and(|ttl| ttl == 0 || ttl > limits::TTL_MAX_S)
    {
        return Err(Error::invalid(
            "A message that disappears lives a second to 90 days.",
        ));
    }
    check_notify(permit, request)
}

fn nothing_sealed() -> Error {
    Error::invalid("A message has a content.")
}

/// Whom a message may tell of itself, and where it may stand.
fn check_notify(permit: &Sender<'_>, request: &Send) -> Result<()> {
    if let Some(notify) = &request.notify {
        if notify.users.len() > NOTIFIED_MAX {
            return Err(Error::invalid(
                "A message notifies at most 50 people by name.",
            ));
        }
        if notify.everyone && !permit.rights().contains(Permissions::MENTION_EVERYONE) {
            return Err(Error::forbidden());
        }
    }
    if request.thread.is_some() && !permit.rights().contains(Permissions::SEND_IN_THREADS) {
        return Err(Error::forbidden());
    }
    Ok(())
}

/// Ciphertexts are not valid text, but for a chance that is none for 16 bytes and more.
fn is_text(bytes: &[u8]) -> bool {
    let printable = |text: &str| !text.chars().any(|c| c.is_control() && !c.is_whitespace());
    std::str::from_utf8(bytes).is_ok_and(printable)
}

fn check_target(tx: &mut Tx<'_>, permit: &Sender<'_>, request: &Send) -> Result<()> {
    let gone = || {
        Error::refuse(
            ErrorCode::TargetGone,
            "The message that this is about is gone.",
        )
    };
    if request.class == MessageClass::Message {
        return match request.thread {
            Some(root) => thread::check(tx, permit, root),
            None => Ok(()),
        };
    }
    let target = request.target.ok_or_else(gone)?;
    let target = store::message::target(tx, permit, target)?
        .filter(|target| target.class == MessageClass::Message && target.scrubbed_at.is_none())
        .ok_or_else(gone)?;
    if request.class == MessageClass::Control && target.sender != permit.user() {
        return Err(Error::forbidden());
    }
    if request.thread.is_some() && request.thread != target.thread {
        return Err(Error::invalid(
            "What is said about a message stands where the message does.",
        ));
    }
    Ok(())
}

/// Takes the message's index in its session. In the steady state this is one statement; what
/// follows finds out what is in the way.
fn use_session(tx: &mut Tx<'_>, permit: &Sender<'_>, session: &Hash, index: u32) -> Result<()> {
    let state = &permit.state;
    let one = Use {
        session: *session,
        index,
        epoch: state.epoch,
        rotate_floor: state.rotate_floor,
    };
    if store::group_session::take_index(tx, permit, &one)? {
        return Ok(());
    }
    let roster = share::roster_with_self(tx, permit)?;
    let found = store::group_session::get(tx, permit, session)?;
    if let Some(found) = &found {
        if found.channel != state.id {
            return Err(Error::invalid("This session belongs to another channel."));
        }
        if found.created_epoch < state.rotate_floor {
            return Err(share::rotate_required(tx, permit, state.epoch)?);
        }
        if i64::from(index) <= found.last_index {
            return Err(Error::refuse(
                ErrorCode::IndexStale,
                "This place in the session was used before.",
            ));
        }
    } else {
        store::group_session::insert(tx, permit, session, state.epoch)?;
    }
    let reach = share::reach(tx, permit, session, &roster)?;
    if !reach.missing.is_empty() {
        let sentence = "Some devices that read here do not have the key yet.";
        let code = ErrorCode::ShareRequired;
        return Err(share::refusal(
            tx,
            permit,
            code,
            sentence,
            state.epoch,
            reach.missing,
        )?);
    }
    // Nobody is missing although this epoch was not covered yet: it only took devices away.
    store::group_session::set_covered(tx, permit, session, state.epoch, reach.from_index)?;
    if store::group_session::take_index(tx, permit, &one)? {
        Ok(())
    } else {
        Err(Error::invalid(
            "The message comes before the place from which its readers can read.",
        ))
    }
}

/// A direct message brings its key for every other device of the two, no more and no less.
fn deliver_wraps(tx: &mut Tx<'_>, permit: &Sender<'_>, wraps: &[Wrap]) -> Result<()> {
    if wraps.len() > limits::ENVELOPES_PER_SHARE {
        return Err(Error::refuse(ErrorCode::TooLarge, "Too many envelopes."));
    }
    let roster = share::roster_with_self(tx, permit)?;
    share::check_audience(tx, permit, &roster, wraps)?;
    let served: BTreeSet<_> = wraps.iter().map(|wrap| wrap.device).collect();
    let missing: Vec<_> = roster
        .entries()
        .map(|entry| entry.device)
        .filter(|device| *device != permit.device() && !served.contains(device))
        .collect();
    if !missing.is_empty() {
        let sentence = "The message is not for exactly the devices that read here.";
        let (code, since) = (ErrorCode::DevicesMismatch, permit.state.epoch);
        return Err(share::refusal(tx, permit, code, sentence, since, missing)?);
    }
    let mut ordered: Vec<&Wrap> = wraps.iter().collect();
    ordered.sort_by_key(|wrap| wrap.device);
    for wrap in ordered {
        let parcel = Parcel {
            recipient: wrap.device,
            dedupe_id: wrap.dedupe_id,
            class: ToDeviceClass::DmKey,
            envelope: &wrap.envelope,
        };
        inbox::deliver(tx, &permit.actor, &parcel)?;
    }
    Ok(())
}
