//! The audit log: what stands in it, who sees it, and that tampering is found.

use cloister_proof::AuditCheckpoint;
use cloister_server::operator::verify_audit;
use cloister_wire::{Bytes, Hash, Permissions};
use serde_json::{Value, json};

use super::role::promote;
use crate::cast::{
    Stage, on_every_database,
    person::{Guild, Person},
    talk::two,
};

async fn rename(stage: &Stage, by: &Person, guild: &Guild, name: &str) {
    let path = format!("/api/v1/guilds/{}", guild.id);
    let ask = stage.put(&path).bearing(&by.device.access);
    ask.json(json!({"name": name})).send().await.expect(204);
}

async fn page(stage: &Stage, by: &Person, guild: &Guild, query: &str) -> Value {
    let path = format!("/api/v1/guilds/{}/audit{query}", guild.id);
    let ask = stage.get(&path).bearing(&by.device.access);
    ask.send().await.expect(200)
}

async fn proof(stage: &Stage, by: &Person, guild: &Guild, since: u64) -> (Bytes, Vec<Hash>) {
    let path = format!("/api/v1/guilds/{}/audit/checkpoint?since={since}", guild.id);
    let ask = stage.get(&path).bearing(&by.device.access);
    let answer = ask.send().await.expect(200);
    let read = |name: &str| answer[name].clone();
    (
        serde_json::from_value(read("checkpoint")).unwrap(),
        serde_json::from_value(read("digests")).unwrap(),
    )
}

#[tokio::test]
async fn every_change_is_one_entry_with_before_and_after() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let before = page(stage, &alice, &guild, "").await["entries"][0]["seq"]
            .as_u64()
            .unwrap();
        rename(stage, &alice, &guild, "Orchard").await;
        promote(
            stage,
            &alice,
            &guild,
            0x61,
            (&bob, Permissions::KICK_MEMBERS),
        )
        .await;
        let log = page(stage, &alice, &guild, "").await;
        let entries = log["entries"].as_array().unwrap();
        let acts: Vec<_> = entries
            .iter()
            .map(|one| one["action"].as_str().unwrap())
            .collect();
        assert_eq!(acts[..3], ["member.roles", "role.create", "guild.edit"]);
        assert_eq!(entries[0]["seq"].as_u64(), Some(before + 3));
        assert_eq!(entries[0]["reason"], "spring");
        assert_eq!(entries[0]["actor"], json!(alice.id));
        assert_eq!(entries[0]["target"], json!(format!("member:{}", bob.id)));
        assert_eq!(entries[2]["before"], r#"{"name":"Garden"}"#);
        assert_eq!(entries[2]["after"], r#"{"name":"Orchard"}"#);
        let only = page(stage, &alice, &guild, "?action=guild.edit").await;
        assert_eq!(only["entries"].as_array().unwrap().len(), 1);
        let path = format!("/api/v1/guilds/{}/audit", guild.id);
        let ask = stage.get(&path).bearing(&bob.device.access);
        ask.send().await.refused(403, "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn what_is_refused_leaves_an_entry_that_says_so() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let count = async || page(stage, &alice, &guild, "").await["entries"][0]["seq"].clone();
        let before = count().await;
        let path = format!("/api/v1/guilds/{}", guild.id);
        let ask = stage.put(&path).bearing(&bob.device.access);
        ask.json(json!({"name": "Bob's"}))
            .send()
            .await
            .refused(403, "FORBIDDEN");
        let newest = page(stage, &alice, &guild, "").await["entries"][0].clone();
        assert_eq!(newest["action"], "act.denied");
        assert_eq!(newest["seq"].as_u64(), before.as_u64().map(|seq| seq + 1));
        let ask = stage.put(&path).bearing(&alice.device.access);
        ask.json(json!({"name": ""}))
            .send()
            .await
            .refused(422, "INVALID");
        assert_eq!(count().await, newest["seq"], "a mistake is no trespass");
    })
    .await;
}

#[tokio::test]
async fn a_member_without_rights_can_hold_the_server_to_its_log() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let key = stage.app.authority.public_key();
        let (first, digests) = proof(stage, &bob, &guild, 0).await;
        let first = AuditCheckpoint::verify(first.as_ref(), &key).unwrap();
        first.continues(None, &digests).unwrap();
        rename(stage, &alice, &guild, "Orchard").await;
        let (next, digests) = proof(stage, &bob, &guild, first.seq).await;
        let next = AuditCheckpoint::verify(next.as_ref(), &key).unwrap();
        assert_eq!((next.seq, digests.len()), (first.seq + 1, 1));
        next.continues(Some(&first), &digests).unwrap();
    })
    .await;
}

/// What somebody with the database in their hands may do to it.
const DEEDS: [(&str, &[&str]); 6] = [
    (
        "an edit",
        &["UPDATE audit SET reason = 'nothing' WHERE seq = 2"],
    ),
    ("a deletion", &["DELETE FROM audit WHERE seq = 2"]),
    (
        "a swap",
        &[
            "UPDATE audit SET seq = 1000 WHERE seq = 2",
            "UPDATE audit SET seq = 2 WHERE seq = 3",
            "UPDATE audit SET seq = 3 WHERE seq = 1000",
        ],
    ),
    (
        "a cut end",
        &["DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)"],
    ),
    (
        "a cut end, tidied up",
        &[
            "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
            "UPDATE audit_head SET seq = seq - 1, head = (SELECT a.head FROM audit AS a \
             WHERE a.guild_id = audit_head.guild_id AND a.seq = audit_head.seq - 1)",
        ],
    ),
    (
        "everything gone",
        &["DELETE FROM audit", "DELETE FROM audit_head"],
    ),
];

#[tokio::test]
async fn edits_deletions_reordering_and_truncation_are_each_found() {
    for (deed, statements) in DEEDS {
        on_every_database(async |stage| {
            let (alice, bob, guild) = two(stage).await;
            rename(stage, &alice, &guild, "Orchard").await;
            rename(stage, &alice, &guild, "Meadow").await;
            let (kept, _) = proof(stage, &bob, &guild, 0).await;
            let kept = vec![kept.0];
            let intact = verify_audit(&stage.app, kept.clone()).await.unwrap();
            assert_eq!(intact.findings, [], "{deed}");
            assert!(intact.entries >= 4);
            stage.tamper(statements).await;
            let verdict = verify_audit(&stage.app, kept).await.unwrap();
            assert_eq!(verdict.findings.len(), 1, "{deed}: {:?}", verdict.findings);
            assert_eq!(verdict.findings[0].guild, guild.id);
        })
        .await;
    }
}

#[tokio::test]
async fn an_export_is_an_entry_and_no_cell_is_a_formula() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        rename(stage, &alice, &guild, "=1+1").await;
        let path = format!("/api/v1/guilds/{}/audit/export?format=csv", guild.id);
        let ask = stage.post(&path).bearing(&alice.device.access);
        let answer = ask.send().await;
        assert_eq!(answer.status.as_u16(), 200);
        let newest = page(stage, &alice, &guild, "").await;
        assert_eq!(newest["entries"][0]["action"], "audit.export");
    })
    .await;
}
