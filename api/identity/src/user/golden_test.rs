//! Bytes of the records of people and groups: a difference is a change of the disk.

use prost::Message;

use super::*;
use crate::golden::{compare, hex};
use crate::group::{Group, Management, Membership};
use crate::password::Password;
use crate::realm::Logo;

/// A person with every field set.
fn whole_user() -> User {
    User {
        user_name: "alice".into(),
        status: Status::Suspended.stored(),
        end_time_ms: 1,
        name: Some(Name {
            given: "Alice".into(),
            family: "Liddell".into(),
            middle: "Pleasance".into(),
            prefix: "Dr.".into(),
            suffix: "III".into(),
            formatted: "Alice Liddell".into(),
        }),
        display_name: "Alice".into(),
        nick_name: "Al".into(),
        profile_url: "https://a.example/".into(),
        title: "Queen".into(),
        user_type: "Employee".into(),
        preferred_language: "en".into(),
        locale: "en-GB".into(),
        timezone: "Europe/Rome".into(),
        emails: vec![Email {
            value: "a@a.example".into(),
            kind: "work".into(),
            display: "A".into(),
            primary: true,
            verified: true,
            provenance: Provenance::Administrator.stored(),
        }],
        phones: vec![Phone { value: "1".into(), kind: "mobile".into(), display: "one".into(), primary: true }],
        addresses: vec![Address {
            formatted: "1 Street".into(),
            street: "Street".into(),
            locality: "Bologna".into(),
            region: "BO".into(),
            postal_code: "40127".into(),
            country: "IT".into(),
            kind: "work".into(),
            primary: true,
        }],
        photos: vec![Photo {
            value: "https://a.example/a.png".into(),
            kind: "photo".into(),
            display: "p".into(),
            primary: true,
        }],
        external_id: "hr-1".into(),
        attributes: vec![Attribute {
            name: "site".into(),
            value: "CNAF".into(),
            provenance: Provenance::Themselves.stored(),
        }],
        labels: vec![Label { prefix: "hr.example".into(), name: "status".into(), value: "member".into() }],
        administrator: true,
        reader: true,
        certificates: vec![Certificate {
            subject: "CN=a".into(),
            issuer: "CN=b".into(),
            label: "grid".into(),
            pem: "pem".into(),
            primary: true,
            created_ms: 2,
            modified_ms: 3,
            provenance: Provenance::Import.stored(),
        }],
        ssh_keys: vec![SshKey {
            value: "ssh-ed25519 AAAA".into(),
            fingerprint: "f".into(),
            label: "laptop".into(),
            primary: true,
            created_ms: 4,
            modified_ms: 5,
            provenance: Provenance::Provisioning.stored(),
        }],
        linked: vec![LinkedIdentity {
            kind: 1,
            issuer: "https://op.example".into(),
            subject: "114".into(),
            created_ms: 6,
            provenance: Provenance::Upstream.stored(),
        }],
        service_account: true,
        affiliation: "INFN".into(),
        aup_signed_ms: 7,
        created_ms: 8,
        modified_ms: 9,
        status_changed_ms: 10,
    }
}

#[test]
fn bytes_of_each_record() {
    let group = Group {
        name: "cms".into(),
        parent: vec![1; 16],
        description: "All of it".into(),
        labels: vec![Label { prefix: String::new(), name: "wlcg.optional-group".into(), value: String::new() }],
        external_id: "g-1".into(),
        created_ms: 1,
        modified_ms: 2,
    };
    let membership =
        Membership { created_ms: 1, starts_ms: 2, ends_ms: 3, provenance: Provenance::Administrator.stored() };
    let records = [
        ("user", whole_user().encode_to_vec()),
        ("group", group.encode_to_vec()),
        ("membership", membership.encode_to_vec()),
        ("management", Management { created_ms: 1 }.encode_to_vec()),
        ("password", Password { hash: vec![1, 2, 3], changed_ms: 4 }.encode_to_vec()),
        ("realm logo", Logo { png: vec![1, 2, 3] }.encode_to_vec()),
    ];
    let lines = records.iter().fold(String::new(), |text, (name, bytes)| text + &format!("{name}: {}\n", hex(bytes)));
    compare("people.txt", &lines);
}
