//! The bytes on disk of codes, families and approvals.

use prost::Message;

use crate::code::AuthorizationCode;
use crate::consent::{Approval, Consent};
use crate::golden::{compare, hex};
use crate::grant::Grant;
use crate::refresh::RefreshFamily;

#[test]
fn bytes_of_each_record() {
    let grant = Grant {
        client_id: "web".into(),
        user: vec![1; 16],
        scope: "openid profile".into(),
        audience: vec!["https://a.example".into(), "https://b.example".into()],
        auth_time_ms: 1,
        amr: vec![1],
        born_revision: 2,
    };
    let code = AuthorizationCode {
        grant: Some(grant.clone()),
        grant_id: vec![2; 16],
        redirect_uri: "https://rp.example/cb".into(),
        code_challenge: "challenge".into(),
        nonce: Some("nonce".into()),
        auth_time_asked: true,
        created_ms: 3,
        expires_ms: 4,
        used_ms: 5,
        reused_ms: 6,
        redirect_uri_sent: true,
    };
    let family = RefreshFamily {
        grant: Some(grant),
        current: vec![3; 4],
        previous: vec![4; 4],
        seed: vec![5; 4],
        rotated_ms: 7,
        created_ms: 8,
        expires_ms: 9,
    };
    let approval =
        Approval { redirect_uri: "https://rp.example/cb".into(), scope: "openid".into(), expires_ms: 10, given_ms: 11 };
    let records = [
        ("code", code.encode_to_vec()),
        ("refresh family", family.encode_to_vec()),
        ("consent", Consent { approvals: vec![approval] }.encode_to_vec()),
    ];
    let lines = records.iter().fold(String::new(), |text, (name, bytes)| text + &format!("{name}: {}\n", hex(bytes)));
    compare("records-grants.txt", &lines);
}
