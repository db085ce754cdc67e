//! Roles, overwrites, categories: what may be changed by whom, and what follows at once.

use cloister_wire::{CategoryId, Permissions, RoleId};
use serde_json::{Value, json};

use crate::cast::{
    Answer, Stage,
    live::Live,
    on_every_database,
    person::{Guild, Person, fixed},
    race_on_every_database,
    talk::{Voice, two},
};

/// Makes a role with these rights and gives it to somebody.
pub(super) async fn promote(
    stage: &Stage,
    owner: &Person,
    guild: &Guild,
    number: u8,
    (who, rights): (&Person, Permissions),
) -> RoleId {
    let role = fixed(number, RoleId::new);
    create(stage, owner, guild, role, rights).await.expect(201);
    set_roles(stage, owner, guild, who, &[role])
        .await
        .expect(200);
    role
}

pub(super) async fn create(
    stage: &Stage,
    by: &Person,
    guild: &Guild,
    role: RoleId,
    rights: Permissions,
) -> Answer {
    let body = json!({
        "role": role, "name": "Gardeners", "color": "#4A7C59", "hoisted": true,
        "mentionable": true, "permissions": rights,
    });
    let path = format!("/api/v1/guilds/{}/roles", guild.id);
    let ask = stage.post(&path).bearing(&by.device.access).json(body);
    ask.send().await
}

pub(super) async fn set_roles(
    stage: &Stage,
    by: &Person,
    guild: &Guild,
    who: &Person,
    roles: &[RoleId],
) -> Answer {
    let path = format!("/api/v1/guilds/{}/members/{}/roles", guild.id, who.id);
    let ask = stage.put(&path).bearing(&by.device.access);
    ask.json(json!({"roles": roles, "reason": "spring"}))
        .send()
        .await
}

async fn put(stage: &Stage, by: &Person, path: String, body: Value) -> Answer {
    let ask = stage.put(&path).bearing(&by.device.access).json(body);
    ask.send().await
}

fn overwrite(guild: &Guild, subject: &Value, allow: Permissions, deny: Permissions) -> Value {
    json!({
        "place": {"place": "channel", "channel": guild.channel}, "subject": subject,
        "allow": allow, "deny": deny,
    })
}

pub(super) async fn view(stage: &Stage, person: &Person, guild: &Guild) -> Value {
    let path = format!("/api/v1/guilds/{}", guild.id);
    let ask = stage.get(&path).bearing(&person.device.access);
    ask.send().await.expect(200)
}

fn positions(view: &Value) -> Vec<u64> {
    let roles = view["roles"].as_array().unwrap();
    roles
        .iter()
        .map(|role| role["position"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn a_role_gives_its_rights_to_whoever_holds_it_and_to_nobody_else() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let role = fixed(0x61, RoleId::new);
        let by_bob = create(stage, &bob, &guild, role, Permissions::NONE).await;
        by_bob.refused(403, "FORBIDDEN");
        promote(
            stage,
            &alice,
            &guild,
            0x61,
            (&bob, Permissions::MANAGE_GUILD),
        )
        .await;
        let seen = view(stage, &bob, &guild).await;
        assert_eq!(seen["my_roles"], json!([role]));
        assert_eq!(seen["roles"][0]["color"], "#4a7c59");
        let rights: Permissions = serde_json::from_value(seen["my_permissions"].clone()).unwrap();
        assert_eq!(
            rights,
            Permissions::EVERYONE.union(Permissions::MANAGE_GUILD)
        );
        let path = format!("/api/v1/guilds/{}", guild.id);
        let renamed = put(stage, &bob, path.clone(), json!({"name": "Orchard"})).await;
        renamed.expect(204);
        set_roles(stage, &alice, &guild, &bob, &[])
            .await
            .expect(200);
        put(stage, &bob, path, json!({"name": "Bob's"}))
            .await
            .refused(403, "FORBIDDEN");
        assert_eq!(view(stage, &bob, &guild).await["name"], "Orchard");
    })
    .await;
}

