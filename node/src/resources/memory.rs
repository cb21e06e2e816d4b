//! How much memory this process may use, and uses.

use std::fs;
use std::path::{Path, PathBuf};

/// Larger values mean that there is no limit (version 1 has no word for that).
const NONE: u64 = 1 << 60;

/// Bytes that this process may use: the machine's, or less by a limit of its control groups, of either version.
#[must_use]
pub fn limit() -> u64 {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| kib(&text, "MemTotal:"));
    let limits = files(&groups).into_iter().filter_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok());
    limits.chain(machine).filter(|bytes| *bytes < NONE).min().unwrap_or(NONE)
}

/// Bytes that this process has of its own, without what the kernel could read again from files.
#[must_use]
pub fn used() -> Option<u64> {
    kib(&fs::read_to_string("/proc/self/status").ok()?, "RssAnon:")
}

/// The files that may hold a limit: of the group, and of all above it.
fn files(groups: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let (roots, name): (&[&str], &str) = match controllers {
            "" => (&["/sys/fs/cgroup", "/sys/fs/cgroup/unified"], "memory.max"),
            some if some.split(',').any(|one| one == "memory") => (&["/sys/fs/cgroup/memory"], "memory.limit_in_bytes"),
            _ => continue,
        };
        for root in roots {
            let group = Path::new(root).join(path.trim_start_matches('/'));
            let within = group.ancestors().take_while(|above| above.starts_with(root));
            out.extend(within.map(|above| above.join(name)));
        }
    }
    out
}

/// The value of a line like `MemTotal:  24 kB`, in bytes.
fn kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_may_be_of_a_group_or_of_any_above_it() {
        let shown = |groups| files(groups).iter().map(|file| file.display().to_string()).collect::<Vec<_>>();
        assert_eq!(
            shown("5:cpu:/\n4:memory:/a/b\n"),
            ["/sys/fs/cgroup/memory/a/b", "/sys/fs/cgroup/memory/a", "/sys/fs/cgroup/memory"]
                .map(|folder| format!("{folder}/memory.limit_in_bytes"))
        );
        assert_eq!(shown("0::/a\n").first().map(String::as_str), Some("/sys/fs/cgroup/a/memory.max"));
        assert!(shown("garbage\n\n:::").iter().all(|file| file.starts_with("/sys/fs/cgroup")));
    }

    #[test]
    fn this_process_uses_less_than_it_may() {
        assert_eq!(kib("VmRSS:\t 1 kB\nRssAnon:\t   52 kB\n", "RssAnon:"), Some(52 * 1024));
        assert_eq!(kib("RssAnon: many", "RssAnon:"), None);
        let used = used().unwrap();
        assert!(used > 0 && used < limit(), "{used}");
    }
}
