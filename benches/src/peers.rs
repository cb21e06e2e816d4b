//! What Woad is measured beside: where the programs are, and the rule that a missing one is said and not hidden.

use std::path::PathBuf;

use crate::report::progress;

/// A program or script of `scripts/peers.sh`, whose folder is in `WOAD_PEERS`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let found =
        std::env::var_os("WOAD_PEERS").map(|folder| PathBuf::from(folder).join(name)).filter(|path| path.exists());
    if found.is_none() {
        progress(&format!("{name} is not in WOAD_PEERS: rows beside it are left out (scripts/peers.sh)"));
    }
    found
}
