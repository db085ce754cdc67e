//! Terms of roles: given by itself, counting only under conditions, never held together.

use std::num::NonZero;

use cloister_proof::guild_log::{LogRights, OpBody, Position, RoleHeld};
use cloister_server::jobs;
use cloister_wire::{Bytes, Permissions, RoleId, gateway::Event, permission::Place, role::Terms};
use serde_json::{Value, json};

use super::{
    guild_log::log_head,
    role::{create, promote, set_roles, view},
};
use crate::cast::{
    Answer, Stage, config, guard,
    live::Live,
    on_every_database,
    person::{Guild, Person, fixed},
    play,
    talk::two,
};

const DAY_MS: u64 = 24 * 60 * 60_000;

async fn put(stage: &Stage, by: &Person, path: &str, body: Value) -> Answer {
    let ask = stage.put(path).bearing(&by.device.access).json(body);
    ask.send().await
}

/// What `by` signs of how a role is held.
async fn signed(stage: &Stage, by: &Person, guild: &Guild, role: RoleId, held: RoleHeld) -> Bytes {
    let after: Position = crate::cast::person::position(&log_head(stage, by, guild).await);
    let rights = LogRights::NONE;
    let body = OpBody::Role { role, rights, held };
    by.op(guild.id, after, body, &[])
}

async fn automatic(
    stage: &Stage,
    by: &Person,
    guild: &Guild,
    role: RoleId,
    (when, op): (Value, Option<Bytes>),
) -> Answer {
    let path = format!("/api/v1/guilds/{}/roles/{role}/automatic", guild.id);
    put(stage, by, &path, json!({"automatic": when, "op": op})).await
}

fn nothing() -> Value {
    json!({
        "second_factor": false, "verified_device": false, "expires_at": null, "hours": null,
        "networks": [],
    })
}

async fn constrain(
    stage: &Stage,
    by: &Person,
    guild: &Guild,
    role: RoleId,
    (name, value): (&str, Value),
) -> Answer {
    let mut constraints = nothing();
    let mut excludes = json!([]);
    match name {
        "excludes" => excludes = value,
        _ => constraints[name] = value,
    }
    let path = format!("/api/v1/guilds/{}/roles/{role}/constraints", guild.id);
    let body = json!({"constraints": constraints, "excludes": excludes});
    put(stage, by, &path, body).await
}

async fn rename(stage: &Stage, by: &Person, guild: &Guild) -> Answer {
    let path = format!("/api/v1/guilds/{}", guild.id);
    put(stage, by, &path, json!({"name": "Orchard"})).await
}

async fn roles_of(stage: &Stage, who: &Person, guild: &Guild) -> Vec<RoleId> {
    let seen = view(stage, who, guild).await;
    serde_json::from_value(seen["my_roles"].clone()).unwrap()
}

async fn decides(stage: &Stage, who: &Person, guild: &Guild) -> Value {
    let path = format!(
        "/api/v1/guilds/{}/explain?user={}&right=manage_guild",
        guild.id, who.id
    );
    let ask = stage.get(&path).bearing(&who.device.access);
    let explained = ask.send().await.expect(200);
    explained["explanation"]["decided_by"].clone()
}

#[tokio::test]
async fn a_role_is_given_to_whoever_joins_once_a_member_signed_that_it_is() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let role = fixed(0x61, RoleId::new);
        create(stage, &alice, &guild, role, Permissions::MENTION_EVERYONE)
            .await
            .expect(201);
        let joined = || json!({"when": "joined"});
        // The server alone may not.
        automatic(stage, &alice, &guild, role, (joined(), None))
            .await
            .refused(422, "OP_INVALID");
        let wrong = signed(stage, &alice, &guild, role, RoleHeld::ByGrant).await;
        automatic(stage, &alice, &guild, role, (joined(), Some(wrong)))
            .await
            .refused(422, "OP_INVALID");
        assert_eq!(roles_of(stage, &bob, &guild).await, []);
        let op = signed(stage, &alice, &guild, role, RoleHeld::ByVouched).await;
        automatic(stage, &bob, &guild, role, (joined(), Some(op.clone())))
            .await
            .refused(403, "FORBIDDEN");
        automatic(stage, &alice, &guild, role, (joined(), Some(op)))
            .await
            .expect(204);
        // Who is here is given it too, and who comes at once.
        assert_eq!(roles_of(stage, &bob, &guild).await, [role]);
        let link = alice.invite(stage, &guild, "second-one", 0).await;
        let dave = Person::invited(stage, "dave", 4).await;
        let came = dave.join(stage, &guild, &link).await.expect(201);
        assert_eq!(came["guild"]["my_roles"], json!([role]));
        // What was taken away stays away.
        set_roles(stage, &alice, &guild, &bob, &[])
            .await
            .expect(200);
        jobs::keep_terms(&stage.app, stage.now()).await.unwrap();
        assert_eq!(roles_of(stage, &bob, &guild).await, []);
        let log = stage.get(&format!(
            "/api/v1/guilds/{}/audit?action=role.automatic",
            guild.id
        ));
        let log = log.bearing(&alice.device.access).send().await.expect(200);
        assert_eq!(log["entries"].as_array().unwrap().len(), 1);
        // By hand again, which takes a signature too.
        automatic(stage, &alice, &guild, role, (Value::Null, None))
            .await
            .refused(422, "OP_INVALID");
        let op = signed(stage, &alice, &guild, role, RoleHeld::ByGrant).await;
        automatic(stage, &alice, &guild, role, (Value::Null, Some(op)))
            .await
            .expect(204);
    })
    .await;
}

