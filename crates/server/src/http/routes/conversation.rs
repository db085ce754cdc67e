//! Endpoints of the conversation: channels, messages, keys, the queue, the guild log, gateway.

use cloister_wire::{
    channel::{
        Annotations, Claimed, EpochView, HandHistory, History, HistoryWishes, MarkRead, Pins,
        ScrubMessages, Scrubbed, Scrubs, Send, Sent, Share, Shared,
    },
    guild::{
        AnswerRequest, AppendOp, Appended, Channel, CreateChannel, CreateGroup, Dm, Dms, Joined,
        Log, OpenDm, RemoveFromGroup,
    },
    health::TellUnreadable,
    key::{
        AckToDevice, ClaimKeys, ClaimedKeys, KeyCounts, NackToDevice, QueuePage, SendToDevice,
        UploadKeys,
    },
    limits::BODY_BYTES_SHARE,
    report::{KeepReport, MyReports, Report, Reported, Reports, ResolveReport},
    thread::{MarkThreadRead, SetThread, ThreadPage, ThreadReads, Threads},
};

use super::{For, Route, delete, get, post, put};
use crate::{
    gateway,
    http::{
        channel, dm, group, guild_log, history, inbox, message, pin, prekey, report, scrub, thread,
        typing, unreadable,
    },
};

