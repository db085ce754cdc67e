//! Guilds and who is in them.

use cloister_wire::{
    GuildId, Hash, Permissions, RoleId, UserId,
    guild::{GuildKind, Member, Membership},
    permission::{Facts, Holder, Rules, Seat},
};

use super::{
    db::{Row, Tx},
    device,
    role::{self, Held},
    term,
};
use crate::{
    Error, Result,
    access::{Act, Actor, Permit, System, guild::InGuild},
    params, sql,
};

sql! {
    GET = "SELECT g.id, g.kind, g.name, g.icon, g.banner, g.rules,
        CAST(CASE WHEN m.rules_n < g.rules_n THEN 1 ELSE 0 END AS BIGINT)
        AS rules_wait, g.owner_id, g.everyone, g.access_version, g.member_count,
        m.joined_at, m.settled_at, t.until_at, q.at AS quarantined_at,
        COALESCE(e.newcomer_s, 0) AS newcomer_s, COALESCE(e.links_s, 0) AS links_s,
        COALESCE(e.mentions_s, 0) AS mentions_s, g.retention_days FROM guild AS g
        LEFT JOIN guild_gate AS e ON e.guild_id = g.id
        LEFT JOIN member AS m ON m.guild_id = g.id AND m.user_id = $2
        LEFT JOIN member_quarantine AS q ON q.guild_id = g.id AND q.user_id = $2
        LEFT JOIN member_timeout AS t ON t.guild_id = g.id AND t.user_id = $2 AND t.until_at > $3
        WHERE g.id = $1";
    LOCK = "SELECT access_version FROM guild WHERE id = $1 FOR UPDATE";
    INSERT = "INSERT INTO guild
        (id, kind, name, owner_id, everyone, access_version, member_count, created_at)
        VALUES ($1, $2, $3, $4, $5, 1, 1, $6) ON CONFLICT DO NOTHING";
    DELETE = "DELETE FROM guild WHERE id = $1";
    USERS = "SELECT user_id FROM member WHERE guild_id = $1 ORDER BY user_id";
    LIST = "SELECT guild_id FROM member WHERE user_id = $1 ORDER BY guild_id";
    COUNT_OF_USER = "SELECT count(*) FROM member AS m JOIN guild AS g ON g.id = m.guild_id
        WHERE m.user_id = $1 AND g.kind = $2";
    INSERT_MEMBER = "INSERT INTO member (guild_id, user_id, joined_at, temporary_at)
        VALUES ($1, $2, $3, $4)";
    MAKE_LASTING = "UPDATE member SET temporary_at = NULL
        WHERE guild_id = $1 AND user_id = $2 AND temporary_at IS NOT NULL";
    TEMPORARY = "SELECT guild_id, user_id FROM member WHERE temporary_at IS NOT NULL
        ORDER BY temporary_at LIMIT $1";
    DELETE_MEMBER = "DELETE FROM member WHERE guild_id = $1 AND user_id = $2";
    INSERT_SIGNER = "INSERT INTO guild_signer (guild_id, user_id) VALUES ($1, $2)
        ON CONFLICT DO NOTHING";
    RAISE_ACCESS = "UPDATE guild SET access_version = access_version + 1,
        member_count = member_count + $2 WHERE id = $1 RETURNING access_version";
    SET_OWNER = "UPDATE guild SET owner_id = $2, access_version = access_version + 1
        WHERE id = $1 RETURNING access_version";
    PAGE_MEMBERS = "SELECT m.user_id, a.username, a.display_name, m.joined_at, m.nickname,
        m.temporary_at, m.settled_at, q.at AS quarantined_at, t.until_at
        FROM member AS m JOIN account AS a ON a.id = m.user_id
        LEFT JOIN member_timeout AS t ON t.guild_id = m.guild_id AND t.user_id = m.user_id
        AND t.until_at > $4
        LEFT JOIN member_quarantine AS q ON q.guild_id = m.guild_id AND q.user_id = m.user_id
        WHERE m.guild_id = $1 AND m.user_id > $2 ORDER BY m.user_id LIMIT $3";
    ROLES_OF_PAGE = "SELECT user_id, role_id FROM member_role
        WHERE guild_id = $1 AND user_id BETWEEN $2 AND $3 ORDER BY user_id, role_id";
    RENAME = "UPDATE guild SET name = $2 WHERE id = $1";
    SET_NICKNAME = "UPDATE member SET nickname = $3 WHERE guild_id = $1 AND user_id = $2";
    SET_RULES = "UPDATE guild SET rules = $2, rules_n = rules_n + 1 WHERE id = $1";
    ACCEPT_RULES = "UPDATE member SET rules_n = (SELECT g.rules_n FROM guild AS g
        WHERE g.id = $1) WHERE guild_id = $1 AND user_id = $2";
    GET_MEMBER = "SELECT m.user_id, a.username, a.display_name, m.joined_at, m.nickname,
        m.temporary_at, m.settled_at, q.at AS quarantined_at, t.until_at
        FROM member AS m JOIN account AS a ON a.id = m.user_id
        LEFT JOIN member_timeout AS t ON t.guild_id = m.guild_id AND t.user_id = m.user_id
        AND t.until_at > $3
        LEFT JOIN member_quarantine AS q ON q.guild_id = m.guild_id AND q.user_id = m.user_id
        WHERE m.guild_id = $1 AND m.user_id = $2";
}

