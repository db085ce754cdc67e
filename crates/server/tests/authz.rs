//! Every route, tried by every person of the cast. A route that is not known here fails the test,
//! so that none is added without saying what it takes.

mod cast;

use std::fmt::Write;

use axum::http::Method;
use cast::{
    Answer, PNG, Stage, config, on_every_database,
    person::{Guild, Person, fixed},
};
use cloister_proof::hash;
use cloister_server::http::routes::{For, Route, table};
use cloister_wire::{Bytes, DeviceId, Octets, Txn, UserId};
use serde_json::{Value, json};

/// Who asks, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Anonymous,
    /// A device of the member that waits for approval.
    Pending,
    Outsider,
    Member,
    Owner,
    /// Runs the instance; a stranger to the guild.
    Operator,
}

const CAST: [Who; 6] = [
    Who::Anonymous,
    Who::Pending,
    Who::Outsider,
    Who::Member,
    Who::Owner,
    Who::Operator,
];

/// What must stop somebody at the door of a route; `None` if nothing does.
fn door(route: For, who: Who) -> Option<&'static str> {
    if route == For::Anyone {
        return None;
    }
    if who == Who::Anonymous {
        return Some("UNAUTHENTICATED");
    }
    if route == For::Enrolling {
        return None;
    }
    if who == Who::Pending {
        return Some("DEVICE_PENDING");
    }
    let stranger = matches!(who, Who::Outsider | Who::Operator);
    match route {
        For::Member | For::Owner | For::Reader | For::Manager if stranger => Some("NOT_FOUND"),
        For::Owner | For::Manager if who == Who::Member => Some("FORBIDDEN"),
        For::Operator if who != Who::Operator => Some("FORBIDDEN"),
        _ => None,
    }
}

/// Codes with which a door is closed.
fn is_door(route: For, code: &str) -> bool {
    match code {
        "DEVICE_PENDING" => true,
        // A refresh without a good token has the same code.
        "UNAUTHENTICATED" => route != For::Anyone,
        // What a right leads to need not be there.
        "NOT_FOUND" => matches!(route, For::Member | For::Reader | For::Manager),
        // Elsewhere these may be about the thing that is asked for, not about who asks.
        "FORBIDDEN" => matches!(
            route,
            For::Member | For::Owner | For::Reader | For::Manager | For::Operator
        ),
        _ => false,
    }
}

struct Scene {
    guild: Guild,
    member_id: UserId,
    anonymous: String,
    pending: String,
    outsider: String,
    member: String,
    owner: String,
    operator: String,
}

impl Scene {
    async fn set(stage: &Stage) -> Self {
        let operator = Person::set_up(stage, "trent", 6).await;
        let alice = Person::invited(stage, "alice", 1).await;
        let bob = Person::invited(stage, "bob", 2).await;
        let dave = Person::invited(stage, "dave", 4).await;
        let guild = alice.create_guild(stage, 9).await;
        let link = alice.invite(stage, &guild, "welcome-all", 0).await;
        bob.join(stage, &guild, &link).await.expect(201);
        let phone = bob.add_pending(stage, 12).await;
        let icon = stage.put(&format!("/api/v1/guilds/{}/icon", guild.id));
        let icon = icon.bearing(&alice.device.access);
        let icon = icon.json(json!({"picture": Bytes(PNG.to_vec())}));
        icon.send().await.expect(204);
        Self {
            guild,
            member_id: bob.id,
            anonymous: String::new(),
            pending: phone.access,
            outsider: dave.device.access,
            member: bob.device.access,
            owner: alice.device.access,
            operator: operator.device.access,
        }
    }

    fn token(&self, who: Who) -> &str {
        match who {
            Who::Anonymous => &self.anonymous,
            Who::Pending => &self.pending,
            Who::Outsider => &self.outsider,
            Who::Member => &self.member,
            Who::Owner => &self.owner,
            Who::Operator => &self.operator,
        }
    }

