//! What the server can see of a channel: one table, from the fields of what clients send to the
//! facts that people are told. A test of the server compares it with the types themselves, so
//! that no field is added without saying what it gives away.

/// One thing that the server can or can't see of a channel and its messages.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// Who sent something, from which device.
    Sender,
    /// When something was sent, and in which order.
    Time,
    /// How long a message is, roughly.
    Size,
    /// Whether something is a message, an edit or a deletion, and what it is about.
    Kind,
    /// Who was notified by name.
    Notified,
    /// When a message disappears.
    Lifetime,
    /// Who reads here, with which devices.
    Readers,
    /// How far each person has read.
    Reading,
    /// The name of the channel and its signed rules.
    Channel,
    /// Which devices were handed which key, not the key.
    KeyHanding,
    /// Numbers that make repeating harmless, and a seal on the content that opens for reports.
    Bookkeeping,
    /// Addresses, browsers and times of connections.
    Connection,
    /// Messages that a reader reported, word for word.
    Reported,
    /// What is said.
    Text,
    /// The keys themselves.
    Keys,
    /// What people search for, and what they find.
    Search,
    /// What people write and don't send.
    Drafts,
    /// The secret part of invite links.
    LinkSeeds,
}

impl Fact {
    pub const ALL: [Self; 18] = [
        Self::Sender,
        Self::Time,
        Self::Size,
        Self::Kind,
        Self::Notified,
        Self::Lifetime,
        Self::Readers,
        Self::Reading,
        Self::Channel,
        Self::KeyHanding,
        Self::Bookkeeping,
        Self::Connection,
        Self::Reported,
        Self::Text,
        Self::Keys,
        Self::Search,
        Self::Drafts,
        Self::LinkSeeds,
    ];

    /// Whether the server can see it.
    pub const fn is_seen(self) -> bool {
        !matches!(
            self,
            Self::Text | Self::Keys | Self::Search | Self::Drafts | Self::LinkSeeds
        )
    }

    /// Fields that tell the server this, or that hold it sealed.
    pub fn fields(self) -> impl Iterator<Item = &'static str> {
        TABLE
            .iter()
            .filter(move |(_, facts)| facts.contains(&self))
            .map(|(field, _)| *field)
    }
}

use Fact::{
    Bookkeeping, Channel, KeyHanding, Keys, Kind, Lifetime, Notified, Readers, Reading, Reported,
    Sender, Size, Text, Time,
};

/// `Type.field` of everything that a client says to the server about a channel.
pub const TABLE: &[(&str, &[Fact])] = &[
    ("AnswerRequest.answer", &[Readers]),
    ("CreateChannel.channel", &[Channel]),
    ("CreateChannel.continues", &[Channel]),
    ("CreateChannel.name", &[Channel]),
    ("CreateChannel.policy", &[Channel]),
    ("EditChannel.name", &[Channel]),
    ("EditChannel.slow_mode_s", &[Channel]),
    ("EditChannel.topic", &[Channel]),
    ("EditChannel.writers", &[Channel]),
    ("Envelope.ct", &[Keys]),
    ("Envelope.kind", &[Bookkeeping]),
    ("Envelope.reg_id", &[Bookkeeping]),
    ("HandHistory.step", &[KeyHanding]),
    ("HandHistory.user", &[Readers, KeyHanding]),
    ("MarkRead.seq", &[Reading]),
    ("MarkThreadRead.seq", &[Reading]),
    ("MoveChannel.category", &[Channel]),
    ("MoveChannel.position", &[Channel]),
    ("Notify.everyone", &[Notified]),
    ("Notify.users", &[Notified]),
    ("OpenDm.peer", &[Readers]),
    ("Report.messages", &[Reported]),
    ("Report.note", &[Reported]),
    ("Report.reason", &[Reported]),
    ("Report.to", &[Reported]),
    ("Revealed.at", &[Reported]),
    ("Revealed.c2", &[Reported]),
    ("Revealed.content", &[Reported]),
    ("Revealed.context", &[Reported]),
    ("Revealed.epoch", &[Reported]),
    ("Revealed.frank_key", &[Reported]),
    ("Revealed.frank_tag", &[Reported]),
    ("Revealed.message", &[Reported]),
    ("Revealed.seq", &[Reported]),
    ("ScrubMessages.messages", &[Kind]),
    ("SealedContent.direct.ct", &[Text, Size]),
    ("SealedContent.group.ct", &[Text, Size]),
    ("SealedContent.group.msg_index", &[Bookkeeping]),
    ("SealedContent.group.session", &[KeyHanding]),
    ("SealedContent.scrubbed.at", &[Kind]),
    ("SealedContent.scrubbed.by", &[Kind]),
    ("SealedContent.scrubbed.hash", &[Kind]),
    ("Send.c2", &[Bookkeeping]),
    ("Send.class", &[Kind]),
    ("Send.content", &[Text, Size]),
    ("Send.epoch", &[Readers]),
    ("Send.notify", &[Notified]),
    ("Send.roster_hash", &[Readers]),
    ("Send.suite", &[Bookkeeping]),
    ("Send.target", &[Kind]),
    ("Send.thread", &[Kind]),
    ("Send.ttl_s", &[Lifetime]),
    ("Send.txn", &[Sender, Time]),
    ("Send.wraps", &[Keys, KeyHanding]),
    ("Send.writes", &[Bookkeeping]),
    ("SetRetention.days", &[Channel]),
    ("SetThread.state", &[Kind]),
    ("Share.envelopes", &[Keys, KeyHanding]),
    ("Share.epoch", &[Readers]),
    ("Share.from_index", &[KeyHanding]),
    ("Share.roster_hash", &[Readers]),
    ("Share.session", &[KeyHanding]),
    ("Share.shared_history", &[KeyHanding]),
    ("Share.withheld", &[KeyHanding]),
    ("Share.writes", &[Bookkeeping]),
    ("Withhold.code", &[KeyHanding]),
    ("Withhold.device", &[KeyHanding]),
    ("Wrap.dedupe_id", &[Bookkeeping]),
    ("Wrap.device", &[KeyHanding]),
    ("Wrap.envelope", &[Keys]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_says_something_of_each_field() {
        assert!(TABLE.is_sorted_by_key(|(field, _)| *field));
        assert!(TABLE.iter().all(|(_, facts)| !facts.is_empty()));
        assert!(Fact::ALL.is_sorted());
    }
}
