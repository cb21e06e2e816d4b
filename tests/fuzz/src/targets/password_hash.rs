//! Hashes of passwords that are imported: none that takes more to compute than is ever spent.

use std::collections::BTreeMap;

use woad_identity::password::PasswordHash;

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "password_hash",
    run: target,
    seeds: || crate::texts(&["$argon2id$v=19$m=19456,t=2,p=1$d29hZC1uby1zdWNoLXVzZXI$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "$argon2i$m=8,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "$2y$10$abcdefghijklmnopqrstuv"]),
    words: &["$", "argon2id", "v=16", "m=4294967295", "t=0", "p=16777215", ",", "keyid=AA", "data=AA"],
    rounds: 10_000,
};

/// Any text: a hash that is taken is cheap to compute.
pub fn target(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    if PasswordHash::parse(text).is_err() {
        return;
    }
    let mut last = BTreeMap::new();
    let parameters = text.split('$').flat_map(|part| part.split(','));
    for (name, value) in parameters.filter_map(|parameter| parameter.split_once('=')) {
        let value: u64 = value.parse().unwrap_or(0);
        let most = match name {
            "m" => 128 * 1024,
            "t" => 10,
            "p" => 4,
            _ => continue,
        };
        // Of two the last counts, here and where it is computed.
        last.insert(name, value <= most);
    }
    assert!(last.values().all(|cheap| *cheap), "no hash takes more than is ever spent");
}