    async fn ask(&self, stage: &Stage, route: &Route, who: Who) -> Answer {
        let path = route
            .path
            .replace("{guild}", &self.guild.id.to_string())
            .replace("{channel}", &self.guild.channel.to_string())
            .replace("{code}", "welcome-all")
            .replace(
                "{report}",
                &fixed(94, cloister_wire::ReportId::new).to_string(),
            )
            .replace(
                "{application}",
                &fixed(95, cloister_wire::AccountApplicationId::new).to_string(),
            )
            .replace(
                "{session}",
                &fixed(94, cloister_wire::SessionId::new).to_string(),
            )
            .replace("{role}", &fixed(91, cloister_wire::RoleId::new).to_string())
            .replace(
                "{category}",
                &fixed(92, cloister_wire::CategoryId::new).to_string(),
            )
            .replace(
                "{message}",
                &fixed(93, cloister_wire::MessageId::new).to_string(),
            )
            .replace(
                "{emoji}",
                &fixed(90, cloister_wire::EmojiId::new).to_string(),
            )
            .replace("{picture}", &hash(&[PNG]).to_string())
            .replace("{user}", &fixed(98, UserId::new).to_string())
            .replace("{version}", "1")
            .replace("{device}", &fixed(99, DeviceId::new).to_string());
        assert!(
            !path.contains('{'),
            "{route:?} has a name in its path that this test does not know"
        );
        let query = match route.path.rsplit('/').next() {
            Some("explain") => format!("?user={}&right=send_messages", self.member_id),
            Some("export") => "?format=csv".to_owned(),
            _ => String::new(),
        };
        let mut ask = stage.ask(route.method.clone(), &format!("{path}{query}"));
        if who != Who::Anonymous {
            ask = ask.bearing(self.token(who));
        }
        match body(route) {
            Some(body) => ask.json(body).send().await,
            None => ask.send().await,
        }
    }
}

