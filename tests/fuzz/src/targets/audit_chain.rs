//! Audit chains: what was changed is found, by the store's own reading and by `woadctl audit verify` alike.

use raft_store_core::audit::{Head, StoredEvent, body_digest, digest};
use raft_store_core::{Revision, Timestamp};

use crate::Target;
use crate::script::Script;

/// See [`target`].
pub const TARGET: Target = Target { name: "audit_chain", run: target, seeds, words: &[], rounds: 4000 };

// woadctl is a program and no library: its verifier is taken in as it stands there.
#[path = "../../../../cluster-tools/src/chain.rs"]
#[allow(dead_code, reason = "the half that reads is enough")]
mod chain;

/// Events of one input.
const MOST: u8 = 8;

fn seeds() -> Vec<Vec<u8>> {
    vec![
        b"\x03\x03one\x03two\x00\x00\x00\x00".to_vec(),
        b"\x02\x03one\x03two\x01\x00\x12\x40".to_vec(),
        b"\x04\x01a\x01b\x01c\x01d\x02\x01\x02\x00".to_vec(),
        b"\x02\x05erase\x01x\x03\x00\x00\x00".to_vec(),
    ]
}

/// A chain as it is kept: numbers and stored values.
fn written(script: &mut Script<'_>) -> (Vec<(u64, Vec<u8>)>, Head) {
    let mut head = Head::EMPTY;
    let mut events = Vec::new();
    for place in 0..u64::from(script.below(MOST)) {
        let (index, stamp) = (Revision(10 + place * 3), Timestamp(1_000 + place));
        let body = script.bytes(12).to_vec();
        let digest_of_body = body_digest(&body);
        head = head.extend(index, digest(stamp, digest_of_body));
        let event = StoredEvent { number: head.count, index, stamp, body_digest: digest_of_body, head: head.digest, body };
        events.push((event.number, event.to_value()));
    }
    (events, head)
}

/// What somebody does to it with the files in hand; whether that is allowed.
fn altered(script: &mut Script<'_>, events: &mut Vec<(u64, Vec<u8>)>) -> bool {
    if events.is_empty() {
        return true;
    }
    let at = usize::from(script.byte()) % events.len();
    let before = events.clone();
    let erasure = match script.below(5) {
        0 => false,
        1 => {
            let value = &mut events[at].1;
            let place = usize::from(script.byte()) % value.len();
            value[place] ^= script.byte();
            false
        }
        2 => {
            let other = usize::from(script.byte()) % before.len();
            events[at].1.clone_from(&before[other].1);
            false
        }
        3 => {
            // Bodies may be erased.
            let end = events[at].1.len().min(80);
            events[at].1.truncate(end);
            true
        }
        _ => {
            events.remove(at);
            false
        }
    };
    erasure || *events == before
}

/// The store's own reading.
fn holds(events: &[(u64, Vec<u8>)], end: Head) -> bool {
    let mut head = Head::EMPTY;
    for (number, value) in events {
        let Some(next) = StoredEvent::parse(*number, value).ok().and_then(|event| event.follows(head)) else { return false };
        head = next;
    }
    head == end
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// woadctl's.
fn verified(events: &[(u64, Vec<u8>)], end: Head) -> Option<bool> {
    let anchors = chain::Anchors {
        chain: "vo".into(),
        base_count: 0,
        base_head: "0".repeat(64),
        base_checkpoint: None,
        checkpoint: None,
        keys: Vec::new(),
    };
    let mut verifier = chain::Verifier::begin(&anchors).expect("a chain from its beginning");
    for (number, value) in events {
        let event = StoredEvent::parse(*number, value).ok()?;
        let record = chain::Record {
            number: event.number,
            index: event.index.0,
            at_ms: event.stamp.0,
            body_digest: hex(&event.body_digest),
            head: hex(&event.head),
            // What is no text can't be shown, and is not compared here.
            body: if event.body.is_empty() { None } else { Some(String::from_utf8(event.body).ok()?) },
        };
        if verifier.take(&record).is_err() {
            return Some(false);
        }
    }
    Some(verifier.end(&chain::End { count: end.count, head: hex(&end.digest) }).is_ok())
}

fn any_text(data: &[u8]) {
    let Ok(anchors) = serde_json::from_slice::<chain::Anchors>(data) else { return };
    let _ = chain::Verifier::begin(&anchors);
}

/// A chain that is read out of the bytes, and what is done to it then.
pub fn target(data: &[u8]) {
    any_text(data);
    let _ = StoredEvent::parse(1, data).map(|event| event.follows(Head { count: u64::MAX - 1, digest: [0; 32] }));
    let mut script = Script::new(data);
    let (mut events, head) = written(&mut script);
    assert!(holds(&events, head), "a chain as it was written holds");
    let allowed = altered(&mut script, &mut events);
    assert_eq!(holds(&events, head), allowed, "what was changed is found");
    if let Some(verified) = verified(&events, head) {
        assert_eq!(verified, allowed, "and found by woadctl");
    }
}