#[tokio::test]
async fn nobody_acts_on_an_equal_or_higher_role_or_gives_what_they_lack() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let rights = Permissions::MANAGE_ROLES.union(Permissions::KICK_MEMBERS);
        let low = fixed(0x62, RoleId::new);
        let high = promote(stage, &alice, &guild, 0x61, (&bob, rights)).await;
        create(stage, &alice, &guild, low, Permissions::NONE)
            .await
            .expect(201);
        let looks = |rights: Permissions| {
            json!({"name": "x", "color": null, "hoisted": false, "mentionable": false,
                "permissions": rights})
        };
        let at = |role: RoleId| format!("/api/v1/guilds/{}/roles/{role}", guild.id);
        put(stage, &bob, at(high), looks(Permissions::NONE))
            .await
            .refused(403, "RANK_TOO_HIGH");
        put(stage, &bob, at(low), looks(Permissions::BAN_MEMBERS))
            .await
            .refused(403, "RIGHT_NOT_YOURS");
        put(stage, &bob, at(low), looks(Permissions::KICK_MEMBERS))
            .await
            .expect(200);
        put(
            stage,
            &bob,
            format!("{}/position", at(low)),
            json!({"position": 2}),
        )
        .await
        .refused(403, "RANK_TOO_HIGH");
        set_roles(stage, &bob, &guild, &alice, &[low])
            .await
            .refused(403, "RANK_TOO_HIGH");
        let kick = format!("/api/v1/guilds/{}/members/{}/kick", guild.id, alice.id);
        let ask = stage.post(&kick).bearing(&bob.device.access);
        ask.json(json!({"reason": null}))
            .send()
            .await
            .refused(403, "RANK_TOO_HIGH");
    })
    .await;
}

#[tokio::test]
async fn everyone_holds_nothing_dangerous_on_any_path() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let everyone = format!("/api/v1/guilds/{}/everyone", guild.id);
        let overwrites = format!("/api/v1/guilds/{}/overwrites", guild.id);
        let before = view(stage, &alice, &guild).await["everyone"].clone();
        for (name, bit) in Permissions::NAMED {
            if !Permissions::DANGEROUS.contains(*bit) {
                continue;
            }
            let mixed = bit.union(Permissions::VIEW_CHANNEL);
            put(
                stage,
                &alice,
                everyone.clone(),
                json!({"permissions": mixed}),
            )
            .await
            .refused(422, "DANGEROUS_FOR_EVERYONE");
            let subject = json!({"subject": "everyone"});
            let body = overwrite(&guild, &subject, mixed, Permissions::NONE);
            let answer = put(stage, &alice, overwrites.clone(), body).await;
            assert_eq!(answer.status.as_u16(), 422, "{name}");
        }
        assert_eq!(view(stage, &alice, &guild).await["everyone"], before);
        let unknown = json!({"permissions": Permissions(1 << 60)});
        put(stage, &alice, everyone, unknown)
            .await
            .refused(422, "INVALID");
    })
    .await;
}

#[tokio::test]
async fn whoever_loses_sight_of_a_channel_leaves_its_audience_at_once() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let mut voice = Voice::of(stage, &alice.device, guild.channel).await;
        let before = voice.epoch;
        assert_eq!(voice.roster.len(), 2);
        let path = format!("/api/v1/guilds/{}/overwrites", guild.id);
        let bob_here = json!({"subject": "member", "user": bob.id});
        let hide = overwrite(
            &guild,
            &bob_here,
            Permissions::NONE,
            Permissions::VIEW_CHANNEL,
        );
        put(stage, &alice, path.clone(), hide).await.expect(204);
        let records = voice.records(&voice.epoch_since(before).await);
        assert_eq!(
            records[0].floor,
            before + 1,
            "who is gone may hold old sessions"
        );
        voice.look().await;
        assert_eq!(voice.roster.len(), 1);
        let ask = stage.get(&format!("/api/v1/channels/{}/epoch?since=0", guild.channel));
        ask.bearing(&bob.device.access)
            .send()
            .await
            .refused(404, "NOT_FOUND");
        assert_eq!(view(stage, &bob, &guild).await["channels"], json!([]));
        let show = overwrite(&guild, &bob_here, Permissions::NONE, Permissions::NONE);
        put(stage, &alice, path, show).await.expect(204);
        voice.look().await;
        assert_eq!(voice.roster.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_open_connection_hears_nothing_more_after_its_rights_are_gone() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let live = Live::of(stage).await;
        let (mut line, _) = live.join(&bob.device).await;
        let path = format!("/api/v1/guilds/{}/overwrites", guild.id);
        let bob_here = json!({"subject": "member", "user": bob.id});
        let hide = overwrite(
            &guild,
            &bob_here,
            Permissions::NONE,
            Permissions::VIEW_CHANNEL,
        );
        put(stage, &alice, path, hide).await.expect(204);
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice.say(1).await;
        let path = format!("/api/v1/guilds/{}", guild.id);
        put(stage, &alice, path, json!({"name": "Orchard"}))
            .await
            .expect(204);
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let (_, event) = line.event().await;
            let event = serde_json::to_value(&event).unwrap();
            kinds.push(event["type"].as_str().unwrap().to_owned());
        }
        assert_eq!(kinds, ["guild_changed", "guild_changed"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_reorders_at_once_leave_dense_positions() {
    race_on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let roles: Vec<RoleId> = (0..6).map(|at| fixed(0x60 + at, RoleId::new)).collect();
        for role in &roles {
            create(stage, &alice, &guild, *role, Permissions::NONE)
                .await
                .expect(201);
        }
        let moves = (0..20).map(|at| {
            let path = format!(
                "/api/v1/guilds/{}/roles/{}/position",
                guild.id,
                roles[at % 6]
            );
            put(stage, &alice, path, json!({"position": at * 7 % 6 + 1}))
        });
        for answer in futures_util::future::join_all(moves).await {
            answer.expect(204);
        }
        assert_eq!(
            positions(&view(stage, &alice, &guild).await),
            [6, 5, 4, 3, 2, 1]
        );
        let gone = format!("/api/v1/guilds/{}/roles/{}", guild.id, roles[2]);
        let ask = stage.delete(&gone).bearing(&alice.device.access);
        ask.send().await.expect(204);
        assert_eq!(
            positions(&view(stage, &alice, &guild).await),
            [5, 4, 3, 2, 1]
        );
    })
    .await;
}