/// A body of the right form; what is in it need not be right.
#[expect(clippy::too_many_lines, reason = "each route has its line")]
fn body(route: &Route) -> Option<Value> {
    let (bytes, hash) = (Bytes(vec![1, 2, 3]), Octets([7_u8; 32]));
    let signature = Octets([7_u8; 64]);
    let (user, device) = (fixed(98, UserId::new), fixed(99, DeviceId::new));
    let keys = json!({"one_time": [], "fallback": null});
    let envelope = json!({"reg_id": 1, "kind": 0, "ct": bytes});
    let item =
        json!({"device": device, "dedupe_id": hash, "class": "control", "envelope": envelope});
    let channel = fixed(97, cloister_wire::ChannelId::new);
    let create_channel = json!({"channel": channel, "name": "news", "policy": bytes});
    let one = |name: &str| Some(json!({name: bytes}));
    match (
        route.method.clone(),
        route.path.trim_start_matches("/api/v1/"),
    ) {
        (Method::GET | Method::DELETE, _)
        | (Method::POST, "guilds/{guild}/leave" | "channels/{channel}/typing")
        | (Method::PUT, "channels/{channel}/history/wish" | "channels/{channel}/pins/{message}") => {
            None
        }
        (Method::PUT, "channels/{channel}/history") => Some(json!({"user": user, "step": "begin"})),
        (Method::POST, "accounts") => Some(json!({
            "admission": {"open": {}}, "username": "eve", "display_name": "eve",
            "password": "vivid otter climbs nine", "user": user, "genesis": bytes, "keys": keys,
            "vault": bytes, "name_ct": bytes, "client": "native",
        })),
        (Method::POST, "challenges") => Some(json!({"device": device})),
        (Method::POST, "sessions/prepare") => Some(json!({"username": "x", "password": "y"})),
        (Method::POST, "sessions") => Some(json!({
            "username": "x", "password": "y", "client": "native",
            "device": {"known": {"device": device, "nonce": hash, "signature": signature}},
        })),
        (Method::POST, "sessions/refresh") => Some(json!({"refresh_token": "clr_AAAA"})),
        (Method::POST, "password") => Some(json!({"current": "x", "new": "y"})),
        (Method::POST, "password/reset") => Some(json!({"token": "clw_AAAA", "new": "y"})),
        (Method::PUT, "email") => Some(json!({"address": "bob@example.org"})),
        (Method::POST, "email/verify" | "not-me") => Some(json!({"token": "clw_AAAA"})),
        (Method::POST, "password/forgot") => Some(json!({"who": "bob"})),
        (Method::POST, "account/deletion") => Some(json!({"username": "nobody_at_all"})),
        (Method::POST, "session/proof") => Some(json!({"password": "x"})),
        (Method::POST, "sessions/end") => Some(json!({"which": "others"})),
        (Method::POST, "totp/activate") => Some(json!({"code": "000000"})),
        (Method::POST, "totp/disable") => {
            Some(json!({"password": "x", "second": {"code": {"code": "000000"}}}))
        }
        (Method::POST, "security-events/seen" | "totp" | "backup-codes") => None,
        (Method::PUT, "backup/{version}/records") => Some(json!({"records": [
            {"id": Octets([7_u8; 16]), "base": null, "sealed": Bytes(vec![7; 40])},
        ]})),
        (Method::POST, "devlog") => one("entry"),
        (Method::POST, "devlogs") => Some(json!({"users": [{"user": user, "version": null}]})),
        (Method::PUT, "devices/{device}/name") => one("name_ct"),
        (Method::POST, "guilds") => Some(json!({
            "guild": fixed(96, cloister_wire::GuildId::new), "name": "x", "create": bytes,
            "channel": create_channel,
        })),
        (Method::POST, "guilds/{guild}/channels") => Some(create_channel),
        (Method::POST, "guilds/{guild}/invites") => {
            Some(json!({"code": "another-one", "cert": bytes, "op": bytes}))
        }
        (
            Method::POST,
            "guilds/{guild}/invites/{code}/end" | "guilds/{guild}/log" | "invites/{code}/join",
        ) => one("op"),
        (Method::PUT, "channels/{channel}/read" | "channels/{channel}/threads/{message}/read") => {
            Some(json!({"seq": 0}))
        }
        (Method::PUT, "channels/{channel}/threads/{message}") => Some(json!({"state": "archived"})),
        (Method::POST, "channels/{channel}/messages") => Some(json!({
            "txn": fixed(95, Txn::new), "epoch": 1, "roster_hash": hash, "suite": 1,
            "class": "message", "target": null, "thread": null, "notify": null, "ttl_s": null,
            "content": {"group": {"session": hash, "msg_index": 0, "ct": Bytes(vec![7; 64])}},
            "c2": hash, "wraps": [], "writes": 1,
        })),
        (Method::POST, "channels/{channel}/shares") => Some(json!({
            "session": hash, "epoch": 1, "roster_hash": hash, "from_index": 0,
            "shared_history": true, "envelopes": [], "withheld": [], "writes": 1,
        })),
        (Method::POST, "channels/{channel}/scrubs") => Some(json!({"messages": []})),
        (Method::POST, "groups") => Some(json!({
            "guild": fixed(96, cloister_wire::GuildId::new), "create": bytes, "add": [bytes],
            "channel": channel, "policy": bytes,
        })),
        (Method::POST, "groups/{guild}/remove") => Some(json!({"user": user})),
        (Method::POST, "channels/{channel}/reports") => {
            Some(json!({"to": "guild", "reason": "spam", "note": "", "messages": []}))
        }
        (Method::POST, "guilds/{guild}/reports/{report}/resolve" | "reports/{report}/resolve") => {
            Some(json!({"resolution": "no_action"}))
        }
        (Method::POST, "dms") => Some(json!({"peer": user})),
        (Method::PUT, "keys") => Some(keys),
        (Method::POST, "keys/claim") => Some(json!({"devices": [device]})),
        (Method::POST, "to-device") => Some(json!({"items": [item]})),
        (Method::POST, "to-device/ack") => Some(json!({"seq": 0, "writes": 1})),
        (Method::POST, "to-device/nack") => Some(json!({"seq": 1, "reason": "no_session"})),
        (method, path) => governance_body(&method, path)
            .unwrap_or_else(|| panic!("{route:?} is not known here: say what body it takes")),
    }
}

