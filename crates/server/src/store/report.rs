//! Reports and the messages that they reveal, sealed before they come here.

use cloister_wire::{
    ChannelId, DeviceId, GuildId, MessageId, Permissions, ReportId, UserId,
    report::{MyReport, ReportReason, ReportTo, Resolution},
};

use super::db::{Row, Tx};
use crate::{
    Error, Result,
    access::{Act, Permit, channel::Read, report::Review},
    params, sql,
};

sql! {
    KNOWN = "SELECT id FROM report WHERE reporter_id = $1 AND subject_id = $2 AND recipient = $3";
    OPEN_COUNT = "SELECT count(*) FROM report WHERE reporter_id = $1 AND resolution IS NULL";
    INSERT = "INSERT INTO report (id, channel_id, guild_id, recipient, reporter_id, subject_id,
        reason, note, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    INSERT_MESSAGE = "INSERT INTO report_message (report_id, place, message_id, seq, at,
        sender_id, sender_device, content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    OF_GUILD = "SELECT r.*, a.display_name, c.display_name AS claimed_by_name
        FROM report r JOIN account a ON a.id = r.reporter_id
        LEFT JOIN account c ON c.id = r.claimed_by WHERE r.recipient = 'guild' AND r.guild_id = $1 AND r.id < $2
        AND (r.resolution IS NULL OR $3 = 0) ORDER BY r.id DESC LIMIT $4";
    OF_OPERATOR = "SELECT r.*, a.display_name, c.display_name AS claimed_by_name
        FROM report r JOIN account a ON a.id = r.reporter_id
        LEFT JOIN account c ON c.id = r.claimed_by WHERE r.recipient = 'operator' AND r.id < $1
        AND (r.resolution IS NULL OR $2 = 0) ORDER BY r.id DESC LIMIT $3";
    MESSAGES = "SELECT m.*, a.display_name FROM report_message m
        LEFT JOIN account a ON a.id = m.sender_id WHERE m.report_id = $1 ORDER BY m.place";
    RESOLVE_OF_GUILD = "UPDATE report SET resolution = $2, resolved_by = $3, resolved_at = $4
        WHERE id = $1 AND resolution IS NULL AND recipient = 'guild' AND guild_id = $5";
    RESOLVE_OF_OPERATOR = "UPDATE report SET resolution = $2, resolved_by = $3, resolved_at = $4
        WHERE id = $1 AND resolution IS NULL AND recipient = 'operator'";
    GET_OF_GUILD = "SELECT reporter_id, resolution, claimed_by FROM report
        WHERE id = $1 AND recipient = 'guild' AND guild_id = $2";
    GET_OF_OPERATOR = "SELECT reporter_id, resolution, claimed_by FROM report
        WHERE id = $1 AND recipient = 'operator'";
    MINE = "SELECT id, channel_id, subject_id, recipient, reason, created_at, resolution FROM report
        WHERE reporter_id = $1 ORDER BY id DESC LIMIT 50";
    CLAIM = "UPDATE report SET claimed_by = $2, claimed_at = $3 WHERE id = $1 AND resolution IS NULL";
    PUT_FINDING = "UPDATE report SET finding = $2 WHERE id = $1";
    MODERATORS = "SELECT owner_id AS id FROM guild WHERE id = $1
        UNION SELECT mr.user_id FROM member_role mr JOIN role r ON r.id = mr.role_id
        WHERE mr.guild_id = $1 AND (r.permissions & $2) <> 0 ORDER BY id";
    OPERATORS = "SELECT id FROM account WHERE operator_at IS NOT NULL ORDER BY id";
}

/// A report that is about to be; texts are sealed.
#[derive(Debug, Clone)]
pub struct New {
    pub id: ReportId,
    pub guild: Option<GuildId>,
    pub to: ReportTo,
    pub subject: MessageId,
    pub reason: ReportReason,
    pub note: Vec<u8>,
}

/// A message that it reveals; the content is sealed.
#[derive(Debug, Clone)]
pub struct Message {
    pub message: MessageId,
    pub seq: u64,
    pub at: u64,
    pub sender: UserId,
    pub sender_device: DeviceId,
    pub content: Vec<u8>,
}

