//! Emptying the folder of a node that must join again, without destroying what is in it.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::options::StartError;
use super::start::{MEMBER_FILE, take};

/// What stays: it belongs to the folder, not to the member.
const STAYS: [&str; 3] = ["woad.lock", "woad.sock", "lost+found"];
/// Only room.
const BALLAST: &str = "ballast";
/// Folders that earlier calls have made begin with it.
const ASIDE: &str = "damaged-";

/// Moves everything that makes the folder a member's into a folder inside it, `damaged-<when>`: data folders are often
/// mount points or lie where only root may write, so the folder itself stays. `None`: there was nothing.
///
/// # Errors
/// When a process uses the folder, or the file system refuses. Called again it goes on.
pub fn set_aside(folder: &Path, when: &str) -> Result<Option<PathBuf>, StartError> {
    let _lock = take(folder)?;
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let text = name.to_string_lossy();
        if text == BALLAST {
            fs::remove_file(folder.join(&name))?;
        } else if !STAYS.contains(&&*text) && !text.starts_with(ASIDE) {
            found.push(name);
        }
    }
    if found.is_empty() {
        return Ok(None);
    }
    // Last of all what makes it a member's: interrupted, the rest is refused as it would have been before.
    found.sort_by_key(|name| name == MEMBER_FILE);
    let aside = folder.join(format!("{ASIDE}{when}"));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&aside)?;
    for name in found {
        fs::rename(folder.join(&name), aside.join(&name))?;
    }
    fs::File::open(&aside)?.sync_all()?;
    fs::File::open(folder)?.sync_all()?;
    Ok(Some(aside))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::{Presence, presence};

    #[test]
    fn a_folder_that_was_emptied_is_fresh_and_nothing_of_it_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::create_dir_all(path.join("db")).unwrap();
        for (name, text) in [("member", "3 c"), ("db/CURRENT", "x"), ("sentinel", "s"), (BALLAST, "")] {
            fs::write(path.join(name), text).unwrap();
        }
        let aside = set_aside(path, "now").unwrap().unwrap();
        assert_eq!(presence(path).unwrap(), Presence::Fresh);
        assert_eq!(fs::read_to_string(aside.join("db/CURRENT")).unwrap(), "x");
        assert!(aside.join("member").exists() && aside.join("sentinel").exists());
        let mut left: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["damaged-now", "woad.lock"]);
        assert_eq!(set_aside(path, "later").unwrap(), None);
    }

    #[test]
    fn a_folder_in_use_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("member"), "3 c").unwrap();
        let _held = crate::disk::DataLock::take(folder.path()).unwrap();
        assert!(matches!(set_aside(folder.path(), "now"), Err(StartError::Locked(_))));
        assert!(folder.path().join("member").exists());
    }
}