/// The same for what governs a guild.
#[expect(clippy::option_option, reason = "known, and without a body")]
#[expect(clippy::too_many_lines, reason = "each route has its line")]
fn governance_body(method: &Method, path: &str) -> Option<Option<Value>> {
    let user = fixed(98, UserId::new);
    let looks = json!({
        "name": "Gardeners", "color": "#4a7c59", "hoisted": true, "mentionable": false,
        "permissions": "0",
    });
    let mut role = looks.clone();
    role["role"] = json!(fixed(90, cloister_wire::RoleId::new));
    let reason = json!({"reason": null});
    let lasting = json!({"reason": null, "for_s": 60});
    Some(Some(match (method.as_str(), path) {
        (
            "POST",
            "guilds/{guild}/audit/export"
            | "operate/security-events/export"
            | "operate/people/{user}/reset",
        ) => return Some(None),
        ("POST", "operate/people/{user}") => json!({"deed": "unlock"}),
        ("POST", "account-applications") => json!({
            "username": "eve", "display_name": "Eve", "address": null, "answers": [],
        }),
        ("POST", "operate/account-applications/{application}/approve") => json!({"by": "password"}),
        ("POST", "operate/account-applications/{application}/reject") => json!({"reason": ""}),
        ("POST", "operate/mail/test") => json!({"to": "trent@example.org"}),
        ("PUT", "operate/policy") => json!({"registration": null, "second_factor": null}),
        ("POST", "guilds/{guild}/roles") => role,
        ("PUT", "guilds/{guild}/roles/{role}") => looks,
        ("PUT", "guilds/{guild}/roles/{role}/position") => json!({"position": 1}),
        ("PUT", "guilds/{guild}/roles/{role}/automatic") => {
            json!({"automatic": {"when": "joined"}, "op": Bytes(vec![1, 2, 3])})
        }
        ("PUT", "guilds/{guild}/roles/{role}/constraints") => json!({
            "constraints": {
                "second_factor": true, "verified_device": false, "expires_at": null,
                "hours": null, "networks": [],
            },
            "excludes": [],
        }),
        ("POST", "guilds/{guild}/emoji") => json!({
            "emoji": fixed(90, cloister_wire::EmojiId::new), "name": "boat",
            "picture": Bytes(PNG.to_vec()),
        }),
        ("PUT", "guilds/{guild}/emoji/{emoji}") => json!({"name": "canoe"}),
        ("PUT", "guilds/{guild}/everyone") => json!({"permissions": "3"}),
        ("PUT", "guilds/{guild}/members/{user}/roles") => json!({"roles": [], "reason": null}),
        ("PUT", "guilds/{guild}/overwrites") => json!({
            "place": {"place": "channel", "channel": fixed(97, cloister_wire::ChannelId::new)},
            "subject": {"subject": "everyone"}, "allow": "0", "deny": "2",
        }),
        ("POST", "guilds/{guild}/owner") => {
            json!({"to": user, "password": "vivid otter climbs nine", "op": Bytes(vec![1])})
        }
        ("PUT", "guilds/{guild}") => json!({"name": "Orchard"}),
        ("POST", "guilds/{guild}/categories") => {
            json!({"category": fixed(89, cloister_wire::CategoryId::new), "name": "Beds"})
        }
        ("PUT", "guilds/{guild}/categories/{category}") => json!({"name": "x", "position": 0}),
        ("PUT", "channels/{channel}") => json!({"name": "x", "topic": "", "slow_mode_s": 0}),
        ("PUT", "channels/{channel}/retention" | "guilds/{guild}/retention") => json!({"days": 30}),
        ("PUT", "channels/{channel}/position") => json!({"category": null, "position": 0}),
        (
            "POST",
            "guilds/{guild}/members/{user}/kick"
            | "guilds/{guild}/bans/{user}/lift"
            | "guilds/{guild}/members/{user}/quarantine/lift"
            | "guilds/{guild}/applications/{user}/decline",
        )
        | (
            "PUT",
            "guilds/{guild}/members/{user}/quarantine" | "guilds/{guild}/members/{user}/settled",
        ) => reason,
        ("PUT", "guilds/{guild}/members/{user}/timeout" | "guilds/{guild}/bans/{user}") => lasting,
        ("POST", "guilds/{guild}/bans") => {
            json!({"users": [user], "reason": null, "for_s": 0, "delete_s": 60})
        }
        ("PUT", "guilds/{guild}/invites/{code}") => json!({"gate": "closed"}),
        ("PUT", "guilds/{guild}/gate") => json!({
            "joins": "open", "invites": "open", "newcomer_s": 0, "reason": null,
        }),
        ("PUT", "guilds/{guild}/members/{user}/nickname") => {
            json!({"nickname": "Fern", "reason": null})
        }
        ("PUT", "guilds/{guild}/icon" | "guilds/{guild}/banner") => json!({"picture": null}),
        ("PUT", "operate/questions" | "guilds/{guild}/questions") => json!({"questions": []}),
        ("POST", "invites/{code}/application") => json!({"answers": ["Because."]}),
        ("POST", "guilds/{guild}/applications/{user}/approve") => json!({"op": Bytes(vec![1])}),
        ("PUT", "guilds/{guild}/rules") => json!({"rules": null}),
        ("POST", "guilds/{guild}/rules/accept") => json!({"rules": "Be kind."}),
        ("POST", "channels/{channel}/request") => json!({"answer": "accept"}),
        ("PUT", "relations/{user}") => json!({"relation": "muted"}),
        ("PUT", "guilds/{guild}/reports/{report}" | "reports/{report}") => {
            json!({"claim": "take", "finding": null})
        }
        ("PUT", "unreadable") => json!({"counts": [{"cause": "replayed", "count": 1}]}),
        ("POST", "guilds/{guild}/presences") => json!({"users": [user]}),
        ("PUT", "contact") => json!({"who": "friends"}),
        _ => return None,
    }))
}

