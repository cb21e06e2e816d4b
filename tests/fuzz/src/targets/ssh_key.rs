//! SSH public keys that people paste.

use woad_identity::user::PublicKey;

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "ssh_key",
    run: target,
    seeds: || crate::texts(&["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ada@host", "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ=="]),
    words: &["ssh-rsa ", "ssh-ed25519 ", "sk-ssh-ed25519@openssh.com ", "AAAA", "////", "=", " ", "no-pty "],
    rounds: 10_000,
};

/// Any text. A key that is taken is kept in one form with one fingerprint.
pub fn target(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    let Ok(key) = PublicKey::parse(text) else { return };
    assert_eq!(PublicKey::parse(key.as_str()).as_ref(), Ok(&key), "a key is its own form");
    assert!(key.as_str().split(' ').count() == 2 && key.as_str().is_ascii());
}