#[tokio::test]
async fn a_category_passes_on_what_it_refuses_until_the_channel_moves_out() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let category = fixed(0x71, CategoryId::new);
        let path = format!("/api/v1/guilds/{}/categories", guild.id);
        let ask = stage.post(&path).bearing(&alice.device.access);
        let made = ask
            .json(json!({"category": category, "name": "Staff"}))
            .send();
        made.await.expect(201);
        let body = json!({
            "place": {"place": "category", "category": category},
            "subject": {"subject": "everyone"}, "allow": "0",
            "deny": Permissions::VIEW_CHANNEL,
        });
        let overwrites = format!("/api/v1/guilds/{}/overwrites", guild.id);
        put(stage, &alice, overwrites, body).await.expect(204);
        let position = format!("/api/v1/channels/{}/position", guild.channel);
        let into = json!({"category": category, "position": 0});
        put(stage, &alice, position.clone(), into).await.expect(204);
        let seen = view(stage, &bob, &guild).await;
        assert_eq!(
            (&seen["channels"], &seen["categories"]),
            (&json!([]), &json!([]))
        );
        let out = json!({"category": null, "position": 0});
        put(stage, &bob, position.clone(), out.clone())
            .await
            .refused(404, "NOT_FOUND");
        put(stage, &alice, position, out).await.expect(204);
        let seen = view(stage, &bob, &guild).await;
        assert_eq!(seen["channels"][0]["id"], json!(guild.channel));
    })
    .await;
}

#[tokio::test]
async fn the_explainer_says_which_step_decides_and_others_are_not_everybodys_business() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let path = format!("/api/v1/guilds/{}/overwrites", guild.id);
        let here = json!({"subject": "everyone"});
        let deny = overwrite(&guild, &here, Permissions::NONE, Permissions::SEND_MESSAGES);
        put(stage, &alice, path, deny).await.expect(204);
        let ask = async |who: &Person, about: &Person| {
            let path = format!(
                "/api/v1/guilds/{}/explain?user={}&channel={}&right=send_messages",
                guild.id, about.id, guild.channel
            );
            stage.get(&path).bearing(&who.device.access).send().await
        };
        let told = ask(&bob, &bob).await.expect(200);
        assert_eq!(told["explanation"]["allowed"], false);
        let decided = &told["explanation"]["decided_by"];
        assert_eq!(decided["step"], "overwrite");
        assert_eq!(decided["decision"], "refuses");
        assert_eq!(
            ask(&alice, &alice).await.expect(200)["explanation"]["decided_by"]["step"],
            "owner"
        );
        ask(&bob, &alice).await.refused(403, "FORBIDDEN");
        let sent = Voice::of(stage, &bob.device, guild.channel).await;
        sent.send(&sent.message(1, 0))
            .await
            .refused(403, "FORBIDDEN");
    })
    .await;
}