#[derive(Debug, Clone)]
pub struct Stored {
    pub id: ReportId,
    pub channel: ChannelId,
    pub guild: Option<GuildId>,
    pub reporter: UserId,
    pub reporter_name: String,
    pub reason: ReportReason,
    pub note: Vec<u8>,
    pub at: u64,
    pub resolution: Option<Resolution>,
    pub resolved_by: Option<UserId>,
    pub resolved_at: Option<u64>,
    pub claimed_by: Option<UserId>,
    pub claimed_by_name: Option<String>,
    /// Sealed.
    pub finding: Option<Vec<u8>>,
}

/// Whose a report is, and how it stands.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    pub reporter: UserId,
    pub resolution: Option<Resolution>,
    pub claimed_by: Option<UserId>,
}

/// The report that this person made of this message before.
pub fn known(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Read>,
    subject: MessageId,
    to: ReportTo,
) -> Result<Option<ReportId>> {
    let recipient = recipient(to);
    tx.maybe(KNOWN, params![permit.user(), subject, recipient], |row| {
        row.get("id")
    })
}

/// Reports of this person that nobody has looked at.
pub fn count_open(tx: &mut Tx<'_>, permit: &Permit<'_, Read>) -> Result<u32> {
    tx.one(OPEN_COUNT, params![permit.user()], |row| row.get(0))
}

pub fn insert(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Read>,
    report: &New,
    messages: &[Message],
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        INSERT,
        params![
            report.id,
            permit.channel(),
            report.guild,
            recipient(report.to),
            permit.user(),
            report.subject,
            reason_text(report.reason),
            &report.note,
            now
        ],
    )?;
    for (place, one) in messages.iter().enumerate() {
        tx.execute(
            INSERT_MESSAGE,
            params![
                report.id,
                place as u64,
                one.message,
                one.seq,
                one.at,
                one.sender,
                one.sender_device,
                &one.content
            ],
        )?;
    }
    Ok(())
}

/// Reports for whom the permit is, older than `before`, newest first.
pub fn page(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Review>,
    before: ReportId,
    open_only: bool,
    limit: u32,
) -> Result<Vec<Stored>> {
    let open_only = u32::from(open_only);
    match permit.guild {
        Some(guild) => tx.query(OF_GUILD, params![guild, before, open_only, limit], read),
        None => tx.query(OF_OPERATOR, params![before, open_only, limit], read),
    }
}

/// What a report reveals, each with the name of its sender.
pub fn messages(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Review>,
    report: ReportId,
) -> Result<Vec<(Message, Option<String>)>> {
    tx.query(MESSAGES, params![report], |row| {
        let message = Message {
            message: row.get("message_id")?,
            seq: row.get("seq")?,
            at: row.get("at")?,
            sender: row.get("sender_id")?,
            sender_device: row.get("sender_device")?,
            content: row.get("content")?,
        };
        Ok((message, row.get("display_name")?))
    })
}

/// Ends an open report; false if it is not open, or not for whom the permit is.
#[must_use = "somebody may have been faster"]
pub fn resolve(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Review>,
    report: ReportId,
    resolution: Resolution,
) -> Result<bool> {
    let (text, user, now) = (resolution_text(resolution), permit.actor.user, tx.now());
    let changed = match permit.guild {
        Some(guild) => tx.execute(RESOLVE_OF_GUILD, params![report, text, user, now, guild])?,
        None => tx.execute(RESOLVE_OF_OPERATOR, params![report, text, user, now])?,
    };
    Ok(changed == 1)
}

pub fn get(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Review>,
    report: ReportId,
) -> Result<Option<Standing>> {
    let read = |row: Row<'_>| {
        Ok(Standing {
            reporter: row.get("reporter_id")?,
            resolution: resolution_of(&row)?,
            claimed_by: row.get("claimed_by")?,
        })
    };
    match permit.guild {
        Some(guild) => tx.maybe(GET_OF_GUILD, params![report, guild], read),
        None => tx.maybe(GET_OF_OPERATOR, params![report], read),
    }
}

