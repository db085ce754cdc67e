//! Guilds and their members.

use serde_json::json;

use crate::cast::{
    Stage, on_every_database,
    person::{Guild, Person},
};

async fn members(stage: &Stage, guild: &Guild, asker: &Person) -> Vec<String> {
    let path = format!("/api/v1/guilds/{}/members", guild.id);
    let answer = stage
        .get(&path)
        .bearing(&asker.device.access)
        .send()
        .await
        .expect(200);
    let members = answer["members"].as_array().unwrap();
    members
        .iter()
        .map(|member| member["username"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn whoever_makes_a_guild_owns_it_and_sees_its_channel() {
    on_every_database(async |stage| {
        let alice = Person::invited(stage, "alice", 1).await;
        let guild = alice.create_guild(stage, 9).await;
        let list = stage
            .get("/api/v1/guilds")
            .bearing(&alice.device.access)
            .send()
            .await
            .expect(200);
        let view = &list["guilds"][0];
        assert_eq!(view["owner"], json!(alice.id));
        assert_eq!(view["my_permissions"], "18446744073709551615");
        assert_eq!(view["log_seq"], 2);
        assert_eq!(view["channels"][0]["id"], json!(guild.channel));
        assert_eq!(view["channels"][0]["epoch"], 1);
        assert_eq!(members(stage, &guild, &alice).await, ["alice"]);
    })
    .await;
}

#[tokio::test]
async fn a_guild_that_was_signed_for_another_id_is_not_made() {
    on_every_database(async |stage| {
        let alice = Person::invited(stage, "alice", 1).await;
        alice.create_guild(stage, 9).await;
        let bob = Person::invited(stage, "bob", 2).await;
        let path = "/api/v1/guilds";
        let body = json!({
            "guild": crate::cast::person::fixed(10, cloister_wire::GuildId::new), "name": "Other",
            "create": cloister_wire::Bytes(vec![0xa0]),
            "channel": {"channel": crate::cast::person::fixed(11, cloister_wire::ChannelId::new),
                "name": "general", "policy": cloister_wire::Bytes(vec![])},
        });
        let answer = stage
            .post(path)
            .bearing(&bob.device.access)
            .json(body)
            .send()
            .await;
        answer.refused(400, "MALFORMED");
        let list = stage
            .get(path)
            .bearing(&bob.device.access)
            .send()
            .await
            .expect(200);
        assert_eq!(list["guilds"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_member_joins_by_link_leaves_and_joins_again() {
    on_every_database(async |stage| {
        let alice = Person::invited(stage, "alice", 1).await;
        let bob = Person::invited(stage, "bob", 2).await;
        let mut guild = alice.create_guild(stage, 9).await;
        let link = alice.invite(stage, &guild, "welcome-all", 0).await;
        let joined = bob.join(stage, &guild, &link).await.expect(201);
        assert_eq!(joined["guild"]["access_version"], 2);
        assert_eq!(joined["guild"]["member_count"], 2);
        assert_eq!(joined["guild"]["channels"][0]["epoch"], 2);
        assert_eq!(members(stage, &guild, &bob).await, ["alice", "bob"]);
        bob.join(stage, &guild, &link)
            .await
            .refused(409, "ALREADY_MEMBER");

        let path = format!("/api/v1/guilds/{}/leave", guild.id);
        stage
            .post(&path)
            .bearing(&bob.device.access)
            .send()
            .await
            .expect(204);
        stage
            .post(&path)
            .bearing(&bob.device.access)
            .send()
            .await
            .refused(404, "NOT_FOUND");
        assert_eq!(members(stage, &guild, &alice).await, ["alice"]);

        // The join from before says nothing any more; one that knows of the leaving does.
        bob.join(stage, &guild, &link)
            .await
            .refused(422, "OP_INVALID");
        let preview = stage
            .get(&format!("/api/v1/invites/{}", link.code))
            .send()
            .await
            .expect(200);
        guild.log = crate::cast::person::position(&preview["log"]);
        bob.join(stage, &guild, &link).await.expect(201);
        assert_eq!(members(stage, &guild, &alice).await, ["alice", "bob"]);
    })
    .await;
}

#[tokio::test]
async fn members_come_in_pages() {
    on_every_database(async |stage| {
        let alice = Person::invited(stage, "alice", 1).await;
        let guild = alice.create_guild(stage, 9).await;
        let link = alice.invite(stage, &guild, "welcome-all", 0).await;
        let mut names = vec!["alice".to_owned()];
        for (name, number) in [("bob", 2), ("carol", 3), ("dave", 4)] {
            let person = Person::invited(stage, name, number).await;
            person.join(stage, &guild, &link).await.expect(201);
            names.push(name.to_owned());
        }
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/guilds/{}/members?limit=3{after}", guild.id);
            let page = stage
                .get(&path)
                .bearing(&alice.device.access)
                .send()
                .await
                .expect(200);
            for member in page["members"].as_array().unwrap() {
                seen.push(member["username"].as_str().unwrap().to_owned());
                after = format!("&after={}", member["user"].as_str().unwrap());
            }
            if page["end"] == true {
                break;
            }
        }
        assert_eq!(seen, names);
    })
    .await;
}

#[tokio::test]
async fn the_owner_stays() {
    on_every_database(async |stage| {
        let alice = Person::invited(stage, "alice", 1).await;
        let guild = alice.create_guild(stage, 9).await;
        let path = format!("/api/v1/guilds/{}/leave", guild.id);
        let answer = stage.post(&path).bearing(&alice.device.access).send().await;
        answer.refused(409, "OWNER_MUST_STAY");
    })
    .await;
}

#[tokio::test]
async fn the_owner_deletes_a_guild_with_everything_in_it() {
    on_every_database(async |stage| {
        let alice = Person::invited(stage, "alice", 1).await;
        let bob = Person::invited(stage, "bob", 2).await;
        let guild = alice.create_guild(stage, 9).await;
        let link = alice.invite(stage, &guild, "welcome-bob", 1).await;
        bob.join(stage, &guild, &link).await.expect(201);
        let path = format!("/api/v1/guilds/{}", guild.id);
        stage
            .delete(&path)
            .bearing(&bob.device.access)
            .send()
            .await
            .refused(403, "FORBIDDEN");
        stage
            .delete(&path)
            .bearing(&alice.device.access)
            .send()
            .await
            .expect(204);
        stage
            .get(&path)
            .bearing(&bob.device.access)
            .send()
            .await
            .refused(404, "NOT_FOUND");
        let gone = stage.get("/api/v1/invites/welcome-bob").send().await;
        gone.refused(404, "INVITE_INVALID");
    })
    .await;
}
