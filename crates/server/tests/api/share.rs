//! Shares: who is handed the key of a session, and what then may be said.

use cloister_wire::Octets;

use crate::cast::{
    on_every_database,
    person::Person,
    talk::{Voice, ciphertext, queue, two, view_in},
};

#[tokio::test]
async fn envelopes_for_devices_that_do_not_read_here_are_refused_by_name() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let dave = Person::invited(stage, "dave", 6).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        let extra = voice.sharing(&[bob.device.id, dave.device.id]);
        let refused = voice.share(&extra).await;
        refused.refused(409, "DEVICES_MISMATCH");
        assert_eq!(view_in(&refused).missing, [dave.device.id]);
        let mut stale = voice.sharing(&[bob.device.id]);
        stale.envelopes[0].envelope.reg_id = 2;
        let refused = voice.share(&stale).await;
        refused.refused(410, "DEVICES_STALE");
        assert_eq!(view_in(&refused).missing, [bob.device.id]);
        assert!(queue(stage, &bob.device).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_second_share_with_the_same_device_is_not_delivered() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice
            .share(&voice.sharing(&[bob.device.id]))
            .await
            .expect(200);
        let mut again = voice.sharing(&[bob.device.id]);
        again.envelopes[0].dedupe_id = Octets([0xdd; 32]);
        again.envelopes[0].envelope.ct = ciphertext(0x44);
        assert_eq!(voice.share(&again).await.expect(200)["covered"], 1);
        assert_eq!(queue(stage, &bob.device).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_device_that_is_told_why_it_gets_no_key_does_not_hold_others_up() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice
            .share(&voice.withholding(&[bob.device.id]))
            .await
            .expect(200);
        voice.send(&voice.message(1, 0)).await.expect(201);
        let told = queue(stage, &bob.device).await;
        assert_eq!(told[0]["body"]["withheld"]["code"], "no_prekey");
        // The key may still come.
        voice
            .share(&voice.sharing(&[bob.device.id]))
            .await
            .expect(200);
        assert_eq!(queue(stage, &bob.device).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_message_from_before_the_place_that_was_shared_is_refused() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        let mut share = voice.sharing(&[bob.device.id]);
        share.from_index = 5;
        voice.share(&share).await.expect(200);
        voice
            .send(&voice.message(1, 4))
            .await
            .refused(422, "INVALID");
        voice.send(&voice.message(1, 5)).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn a_session_belongs_to_one_channel() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let first = Voice::of(stage, &alice.device, guild.channel).await;
        first.say(1).await;
        let second = super::channel::create(stage, &alice, &guild, 0x51).await;
        let other = Voice::of(stage, &alice.device, second).await;
        other
            .share(&other.sharing(&other.others()))
            .await
            .refused(422, "INVALID");
        other
            .send(&other.message(9, 1))
            .await
            .refused(422, "INVALID");
    })
    .await;
}
