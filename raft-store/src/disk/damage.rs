//! What RocksDB's refusal to open means, and which file it is about.

use std::fs;
use std::path::Path;

/// What keeps a database from being opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// What is on disk is not what was written there.
    Damaged(String),
    /// The disk fails, is full or read-only.
    Disk(String),
}

/// What the disk says when it is the disk.
const OF_THE_DISK: [&str; 6] = [
    "No space left on device",
    "Disk quota exceeded",
    "Input/output error",
    "Read-only file system",
    "Too many open files",
    "db/LOCK",
];

/// Whether it is the disk that refuses, and not what is on it.
pub(crate) fn is_of_the_disk(words: &str) -> bool {
    OF_THE_DISK.iter().any(|known| words.contains(known))
}

/// Judges RocksDB's words. A file that they don't name is named: the write-ahead log.
pub(crate) fn judge(folder: &Path, words: &str) -> Refusal {
    let database = folder.join("db");
    if is_of_the_disk(words) {
        return Refusal::Disk(format!("{words} ({})", database.display()));
    }
    let named = [".sst", "MANIFEST", "CURRENT", ".log", "OPTIONS"].iter().any(|name| words.contains(name));
    let file = if named { database.display().to_string() } else { logs(&database) };
    Refusal::Damaged(format!("the database does not open: {words} ({file})"))
}

/// The write-ahead logs, as one text.
fn logs(database: &Path) -> String {
    let entries = fs::read_dir(database).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut logs: Vec<String> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .map(|path| path.display().to_string())
        .collect();
    logs.sort();
    if logs.is_empty() { database.display().to_string() } else { format!("write-ahead log {}", logs.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_or_failing_disk_is_no_damage() {
        for words in [
            "IO error: No space left on device: While appending to file: /d/db/000012.log: No space left on device",
            "IO error: While open a file for appending: /d/db/MANIFEST-000004: Read-only file system",
            "IO error: While fdatasync: /d/db/000012.log: Input/output error",
        ] {
            assert!(matches!(judge(Path::new("/d"), words), Refusal::Disk(_)), "{words}");
        }
    }

    #[test]
    fn damage_names_its_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("db")).unwrap();
        fs::write(folder.path().join("db/000012.log"), "").unwrap();
        for (words, file) in [
            ("Corruption: checksum mismatch", "db/000012.log"),
            ("Corruption: bad block in /d/db/000017.sst", "/d/db/000017.sst"),
        ] {
            let Refusal::Damaged(text) = judge(folder.path(), words) else { panic!("{words}") };
            assert!(text.contains(file) && text.contains(words), "{text}");
        }
    }
}
