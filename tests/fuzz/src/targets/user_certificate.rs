//! Certificates of people, in PEM.

use base64::Engine;
use woad_identity::user::{CertificateIdentity, DistinguishedName};

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "user_certificate",
    run: target,
    seeds: || vec![include_bytes!("../../fixtures/person.pem").to_vec(), include_bytes!("../../fixtures/node.der").to_vec(), person()],
    words: &["-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----", "\n", "\u{6}\u{3}U\u{4}\u{3}"],
    rounds: 6000,
};

fn person() -> Vec<u8> {
    let pem = include_str!("../../fixtures/person.pem");
    let body: String = pem.lines().filter(|line| !line.starts_with("--")).collect();
    base64::prelude::BASE64_STANDARD.decode(body).unwrap_or_default()
}

fn check(text: &str) {
    let Ok(identity) = CertificateIdentity::from_pem(text) else { return };
    for name in [&identity.subject, &identity.issuer] {
        // What an administrator reads here and types elsewhere means the same person.
        assert_eq!(DistinguishedName::parse(name.as_str()).as_ref(), Ok(name), "a name read is the name typed");
    }
    let again = CertificateIdentity::from_pem(&identity.pem);
    assert_eq!(again.as_ref(), Ok(&identity));
}

/// Any bytes: as PEM when they are text, and as a certificate's bytes put into PEM.
pub fn target(data: &[u8]) {
    if let Some(text) = crate::text(data) {
        check(text);
    }
    let body = base64::prelude::BASE64_STANDARD.encode(data);
    let lines: Vec<&str> = (0..body.len()).step_by(64).map(|at| &body[at..body.len().min(at + 64)]).collect();
    check(&format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n")));
}