#[tokio::test]
async fn a_role_is_given_after_some_days_and_after_the_rules() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let [old, agreed] = [0x61, 0x62].map(|number| fixed(number, RoleId::new));
        for role in [old, agreed] {
            create(stage, &alice, &guild, role, Permissions::NONE)
                .await
                .expect(201);
        }
        let rules = format!("/api/v1/guilds/{}/rules", guild.id);
        put(stage, &alice, &rules, json!({"rules": "Be kind."}))
            .await
            .expect(204);
        let op = signed(stage, &alice, &guild, agreed, RoleHeld::ByVouched).await;
        automatic(
            stage,
            &alice,
            &guild,
            agreed,
            (json!({"when": "agreed"}), Some(op)),
        )
        .await
        .expect(204);
        let op = signed(stage, &alice, &guild, old, RoleHeld::ByVouched).await;
        for days in [0, 3_651] {
            let when = json!({"when": "stayed", "days": days});
            automatic(stage, &alice, &guild, old, (when, Some(op.clone())))
                .await
                .refused(422, "INVALID");
        }
        let when = json!({"when": "stayed", "days": 2});
        automatic(stage, &alice, &guild, old, (when, Some(op)))
            .await
            .expect(204);
        assert_eq!(roles_of(stage, &bob, &guild).await, []);
        let accept = stage.post(&format!("{rules}/accept"));
        let accept = accept.bearing(&bob.device.access);
        accept
            .json(json!({"rules": "Be kind."}))
            .send()
            .await
            .expect(204);
        assert_eq!(roles_of(stage, &bob, &guild).await, [agreed]);
        stage.wait(2 * DAY_MS);
        let bob = again(stage, bob).await;
        jobs::keep_terms(&stage.app, stage.now()).await.unwrap();
        assert_eq!(roles_of(stage, &bob, &guild).await, [old, agreed]);
    })
    .await;
}

/// Signs in anew, because time has passed.
async fn again(stage: &Stage, mut who: Person) -> Person {
    let known = who.known(stage, &who.device).await;
    let answer = who.sign_in(stage, known).await.expect(201);
    answer["tokens"]["access_token"]
        .as_str()
        .unwrap()
        .clone_into(&mut who.device.access);
    who
}