#[tokio::test]
async fn every_route_opens_for_whom_it_is_and_for_nobody_else() {
    let mut outcomes = String::new();
    for route in table() {
        let stage = Stage::open_sqlite(config()).await;
        let scene = Scene::set(&stage).await;
        write!(outcomes, "{} {}\n   ", route.method, route.path).unwrap();
        for who in CAST {
            let answer = scene.ask(&stage, &route, who).await;
            let code = answer.code();
            assert_ne!(code, "INTERNAL", "{who:?} at {route:?}");
            match door(route.who, who) {
                Some(expected) => assert_eq!(code, expected, "{who:?} at {route:?}"),
                None => assert!(
                    !is_door(route.who, code),
                    "{who:?} was stopped at {route:?}: {}",
                    answer.body
                ),
            }
            write!(outcomes, " {who:?}={}", answer.status.as_u16()).unwrap();
        }
        outcomes += "\n";
    }
    insta::assert_snapshot!(outcomes);
}

#[tokio::test]
async fn what_is_hidden_is_answered_like_what_is_not_there() {
    on_every_database(async |stage| {
        let scene = Scene::set(stage).await;
        for path in ["guilds/{}", "guilds/{}/members", "guilds/{}/log"] {
            let real = format!(
                "/api/v1/{}",
                path.replace("{}", &scene.guild.id.to_string())
            );
            let none = fixed(50, cloister_wire::GuildId::new).to_string();
            let none = format!("/api/v1/{}", path.replace("{}", &none));
            let hidden = stage.get(&real).bearing(&scene.outsider).send().await;
            let absent = stage.get(&none).bearing(&scene.outsider).send().await;
            assert_eq!((hidden.status, hidden.body), (absent.status, absent.body));
        }
    })
    .await;
}
