//! Wall clocks that a test moves, by libfaketime in front of a node. Clocks that count from boot are left as they are.

use std::fs;
use std::path::PathBuf;

use crate::site::Site;

/// Where Debian's multiarch folders have it.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok).map(|entry| entry.path());
    folders.map(|folder| folder.join(LIBRARY)).find(|path| path.exists())
}

/// What a false clock shows.
#[derive(Clone, Debug)]
pub enum FalseClock {
    /// So many seconds beside the machine's.
    By(i64),
    /// What a file says, read each time: `+90` is a minute and a half on.
    OfFile(PathBuf),
}

impl Site {
    /// From its next start on the node sees that wall clock. Without libfaketime it says no, and changes nothing.
    #[must_use]
    pub fn behind_false_clock(&mut self, clock: &FalseClock) -> bool {
        let Some(library) = library() else { return false };
        self.behind_true_clock();
        let shown = match clock {
            FalseClock::By(seconds) => ("FAKETIME", format!("{seconds:+}")),
            FalseClock::OfFile(file) => ("FAKETIME_TIMESTAMP_FILE", file.to_string_lossy().into_owned()),
        };
        let variables = [
            shown,
            ("LD_PRELOAD", library.to_string_lossy().into_owned()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ];
        self.environment.extend(variables.map(|(name, value)| (name.to_owned(), value)));
        true
    }

    /// From its next start on it sees the machine's.
    pub fn behind_true_clock(&mut self) {
        self.environment.retain(|(name, _)| name != "LD_PRELOAD" && !name.starts_with("FAKETIME"));
    }
}
