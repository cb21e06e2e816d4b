//! The bytes of what is stored of sessions, attempts and links.

use prost::Message;

use super::{LastLogin, LoginAttempt};
use crate::golden::{compare, hex};
use crate::link::OneTimeLink;
use crate::session::Session;

#[test]
fn bytes_of_each_record() {
    let session = Session {
        user: vec![1; 16],
        created_ms: 1,
        auth_time_ms: 2,
        last_seen_ms: 3,
        idle_end_ms: 4,
        absolute_end_ms: 5,
        amr: vec![1],
        born_revision: 6,
        address: "192.0.2.1".into(),
        user_agent: "Browser/1".into(),
    };
    let attempt = LoginAttempt { count: 1, fresh: 2, next_ms: 3, counted_ms: 4, expires_ms: 5, reported: true };
    let link = OneTimeLink { user: vec![1; 16], kind: 2, created_ms: 1, expires_ms: 2, born_revision: 3 };
    let records = [
        ("session", session.encode_to_vec()),
        ("login attempt", attempt.encode_to_vec()),
        ("one-time link", link.encode_to_vec()),
        ("last login", LastLogin { at_ms: 1 }.encode_to_vec()),
    ];
    let lines = records.iter().fold(String::new(), |text, (name, bytes)| text + &format!("{name}: {}\n", hex(bytes)));
    compare("records-sign-in.txt", &lines);
}
