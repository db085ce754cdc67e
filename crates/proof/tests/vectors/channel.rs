//! Audiences, transcripts and what is bound to messages.

use cloister_proof::{
    Context, EpochRecord, Roster, RosterEntry, Signer,
    epoch::{EpochCause, NO_PREVIOUS, sign_records},
    frank::{self, Tagged},
    guild_log::Position,
    transcript,
};
use cloister_wire::{
    Bytes, ChannelId, MessageId, Octets, Txn,
    channel::{Notify, SealedContent, Send},
};

use super::{FOLDER, Vector, book::frozen, device, key, plain, user};

const SERVER: u8 = 0x01;
const CHANNEL: ChannelId = ChannelId::from_bytes([0x91; 16]);
const MESSAGE: MessageId = MessageId::from_bytes([0x92; 16]);

fn entry(of: u8, reg_id: u32) -> RosterEntry {
    RosterEntry {
        user: user(of),
        device: device(of + 1),
        reg_id,
    }
}

fn roster(size: u8) -> Roster {
    Roster::new((0..size).map(|at| entry(0x30 + at, u32::from(at) + 1)))
}

#[test]
fn rosters_are_as_frozen() {
    let vectors = [0, 1, 3, 30].map(|size| {
        let roster = roster(size);
        assert_eq!(Roster::parse(&roster.to_bytes()).as_ref(), Ok(&roster));
        Vector::new(&format!("{size} devices"))
            .bytes("bytes", &roster.to_bytes())
            .bytes("hash", &roster.hash().0)
    });
    frozen(
        FOLDER,
        "roster.json",
        "Rosters and their hashes.",
        vectors.into(),
    );
}

fn records(count: u8) -> Vec<EpochRecord> {
    let record = |at: u8| EpochRecord {
        v: 1,
        incarnation: 1,
        channel: ChannelId::from_bytes([0xa0 + at; 16]),
        epoch: u64::from(at) + 1,
        prev: if at == 0 {
            NO_PREVIOUS
        } else {
            Octets([at; 32])
        },
        roster_hash: roster(at + 1).hash(),
        floor: u64::from(at),
        added: vec![entry(0x30 + at, 1)],
        removed: vec![],
        cause: [EpochCause::Created, EpochCause::Joined, EpochCause::Left][usize::from(at % 3)],
        log: (at % 2 == 1).then_some(Position {
            seq: u64::from(at),
            head: Octets([at + 1; 32]),
        }),
        at_ms: 1_800_000_000_000,
    };
    (0..count).map(record).collect()
}

#[test]
fn epoch_records_and_their_trees_are_as_frozen() {
    let mut vectors = Vec::new();
    for count in [1, 2, 3, 5, 8] {
        let records = records(count);
        let proofs = sign_records(&records, 1, &key(SERVER));
        for (proof, record) in proofs.iter().zip(&records) {
            let read = EpochRecord::verify(proof, 1, &key(SERVER).public_key());
            assert_eq!(read.as_ref(), Ok(record));
            let path: Vec<[u8; 32]> = proof.path.iter().map(|one| one.0).collect();
            vectors.push(
                Vector::new(&format!("leaf {} of {count}", proof.index))
                    .text("value", &format!("{record:?}"))
                    .number("index", proof.index.into())
                    .number("leaves", proof.leaves.into())
                    .bytes("server_seed", &[SERVER; 32])
                    .bytes("record", proof.record.as_ref())
                    .bytes("record_hash", &EpochRecord::hash(proof.record.as_ref()).0)
                    .list("path", &path)
                    .bytes("signature", &proof.signature.0),
            );
        }
    }
    frozen(
        FOLDER,
        "epoch.json",
        "Epoch records under the signed roots of their transactions: the paths lead from \
         H(0x00 || record) up, nodes are H(0x01 || left || right), split as in RFC 9162 §2.1.1. \
         Signed is `cloister/v1/epoch-root` 0x00, incarnation (u64), leaves (u32), root.",
        vectors,
    );
}

fn send(full: bool) -> Send {
    let other = MessageId::from_bytes([0x93; 16]);
    Send {
        txn: Txn::from_bytes([0x94; 16]),
        epoch: 7,
        roster_hash: roster(3).hash(),
        suite: 1,
        class: if full {
            cloister_wire::channel::MessageClass::Annotation
        } else {
            cloister_wire::channel::MessageClass::Message
        },
        target: full.then_some(other),
        thread: full.then_some(other),
        notify: full.then(|| Notify {
            users: vec![user(0x12), user(0x13)],
            everyone: true,
        }),
        ttl_s: full.then_some(3_600),
        content: SealedContent::Direct { ct: Bytes(vec![]) },
        c2: Octets([0; 32]),
        wraps: vec![],
        writes: 1,
    }
}

#[test]
fn contexts_franking_and_transcripts_are_as_frozen() {
    let mut vectors = Vec::new();
    for (name, full) in [
        ("a plain message", false),
        ("an annotation with everything", true),
    ] {
        let context = Context::of_send(CHANNEL, user(0x11), device(0x12), &send(full));
        let (frank_key, content) = (Octets([0x95; 32]), b"content".as_slice());
        let c2 = frank::commit(&frank_key, &context, content);
        assert!(frank::opens(&c2, &frank_key, &context, content));
        vectors.push(
            plain(&format!("context and commitment of {name}"), &context)
                .bytes("hash", &context.hash().0)
                .bytes("frank_key", &frank_key.0)
                .bytes("content", content)
                .bytes("c2", &c2.0),
        );
    }
    let tagged = Tagged {
        c2: Octets([0x96; 32]),
        message: MESSAGE,
        channel: CHANNEL,
        sender_user: user(0x11),
        sender_device: device(0x12),
        seq: 9,
        at: 1_800_000_000_000,
        epoch: 7,
    };
    let tag = frank::tag(&[0x97; 32], 3, &tagged);
    assert!(frank::tag_verifies(&[0x97; 32], 3, &tagged, &tag));
    vectors.push(
        Vector::new("the server's tag")
            .text("value", &format!("{tagged:?}"))
            .bytes("key", &[0x97; 32])
            .number("generation", 3)
            .bytes("tag", &tag),
    );
    let start = transcript::start(CHANNEL);
    let group = SealedContent::Group {
        session: Octets([0x98; 32]),
        msg_index: 4,
        ct: Bytes(b"first".to_vec()),
    };
    let direct = SealedContent::Direct {
        ct: Bytes(b"second".to_vec()),
    };
    let first = transcript::next(&start, MESSAGE, device(0x12), &group);
    let second = transcript::next(&first, MESSAGE, device(0x13), &direct);
    let head = transcript::sign(1, CHANNEL, 2, second, &key(SERVER));
    let server = key(SERVER).public_key();
    assert_eq!(transcript::verify(1, CHANNEL, &head, &server), Ok(()));
    vectors.push(
        Vector::new("a transcript of two messages")
            .bytes("channel", CHANNEL.as_bytes())
            .bytes("message", MESSAGE.as_bytes())
            .list(
                "senders",
                &[device(0x12).as_bytes(), device(0x13).as_bytes()],
            )
            .list("ciphertexts", &[b"first".as_slice(), b"second"])
            .list("heads", &[start.0, first.0, second.0])
            .bytes("server_seed", &[SERVER; 32])
            .bytes("signature", &head.signature.0),
    );
    frozen(
        FOLDER,
        "message.json",
        "What surrounds a message: its context, the sender's commitment, the server's tag and \
         the chain of heads.",
        vectors,
    );
}