/// A guild as the server keeps it, and how one person stands in it.
#[derive(Debug, Clone)]
pub struct Stored {
    pub id: GuildId,
    pub kind: GuildKind,
    pub name: String,
    /// Hashes of its pictures.
    pub icon: Option<Hash>,
    pub banner: Option<Hash>,
    /// What members agree to, and whether the person has yet to.
    pub rules: Option<String>,
    pub rules_wait: bool,
    pub owner: UserId,
    pub everyone: Permissions,
    pub access_version: u64,
    pub member_count: u32,
    /// Since when the person is a member.
    pub joined_at: Option<u64>,
    /// The person's roles.
    pub roles: Vec<Held>,
    /// The person is on hold until then.
    pub timed_out_until: Option<u64>,
    /// The person is in quarantine since then.
    pub quarantined_at: Option<u64>,
    /// For how long members of this guild read before they write.
    pub newcomer_s: u32,
    /// For how long their links are text for others, and they tell nobody by name.
    pub links_s: u32,
    pub mentions_s: u32,
    pub retention_days: Option<u32>,
    /// Since when a moderator no longer counts the person as new.
    pub settled_at: Option<u64>,
    /// What the constraints of the person's roles ask about.
    pub facts: Facts,
}

impl Stored {
    /// What decides about the person: with their roles, without overwrites.
    pub fn rules(&self) -> Rules {
        let mut rules = Rules::new(self.owner, self.everyone);
        let held = self.roles.iter();
        rules.roles = held.map(|held| (held.id, held.rule.clone())).collect();
        rules
    }

    pub fn role_ids(&self) -> Vec<RoleId> {
        self.roles.iter().map(|held| held.id).collect()
    }

    /// Whether the person has to agree to the rules before they do more than read.
    pub const fn owes_agreement(&self) -> bool {
        self.rules.is_some() && self.rules_wait
    }

    /// Until when the person is new here for a rule about the first so many seconds.
    pub fn new_until(&self, first_s: u32) -> u64 {
        match (self.joined_at, self.settled_at) {
            (Some(joined_at), None) => joined_at + u64::from(first_s) * 1_000,
            _ => 0,
        }
    }

    /// The person, for an evaluation.
    pub fn holder<'a>(&self, user: UserId, roles: &'a [RoleId]) -> Holder<'a> {
        Holder {
            user,
            roles,
            timed_out: self.timed_out_until.is_some(),
            quarantined: self.quarantined_at.is_some(),
            facts: self.facts,
        }
    }

    /// Whether some role of theirs asks for more than that they hold it.
    fn is_constrained(&self) -> bool {
        self.roles
            .iter()
            .any(|held| held.rule.constraints.is_some())
    }
}

/// A guild that is about to be.
#[derive(Debug, Clone)]
pub struct NewGuild {
    pub id: GuildId,
    pub kind: GuildKind,
    pub name: String,
    pub everyone: Permissions,
}

