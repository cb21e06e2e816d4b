//! Namespaces around everything: what the lab makes, breaks and forgets ends with them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

/// The folder of a lab that runs inside.
const FOLDER: &str = "WOAD_CHAOS_FOLDER";
/// The network namespace outside.
const OUTSIDE: &str = "WOAD_CHAOS_OUTSIDE";
const NET: &str = "/proc/self/ns/net";
/// What the lab is made of.
const TOOLS: [&str; 9] = ["setpriv", "unshare", "nsenter", "ip", "nft", "mount", "mkfs.ext4", "strace", "python3"];

/// What is missing to make an enclosure here, if anything.
pub(crate) fn lacking() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("root is needed to make namespaces".to_owned());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = |tool: &str| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file());
    let missing: Vec<&str> = TOOLS.into_iter().filter(|tool| !found(tool)).collect();
    (!missing.is_empty()).then(|| format!("missing: {}", missing.join(", ")))
}

/// Runs this program again, inside, with the same words.
pub(crate) fn enter(keep: bool) -> Result<ExitCode> {
    let folder = TempDir::with_prefix("woad-chaos-")?;
    // Whoever kills this process kills everything inside.
    let status = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "unshare"])
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1).collect::<Vec<OsString>>())
        .env(FOLDER, folder.path())
        .env(OUTSIDE, std::fs::read_link(NET)?)
        .status()
        .context("setpriv")?;
    if keep {
        crate::report::say(&format!("kept: {}", folder.keep().display()));
    }
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::from(2), ExitCode::from))
}

/// The lab's folder, when this process is inside.
pub(crate) fn inside() -> Result<Option<PathBuf>> {
    let Some(folder) = std::env::var_os(FOLDER) else { return Ok(None) };
    let outside = std::env::var_os(OUTSIDE).context("where was this started?")?;
    ensure!(std::fs::read_link(NET)?.as_os_str() != outside, "this is the network outside: nothing is broken here");
    ensure!(std::process::id() == 1, "not in a process namespace of its own");
    Ok(Some(PathBuf::from(folder)))
}