pub(super) fn table() -> Vec<Route> {
    let mut table = channels();
    table.extend(keys());
    table.extend(reports());
    table.extend(threads());
    table
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn channels() -> Vec<Route> {
    let mut routes = removals();
    routes.extend(vec![
        post(
            "/api/v1/guilds/{guild}/channels",
            For::Owner,
            channel::create,
        )
        .takes::<CreateChannel>()
        .makes::<Channel>()
        .about("Make an encrypted text channel."),
        get(
            "/api/v1/channels/{channel}/epoch",
            For::Reader,
            channel::epoch,
        )
        .gives::<EpochView>()
        .about("Who reads the channel now: what changed since an epoch, or everybody."),
        put(
            "/api/v1/channels/{channel}/read",
            For::Reader,
            channel::mark_read,
        )
        .takes::<MarkRead>()
        .about("Move one's read cursor forward."),
        post(
            "/api/v1/channels/{channel}/messages",
            For::Reader,
            message::send,
        )
        .takes::<Send>()
        .makes::<Sent>()
        .body_bytes(BODY_BYTES_SHARE)
        .about("Send an encrypted message."),
        get(
            "/api/v1/channels/{channel}/messages",
            For::Reader,
            message::history,
        )
        .gives::<History>()
        .about("A page of what was sent since one joined."),
        post(
            "/api/v1/channels/{channel}/shares",
            For::Reader,
            message::share,
        )
        .takes::<Share>()
        .gives::<Shared>()
        .body_bytes(BODY_BYTES_SHARE)
        .about("Hand the key of a group session to devices of the channel."),
        get("/api/v1/guilds/{guild}/log", For::Member, guild_log::page)
            .gives::<Log>()
            .about("A page of the guild's signed log."),
        post("/api/v1/guilds/{guild}/log", For::Member, guild_log::append)
            .takes::<AppendOp>()
            .makes::<Appended>()
            .about(
                "What a member signs for the log: vouching, a channel's policy, roles, \
                 another owner.",
            ),
        post("/api/v1/groups", For::Person, group::create)
            .takes::<CreateGroup>()
            .makes::<Joined>()
            .about("Make a conversation of several people."),
        post("/api/v1/groups/{guild}/remove", For::Person, group::remove)
            .takes::<RemoveFromGroup>()
            .about("Take somebody out of a conversation of several people."),
        get("/api/v1/dms", For::Person, dm::list)
            .gives::<Dms>()
            .about("One's direct conversations."),
        post("/api/v1/dms", For::Person, dm::open)
            .takes::<OpenDm>()
            .gives::<Dm>()
            .about("Open the conversation with somebody, or find it."),
        post(
            "/api/v1/channels/{channel}/request",
            For::Reader,
            dm::answer,
        )
        .takes::<AnswerRequest>()
        .about("Take up a conversation that somebody began, or decline it. They are not told."),
    ]);
    routes
}

fn removals() -> Vec<Route> {
    vec![
        get("/api/v1/history/wishes", For::Person, history::wishes)
            .gives::<HistoryWishes>()
            .about("Who may read earlier messages of one's channels and has no keys for them."),
        put(
            "/api/v1/channels/{channel}/history",
            For::Reader,
            history::hand,
        )
        .takes::<HandHistory>()
        .gives::<Claimed>()
        .about("Take on to hand the keys of earlier messages to somebody, or say that one has."),
        put(
            "/api/v1/channels/{channel}/history/wish",
            For::Reader,
            history::ask,
        )
        .about("Ask for the keys of a channel's earlier messages, where its policy shares them."),
        get(
            "/api/v1/channels/{channel}/annotations",
            For::Reader,
            message::annotations,
        )
        .gives::<Annotations>()
        .about("Edits, reactions and deletions of the messages between two seqs."),
        post(
            "/api/v1/channels/{channel}/typing",
            For::Reader,
            typing::tell,
        )
        .about("Tell the others that one is writing."),
        get("/api/v1/channels/{channel}/pins", For::Reader, pin::page)
            .gives::<Pins>()
            .about("Messages that the channel keeps at hand."),
        put(
            "/api/v1/channels/{channel}/pins/{message}",
            For::Manager,
            pin::pin,
        )
        .about("Pin a message."),
        delete(
            "/api/v1/channels/{channel}/pins/{message}",
            For::Manager,
            pin::unpin,
        )
        .about("Take a pin away."),
        post(
            "/api/v1/channels/{channel}/scrubs",
            For::Reader,
            scrub::scrub,
        )
        .takes::<ScrubMessages>()
        .gives::<Scrubbed>()
        .about("Remove one's own messages, or others' with the right to manage messages."),
        get(
            "/api/v1/channels/{channel}/scrubs",
            For::Reader,
            scrub::page,
        )
        .gives::<Scrubs>()
        .about("Removals of messages since one that is known."),
    ]
}

fn reports() -> Vec<Route> {
    vec![
        post(
            "/api/v1/channels/{channel}/reports",
            For::Reader,
            report::make,
        )
        .takes::<Report>()
        .makes::<Reported>()
        .body_bytes(BODY_BYTES_SHARE)
        .about("Report messages: reveals them, with proof, to those who look after the place."),
        get(
            "/api/v1/guilds/{guild}/reports",
            For::Owner,
            report::of_guild,
        )
        .gives::<Reports>()
        .about("Reports for those who moderate the guild."),
        post(
            "/api/v1/guilds/{guild}/reports/{report}/resolve",
            For::Owner,
            report::resolve_of_guild,
        )
        .takes::<ResolveReport>()
        .about("Say what came of a report."),
        put(
            "/api/v1/guilds/{guild}/reports/{report}",
            For::Owner,
            report::keep_of_guild,
        )
        .takes::<KeepReport>()
        .about("Take a report or let go of it, and keep what was found for others who look."),
        put(
            "/api/v1/reports/{report}",
            For::Operator,
            report::keep_of_operator,
        )
        .takes::<KeepReport>()
        .about("The same, for those who run the instance."),
        get("/api/v1/reports", For::Operator, report::of_operator)
            .gives::<Reports>()
            .about("Reports for those who run the instance."),
        put("/api/v1/unreadable", For::Person, unreadable::tell)
            .takes::<TellUnreadable>()
            .about("How many messages this device can't read, by cause: numbers for the operator."),
        get("/api/v1/reports/mine", For::Person, report::mine)
            .gives::<MyReports>()
            .about("One's own newest reports, and what came of them."),
        post(
            "/api/v1/reports/{report}/resolve",
            For::Operator,
            report::resolve_of_operator,
        )
        .takes::<ResolveReport>()
        .about("Say what came of a report."),
    ]
}

fn threads() -> Vec<Route> {
    vec![
        get(
            "/api/v1/channels/{channel}/threads",
            For::Reader,
            thread::list,
        )
        .gives::<Threads>()
        .about("Threads of a channel that are open, or those that were closed."),
        get(
            "/api/v1/channels/{channel}/threads/{message}",
            For::Reader,
            thread::page,
        )
        .gives::<ThreadPage>()
        .about("A page of the thread that hangs on a message."),
        put(
            "/api/v1/channels/{channel}/threads/{message}",
            For::Reader,
            thread::set,
        )
        .takes::<SetThread>()
        .about("Close a thread, or open it again."),
        put(
            "/api/v1/channels/{channel}/threads/{message}/read",
            For::Reader,
            thread::mark_read,
        )
        .takes::<MarkThreadRead>()
        .about("Move one's read cursor in a thread forward."),
        get("/api/v1/threads/reads", For::Person, thread::reads)
            .gives::<ThreadReads>()
            .about("How far one has read threads, since a time."),
    ]
}

fn keys() -> Vec<Route> {
    vec![
        put("/api/v1/keys", For::Enrolling, prekey::upload)
            .takes::<UploadKeys>()
            .gives::<KeyCounts>()
            .about("Upload signed prekeys of this device."),
        get("/api/v1/keys", For::Enrolling, prekey::count)
            .gives::<KeyCounts>()
            .about("How many prekeys of this device are left."),
        post("/api/v1/keys/claim", For::Person, prekey::claim)
            .takes::<ClaimKeys>()
            .gives::<ClaimedKeys>()
            .about("Take one prekey of each of these devices."),
        get("/api/v1/to-device", For::Enrolling, inbox::page)
            .gives::<QueuePage>()
            .about("What waits for this device."),
        post("/api/v1/to-device", For::Enrolling, inbox::send)
            .takes::<SendToDevice>()
            .body_bytes(BODY_BYTES_SHARE)
            .about("Put items into the queues of other devices."),
        post("/api/v1/to-device/ack", For::Enrolling, inbox::acknowledge)
            .takes::<AckToDevice>()
            .about("Everything up to a number is decrypted and stored."),
        post("/api/v1/to-device/nack", For::Enrolling, inbox::refuse)
            .takes::<NackToDevice>()
            .about("One item could not be opened: tell its sender."),
        get("/api/v1/gateway", For::Anyone, gateway::socket::open)
            .about("The live connection (WebSocket)."),
    ]
}