/// The guild and how `user` stands in it. Runs before there is a permit.
pub fn get(tx: &mut Tx<'_>, guild: GuildId, user: UserId) -> Result<Option<Stored>> {
    let now = tx.now();
    let Some(mut stored) = tx.maybe(GET, params![guild, user, now], read)? else {
        return Ok(None);
    };
    if stored.joined_at.is_some() {
        stored.roles = role::held(tx, guild, user)?;
    }
    stored.facts.now_ms = now;
    if stored.is_constrained() {
        stored.facts.second_factor = term::has_factor(tx, user)?;
    }
    Ok(Some(stored))
}

/// The same for whoever acts, whose device and network count.
pub fn get_acting(tx: &mut Tx<'_>, guild: GuildId, actor: &Actor) -> Result<Option<Stored>> {
    let Some(mut stored) = get(tx, guild, actor.user)? else {
        return Ok(None);
    };
    if let Some(address) = actor.address.filter(|_| stored.is_constrained()) {
        stored.facts.seat = Some(Seat {
            verified_device: device::is_verified(tx, actor.device)?,
            address: Some(address),
        });
    }
    Ok(Some(stored))
}

/// Locks the guild's row, so that changes of its membership come one after the other; `access`
/// reads how somebody stands after that.
pub fn lock(tx: &mut Tx<'_>, guild: GuildId) -> Result<()> {
    tx.maybe(LOCK, params![guild], |_| Ok(())).map(|_| ())
}

/// Everybody in a guild.
pub fn users(tx: &mut Tx<'_>, guild: GuildId) -> Result<Vec<UserId>> {
    tx.query(USERS, params![guild], |row| row.get(0))
}

/// Guilds that a person is in.
pub fn page_of_user(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<GuildId>> {
    tx.query(LIST, params![user], |row| row.get(0))
}

pub fn count_of_user<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    user: UserId,
    kind: GuildKind,
) -> Result<u32> {
    tx.one(COUNT_OF_USER, params![user, kind_text(kind)], |row| {
        row.get(0)
    })
}

/// Makes a guild with its owner in it, unless its id was used.
#[must_use = "the id may have been used"]
pub fn insert(tx: &mut Tx<'_>, permit: &Permit<'_, Act>, guild: &NewGuild) -> Result<bool> {
    let now = tx.now();
    let inserted = tx.execute(
        INSERT,
        params![
            guild.id,
            kind_text(guild.kind),
            &guild.name,
            permit.user,
            guild.everyone,
            now
        ],
    )?;
    if inserted == 1 {
        insert_member(tx, permit, guild.id, Membership::Lasting)?;
    }
    Ok(inserted == 1)
}

pub fn delete(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>) -> Result<()> {
    tx.execute(DELETE, params![permit.guild]).map(|_| ())
}

/// Puts the person who acts into the guild.
pub fn insert_member(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Act>,
    guild: GuildId,
    membership: Membership,
) -> Result<()> {
    let now = tx.now();
    let temporary_at = (membership == Membership::Temporary).then_some(now);
    let member = params![guild, permit.user, now, temporary_at];
    tx.execute(INSERT_MEMBER, member)?;
    tx.execute(INSERT_SIGNER, params![guild, permit.user])
        .map(|_| ())
}

/// Puts somebody into a guild, for whom the person who acts has signed.
pub fn insert_other<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    guild: GuildId,
    user: UserId,
) -> Result<()> {
    let now = tx.now();
    tx.execute(INSERT_MEMBER, params![guild, user, now, None::<u64>])?;
    tx.execute(INSERT_SIGNER, params![guild, user]).map(|_| ())
}

pub fn delete_member<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    guild: GuildId,
    user: UserId,
) -> Result<bool> {
    Ok(tx.execute(DELETE_MEMBER, params![guild, user])? == 1)
}

/// Somebody stays, who came for as long as their connection lasts.
pub fn make_lasting(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, user: UserId) -> Result<()> {
    tx.execute(MAKE_LASTING, params![permit.guild, user])
        .map(|_| ())
}

