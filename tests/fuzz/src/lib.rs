//! Fuzz targets: for every parser of bytes from outside, what must hold of it whatever the bytes are.
//!
//! A target is a function that panics when its invariant is broken. The same functions are called by `tests/replay.rs`
//! on the stable toolchain, with the committed corpora, every input that ever broke one, and inputs that [`mutate`]
//! makes of these; and by `libfuzzer/`, guided by coverage (`make fuzz`).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a target says by a panic that its invariant is broken"
)]

pub mod mutate;
mod replica;
mod script;
pub mod targets;
mod world;

/// A parser of bytes from outside, and what must hold of it.
pub struct Target {
    /// Its name: also that of its folder under `corpus` and `crashes`.
    pub name: &'static str,
    /// Feeds it; panics when the invariant is broken.
    pub run: fn(&[u8]),
    /// Inputs to begin with, made by what writes the format where something does.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Words of its language, for mutations.
    pub words: &'static [&'static str],
    /// Mutated inputs in a run of the tests: as many as take about a second there.
    pub rounds: u32,
}

/// Calls a macro with the modules of all targets.
#[macro_export]
macro_rules! for_each_target {
    ($then:ident) => {
        $then! {
            addresses, audit_chain, authorize_query, basic_auth, certificate, client_metadata, cluster_rows, config_environment,
            config_file, cookie, distinguished_name, entry, entry_script, form, host, import_lines, join_token, jti,
            jwt, jwt_claims, keys, log_record, password_hash, path_scope, peer_message, policy_scope, recovery_bundle,
            redirect_uri, request_headers, rewritten_row, scim_conditions, scim_filter, scim_patch, scim_resource, scim_search,
            scopes, sealed_request, snapshot_stream, ssh_key, stored_state, trusted_proxy, user_certificate, user_name
        }
    };
}

fn texts(of: &[&str]) -> Vec<Vec<u8>> {
    of.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The bytes as text, if they are any.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}