#[tokio::test]
async fn nothing_dangerous_is_given_by_itself() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let [strong, weak] = [0x61, 0x62].map(|number| fixed(number, RoleId::new));
        create(stage, &alice, &guild, strong, Permissions::KICK_MEMBERS)
            .await
            .expect(201);
        create(stage, &alice, &guild, weak, Permissions::NONE)
            .await
            .expect(201);
        let joined = || json!({"when": "joined"});
        let op = signed(stage, &alice, &guild, strong, RoleHeld::ByVouched).await;
        automatic(stage, &alice, &guild, strong, (joined(), Some(op)))
            .await
            .refused(422, "AUTOMATIC_TOO_STRONG");
        let op = signed(stage, &alice, &guild, weak, RoleHeld::ByVouched).await;
        automatic(stage, &alice, &guild, weak, (joined(), Some(op)))
            .await
            .expect(204);
        let path = format!("/api/v1/guilds/{}/roles/{weak}", guild.id);
        let looks = json!({
            "name": "x", "color": null, "hoisted": false, "mentionable": false,
            "permissions": Permissions::BAN_MEMBERS,
        });
        put(stage, &alice, &path, looks)
            .await
            .refused(422, "AUTOMATIC_TOO_STRONG");
        let place = Place::Channel {
            channel: guild.channel,
        };
        let overwrite = json!({
            "place": place, "subject": {"subject": "role", "role": weak},
            "allow": Permissions::MANAGE_MESSAGES, "deny": Permissions::NONE,
        });
        let path = format!("/api/v1/guilds/{}/overwrites", guild.id);
        put(stage, &alice, &path, overwrite)
            .await
            .refused(422, "AUTOMATIC_TOO_STRONG");
        // The signed log is not turned around behind the server's back.
        let op = signed(stage, &alice, &guild, weak, RoleHeld::ByGrant).await;
        let log = stage.post(&format!("/api/v1/guilds/{}/log", guild.id));
        let log = log.bearing(&alice.device.access).json(json!({"op": op}));
        log.send().await.refused(422, "OP_INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_role_that_asks_for_a_second_factor_counts_from_the_moment_there_is_one() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let role = promote(
            stage,
            &alice,
            &guild,
            0x61,
            (&bob, Permissions::MANAGE_GUILD),
        )
        .await;
        rename(stage, &bob, &guild).await.expect(204);
        constrain(stage, &alice, &guild, role, ("second_factor", json!(true)))
            .await
            .expect(204);
        rename(stage, &bob, &guild)
            .await
            .refused(403, "ROLE_CONSTRAINED");
        let step = json!({"step": "constrained", "role": role, "constraint": "second_factor"});
        assert_eq!(decides(stage, &bob, &guild).await, step);
        let seen = view(stage, &bob, &guild).await;
        let rights: Permissions = serde_json::from_value(seen["my_permissions"].clone()).unwrap();
        assert!(!rights.contains(Permissions::MANAGE_GUILD));
        guard::enable(stage, &bob.device.access).await;
        rename(stage, &bob, &guild).await.expect(204);
        let step = json!({"step": "role", "role": role});
        assert_eq!(decides(stage, &bob, &guild).await, step);
    })
    .await;
}

#[tokio::test]
async fn a_role_runs_out_and_its_guild_hears_of_it() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let role = promote(
            stage,
            &alice,
            &guild,
            0x61,
            (&bob, Permissions::MANAGE_GUILD),
        )
        .await;
        let past = json!(stage.now());
        constrain(stage, &alice, &guild, role, ("expires_at", past))
            .await
            .refused(422, "INVALID");
        let soon = json!(stage.now() + 60_000);
        constrain(stage, &alice, &guild, role, ("expires_at", soon))
            .await
            .expect(204);
        rename(stage, &bob, &guild).await.expect(204);
        let live = Live::of(stage).await;
        let (mut line, _) = live.join(&bob.device).await;
        let before = stage.now();
        jobs::keep_terms(&stage.app, before).await.unwrap();
        stage.wait(60_000);
        rename(stage, &bob, &guild)
            .await
            .refused(403, "ROLE_CONSTRAINED");
        jobs::keep_terms(&stage.app, before).await.unwrap();
        let (_, event) = line.event().await;
        assert!(matches!(event, Event::GuildChanged { guild: told, .. } if told == guild.id));
    })
    .await;
}

#[tokio::test]
async fn a_role_counts_from_its_networks_and_from_devices_that_another_one_approved() {
    let mut config = config();
    config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    config.limits.requests = NonZero::new(100_000).unwrap();
    play(config, async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let role = promote(
            stage,
            &alice,
            &guild,
            0x61,
            (&bob, Permissions::MANAGE_GUILD),
        )
        .await;
        let home = json!(["203.0.113.0/24"]);
        constrain(stage, &alice, &guild, role, ("networks", home))
            .await
            .expect(204);
        let from = async |address: &str| {
            let ask = stage.put(&format!("/api/v1/guilds/{}", guild.id));
            let ask = ask
                .bearing(&bob.device.access)
                .header("x-forwarded-for", address);
            ask.json(json!({"name": "Orchard"})).send().await
        };
        from("203.0.113.7").await.expect(204);
        from("198.51.100.7").await.refused(403, "ROLE_CONSTRAINED");
        rename(stage, &bob, &guild)
            .await
            .refused(403, "ROLE_CONSTRAINED");
        constrain(
            stage,
            &alice,
            &guild,
            role,
            ("networks", json!(["the office"])),
        )
        .await
        .refused(400, "MALFORMED");
        // The account began with this device, which is as good as approved.
        constrain(
            stage,
            &alice,
            &guild,
            role,
            ("verified_device", json!(true)),
        )
        .await
        .expect(204);
        rename(stage, &bob, &guild).await.expect(204);
        let mut bob = bob.clone();
        let phone = guard::second_device(stage, &mut bob, 12).await;
        let ask = stage.put(&format!("/api/v1/guilds/{}", guild.id));
        let ask = ask.bearing(&phone.access).json(json!({"name": "Orchard"}));
        ask.send().await.expect(204);
    })
    .await;
}