/// Who is a member for as long as their connection lasts: the longest ones first.
pub fn page_temporary(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    limit: u32,
) -> Result<Vec<(GuildId, UserId)>> {
    tx.query(TEMPORARY, params![limit], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Raises the guild's access version, because `change` members came (or, negative, left).
pub fn update_access<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    guild: GuildId,
    change: i64,
) -> Result<u64> {
    tx.one(RAISE_ACCESS, params![guild, change], |row| row.get(0))
}

/// Names another owner, which raises the access version.
pub fn update_owner(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, user: UserId) -> Result<u64> {
    tx.one(SET_OWNER, params![permit.guild, user], |row| row.get(0))
}

/// Up to `limit` members after `after`, by id.
pub fn page_members(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    after: UserId,
    limit: u32,
) -> Result<Vec<Member>> {
    let now = tx.now();
    let of = params![permit.guild, after, limit, now];
    let mut members = tx.query(PAGE_MEMBERS, of, read_member)?;
    if let (Some(first), Some(last)) = (members.first(), members.last()) {
        let range = params![permit.guild, first.user, last.user];
        let held = tx.query(ROLES_OF_PAGE, range, |row| {
            Ok((row.get::<UserId>(0)?, row.get::<RoleId>(1)?))
        })?;
        let mut held = held.into_iter().peekable();
        for member in &mut members {
            while let Some((_, role)) = held.next_if(|(user, _)| *user == member.user) {
                member.roles.push(role);
            }
        }
    }
    Ok(members)
}

pub fn update_name(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, name: &str) -> Result<()> {
    tx.execute(RENAME, params![permit.guild, name]).map(|_| ())
}

/// What members agree to from now on; everybody has yet to.
pub fn update_rules(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    rules: Option<&str>,
) -> Result<()> {
    tx.execute(SET_RULES, params![permit.guild, rules])
        .map(|_| ())
}

/// The person who acts agrees to the rules as they are.
pub fn update_accepted(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>) -> Result<()> {
    tx.execute(ACCEPT_RULES, params![permit.guild, permit.user])
        .map(|_| ())
}

/// What somebody is called in the guild; nothing: by their own name.
pub fn update_nickname(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    user: UserId,
    nickname: Option<&str>,
) -> Result<()> {
    tx.execute(SET_NICKNAME, params![permit.guild, user, nickname])
        .map(|_| ())
}

pub fn get_member(tx: &mut Tx<'_>, guild: GuildId, user: UserId) -> Result<Option<Member>> {
    let now = tx.now();
    let Some(mut member) = tx.maybe(GET_MEMBER, params![guild, user, now], read_member)? else {
        return Ok(None);
    };
    let held = role::held(tx, guild, user)?;
    member.roles = held.into_iter().map(|held| held.id).collect();
    Ok(Some(member))
}

fn read_member(row: Row<'_>) -> Result<Member> {
    Ok(Member {
        user: row.get("user_id")?,
        username: row.get("username")?,
        display_name: row.get("display_name")?,
        joined_at: row.get("joined_at")?,
        roles: Vec::new(),
        nickname: row.get("nickname")?,
        timed_out_until: row.get("until_at")?,
        membership: match row.get::<Option<u64>>("temporary_at")? {
            Some(_) => Membership::Temporary,
            None => Membership::Lasting,
        },
        settled_at: row.get("settled_at")?,
        quarantined_at: row.get("quarantined_at")?,
    })
}

fn read(row: Row<'_>) -> Result<Stored> {
    Ok(Stored {
        id: row.get("id")?,
        kind: kind_of(&row.get::<String>("kind")?)?,
        name: row.get("name")?,
        icon: row.get("icon")?,
        banner: row.get("banner")?,
        rules: row.get("rules")?,
        rules_wait: row.get::<Option<i64>>("rules_wait")? == Some(1),
        owner: row.get("owner_id")?,
        everyone: row.get("everyone")?,
        access_version: row.get("access_version")?,
        member_count: row.get("member_count")?,
        joined_at: row.get("joined_at")?,
        roles: Vec::new(),
        timed_out_until: row.get("until_at")?,
        quarantined_at: row.get("quarantined_at")?,
        newcomer_s: row.get("newcomer_s")?,
        links_s: row.get("links_s")?,
        mentions_s: row.get("mentions_s")?,
        retention_days: row.get("retention_days")?,
        settled_at: row.get("settled_at")?,
        facts: Facts::default(),
    })
}

const fn kind_text(kind: GuildKind) -> &'static str {
    match kind {
        GuildKind::Guild => "guild",
        GuildKind::Group => "group",
    }
}

pub(super) fn kind_of(text: &str) -> Result<GuildKind> {
    match text {
        "guild" => Ok(GuildKind::Guild),
        "group" => Ok(GuildKind::Group),
        _ => Err(Error::internal("a guild has an unknown kind")),
    }
}