/// One's own newest reports.
pub fn page_own(tx: &mut Tx<'_>, permit: &Permit<'_, Act>) -> Result<Vec<MyReport>> {
    tx.query(MINE, params![permit.user], |row| {
        let to = match row.get::<String>("recipient")?.as_str() {
            "guild" => ReportTo::Guild,
            _ => ReportTo::Operator,
        };
        Ok(MyReport {
            id: row.get("id")?,
            channel: row.get("channel_id")?,
            message: row.get("subject_id")?,
            to,
            reason: reason_of(&row.get::<String>("reason")?)?,
            at: row.get("created_at")?,
            resolution: resolution_of(&row)?,
        })
    })
}

/// Says who looks at an open report that `get` found for this permit; none: nobody any more.
pub fn claim(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Review>,
    report: ReportId,
    by: Option<UserId>,
) -> Result<()> {
    let at = by.map(|_| tx.now());
    tx.execute(CLAIM, params![report, by, at]).map(|_| ())
}

/// Keeps what was found about a report that `get` found for this permit; sealed.
pub fn put_finding(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Review>,
    report: ReportId,
    finding: &[u8],
) -> Result<()> {
    tx.execute(PUT_FINDING, params![report, finding])
        .map(|_| ())
}

/// Everybody who may look at reports: of a guild, or without one of the instance.
pub fn reviewers<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    guild: Option<GuildId>,
) -> Result<Vec<UserId>> {
    let Some(guild) = guild else {
        return tx.query(OPERATORS, params![], |row| row.get("id"));
    };
    let rights = Permissions(Permissions::MANAGE_MESSAGES.0 | Permissions::ADMINISTRATOR.0);
    tx.query(MODERATORS, params![guild, rights], |row| row.get("id"))
}

fn read(row: Row<'_>) -> Result<Stored> {
    Ok(Stored {
        id: row.get("id")?,
        channel: row.get("channel_id")?,
        guild: row.get("guild_id")?,
        reporter: row.get("reporter_id")?,
        reporter_name: row.get("display_name")?,
        reason: reason_of(&row.get::<String>("reason")?)?,
        note: row.get("note")?,
        at: row.get("created_at")?,
        resolution: resolution_of(&row)?,
        resolved_by: row.get("resolved_by")?,
        resolved_at: row.get("resolved_at")?,
        claimed_by: row.get("claimed_by")?,
        claimed_by_name: row.get("claimed_by_name")?,
        finding: row.get("finding")?,
    })
}

const fn recipient(to: ReportTo) -> &'static str {
    match to {
        ReportTo::Guild => "guild",
        ReportTo::Operator => "operator",
    }
}

const REASONS: [(ReportReason, &str); 6] = [
    (ReportReason::Spam, "spam"),
    (ReportReason::Harassment, "harassment"),
    (ReportReason::Threats, "threats"),
    (ReportReason::Illegal, "illegal"),
    (ReportReason::SelfHarm, "self_harm"),
    (ReportReason::Other, "other"),
];

fn reason_text(reason: ReportReason) -> &'static str {
    REASONS
        .iter()
        .find(|(one, _)| *one == reason)
        .map_or("other", |(_, text)| text)
}

fn reason_of(text: &str) -> Result<ReportReason> {
    REASONS
        .iter()
        .find(|(_, known)| *known == text)
        .map(|(reason, _)| *reason)
        .ok_or_else(|| Error::internal("a report has an unknown reason"))
}

const fn resolution_text(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::ActionTaken => "action_taken",
        Resolution::NoAction => "no_action",
    }
}

fn resolution_of(row: &Row<'_>) -> Result<Option<Resolution>> {
    match row.get::<Option<String>>("resolution")?.as_deref() {
        None => Ok(None),
        Some("action_taken") => Ok(Some(Resolution::ActionTaken)),
        Some("no_action") => Ok(Some(Resolution::NoAction)),
        Some(_) => Err(Error::internal("a report has an unknown resolution")),
    }
}