#[tokio::test]
async fn nobody_holds_two_roles_that_exclude_each_other() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let [one, other] = [0x61, 0x62].map(|number| fixed(number, RoleId::new));
        for role in [one, other] {
            create(stage, &alice, &guild, role, Permissions::NONE)
                .await
                .expect(201);
        }
        let excludes = |role: RoleId| ("excludes", json!([role]));
        constrain(stage, &alice, &guild, one, excludes(one))
            .await
            .refused(422, "INVALID");
        set_roles(stage, &alice, &guild, &bob, &[one, other])
            .await
            .expect(200);
        constrain(stage, &alice, &guild, one, excludes(other))
            .await
            .refused(409, "ROLES_EXCLUDE");
        set_roles(stage, &alice, &guild, &bob, &[one])
            .await
            .expect(200);
        constrain(stage, &alice, &guild, one, excludes(other))
            .await
            .expect(204);
        set_roles(stage, &alice, &guild, &bob, &[one, other])
            .await
            .refused(409, "ROLES_EXCLUDE");
        assert_eq!(roles_of(stage, &bob, &guild).await, [one]);
        let terms = stage.get(&format!("/api/v1/guilds/{}/terms", guild.id));
        let terms = terms.bearing(&alice.device.access).send().await.expect(200);
        let terms: Terms = serde_json::from_value(terms).unwrap();
        assert!(terms.terms.iter().all(|terms| terms.excludes.len() == 1));
        // What is given by itself keeps to it.
        let op = signed(stage, &alice, &guild, other, RoleHeld::ByVouched).await;
        automatic(
            stage,
            &alice,
            &guild,
            other,
            (json!({"when": "joined"}), Some(op)),
        )
        .await
        .expect(204);
        assert_eq!(roles_of(stage, &bob, &guild).await, [one]);
        assert_eq!(roles_of(stage, &alice, &guild).await, [other]);
    })
    .await;
}

#[tokio::test]
async fn whoever_stands_high_by_a_role_that_does_not_count_acts_on_nobody_above_the_rest() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let link = alice.invite(stage, &guild, "second-one", 0).await;
        let dave = Person::invited(stage, "dave", 4).await;
        dave.join(stage, &guild, &link).await.expect(201);
        let [high, middle, low] = [0x61, 0x62, 0x63].map(|number| fixed(number, RoleId::new));
        create(stage, &alice, &guild, high, Permissions::NONE)
            .await
            .expect(201);
        create(stage, &alice, &guild, middle, Permissions::NONE)
            .await
            .expect(201);
        create(stage, &alice, &guild, low, Permissions::KICK_MEMBERS)
            .await
            .expect(201);
        set_roles(stage, &alice, &guild, &bob, &[high, low])
            .await
            .expect(200);
        set_roles(stage, &alice, &guild, &dave, &[middle])
            .await
            .expect(200);
        constrain(stage, &alice, &guild, high, ("second_factor", json!(true)))
            .await
            .expect(204);
        let kick = async || {
            let path = format!("/api/v1/guilds/{}/members/{}/kick", guild.id, dave.id);
            let ask = stage.post(&path).bearing(&bob.device.access);
            ask.json(json!({"reason": null})).send().await
        };
        kick().await.refused(403, "RANK_TOO_HIGH");
        // Whoever lifts a constraint gives what the role gives: they must have it themselves.
        constrain(stage, &bob, &guild, high, ("second_factor", json!(false)))
            .await
            .refused(403, "FORBIDDEN");
        guard::enable(stage, &bob.device.access).await;
        kick().await.expect(204);
    })
    .await;
}
