//! What Woad is measured beside: where the programs are, and the rule that a missing one is said and not hidden.

use std::path::PathBuf;

use crate::report::progress;

/// A program or script of `scripts/peers.sh`, whose folder is in `WOAD_PEERS`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("WOAD_PEERS").map(PathBuf::from)?.join(name);
    if path.exists() {
        return Some(path);
    }
    progress(&format!("{name} is not in WOAD_PEERS: rows beside it are left out (scripts/peers.sh)"));
    None
}
