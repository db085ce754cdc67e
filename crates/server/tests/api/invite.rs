//! Invitations to guilds.

use serde_json::json;

use crate::cast::{on_every_database, person::Person};

#[tokio::test]
async fn anybody_with_the_code_sees_where_it_leads() {
    on_every_database(async |stage| {
        let alice = Person::invited(stage, "alice", 1).await;
        let guild = alice.create_guild(stage, 9).await;
        alice.invite(stage, &guild, "welcome-all", 0).await;
        let preview = stage
            .get("/api/v1/invites/welcome-all")
            .send()
            .await
            .expect(200);
        assert_eq!(preview["guild_name"], "Garden");
        assert_eq!(preview["inviter_name"], "alice");
        assert_eq!(preview["members"], 1);
        stage
            .get("/api/v1/invites/unknown-code")
            .send()
            .await
            .refused(404, "INVITE_INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_guilds_invitation_admits_to_the_instance_too() {
    on_every_database(async |stage| {
        let alice = Person::invited(stage, "alice", 1).await;
        let guild = alice.create_guild(stage, 9).await;
        let link = alice.invite(stage, &guild, "welcome-bob", 1).await;
        let admission = json!({"invite": {"code": link.code}});
        let mut bob = Person::new("bob", 2);
        bob.register(stage, admission.clone()).await;
        // One use is one account and one member.
        let carol = Person::new("carol", 3).registration(&admission);
        stage
            .post("/api/v1/accounts")
            .json(carol)
            .send()
            .await
            .refused(410, "INVITE_USED_UP");
        bob.join(stage, &guild, &link).await.expect(201);
        let dave = Person::invited(stage, "dave", 4).await;
        dave.join(stage, &guild, &link)
            .await
            .refused(410, "INVITE_USED_UP");
    })
    .await;
}

#[tokio::test]
async fn a_join_with_anothers_signature_is_refused_and_spends_nothing() {
    on_every_database(async |stage| {
        let alice = Person::invited(stage, "alice", 1).await;
        let bob = Person::invited(stage, "bob", 2).await;
        let eve = Person::invited(stage, "eve", 5).await;
        let guild = alice.create_guild(stage, 9).await;
        let link = alice.invite(stage, &guild, "welcome-one", 1).await;
        let stolen = stage
            .post("/api/v1/invites/welcome-one/join")
            .bearing(&eve.device.access)
            .json(bob.joining(&guild, &link))
            .send()
            .await;
        assert_eq!(stolen.status.as_u16(), 422, "{}", stolen.body);
        bob.join(stage, &guild, &link).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn an_invitation_must_say_what_was_signed() {
    on_every_database(async |stage| {
        let alice = Person::invited(stage, "alice", 1).await;
        let guild = alice.create_guild(stage, 9).await;
        let path = format!("/api/v1/guilds/{}/invites", guild.id);
        let (good, _) = alice.invitation(&guild, "welcome-all", 5);
        let (other, _) = alice.invitation(&guild, "welcome-all", 0);
        let mut mixed = good.clone();
        mixed["cert"] = other["cert"].clone();
        let mut renamed = good.clone();
        renamed["code"] = json!("another-code");
        let mut short = good.clone();
        short["code"] = json!("x");
        for (body, status, code) in [
            (mixed, 422, "OP_INVALID"),
            (renamed, 422, "OP_INVALID"),
            (short, 422, "INVALID"),
        ] {
            let ask = stage.post(&path).bearing(&alice.device.access).json(body);
            ask.send().await.refused(status, code);
        }
        let log = stage.get(&format!("/api/v1/guilds/{}", guild.id));
        let log = log.bearing(&alice.device.access).send().await.expect(200);
        assert_eq!(log["log_seq"], 2);
        stage
            .post(&path)
            .bearing(&alice.device.access)
            .json(good)
            .send()
            .await
            .expect(201);
    })
    .await;
}

#[tokio::test]
async fn an_ended_invitation_admits_nobody() {
    on_every_database(async |stage| {
        let alice = Person::invited(stage, "alice", 1).await;
        let bob = Person::invited(stage, "bob", 2).await;
        let guild = alice.create_guild(stage, 9).await;
        let link = alice.invite(stage, &guild, "welcome-all", 0).await;
        let path = format!("/api/v1/guilds/{}/invites", guild.id);
        let list = stage
            .get(&path)
            .bearing(&alice.device.access)
            .send()
            .await
            .expect(200);
        assert_eq!(list["invites"][0]["code"], "welcome-all");
        let end = format!("{path}/welcome-all/end");
        let ending = alice.ending(&guild, "welcome-all");
        stage
            .post(&end)
            .bearing(&alice.device.access)
            .json(&ending)
            .send()
            .await
            .expect(200);
        let again = stage
            .post(&end)
            .bearing(&alice.device.access)
            .json(&ending)
            .send()
            .await;
        again.refused(404, "NOT_FOUND");
        bob.join(stage, &guild, &link)
            .await
            .refused(404, "INVITE_INVALID");
        let list = stage
            .get(&path)
            .bearing(&alice.device.access)
            .send()
            .await
            .expect(200);
        assert_eq!(list["invites"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn members_see_their_own_invitations_and_the_owner_sees_all() {
    on_every_database(async |stage| {
        let alice = Person::invited(stage, "alice", 1).await;
        let bob = Person::invited(stage, "bob", 2).await;
        let guild = alice.create_guild(stage, 9).await;
        let link = alice.invite(stage, &guild, "by-alice", 0).await;
        bob.join(stage, &guild, &link).await.expect(201);
        bob.invite(stage, &guild, "by-bob-1", 0).await;
        let path = format!("/api/v1/guilds/{}/invites", guild.id);
        let codes = async |person: &Person| {
            let list = stage
                .get(&path)
                .bearing(&person.device.access)
                .send()
                .await
                .expect(200);
            let list = list["invites"].as_array().unwrap().iter();
            list.map(|one| one["code"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(codes(&alice).await.len(), 2);
        assert_eq!(codes(&bob).await, ["by-bob-1"]);
    })
    .await;
}

#[tokio::test]
async fn one_person_makes_so_many_invitations_in_an_hour() {
    on_every_database(async |stage| {
        let alice = Person::invited(stage, "alice", 1).await;
        let guild = alice.create_guild(stage, 9).await;
        let path = format!("/api/v1/guilds/{}/invites", guild.id);
        let make = async |number: u32| {
            let (body, _) = alice.invitation(&guild, &format!("welcome-{number}"), 0);
            let ask = stage.post(&path).bearing(&alice.device.access);
            ask.json(&body).send().await
        };
        for number in 0..120 {
            make(number).await.expect(201);
        }
        make(120).await.refused(429, "RATE_LIMITED");
        stage.wait(60 * 60_000);
        let known = alice.known(stage, &alice.device).await;
        let again = alice.sign_in(stage, known).await.expect(201);
        let access = again["tokens"]["access_token"].as_str().unwrap();
        let (body, _) = alice.invitation(&guild, "welcome-120", 0);
        let ask = stage.post(&path).bearing(access);
        ask.json(&body).send().await.expect(201);
    })
    .await;
}
