//! Ends the nodes of a demo that can't do so itself any more, because it was killed.
//!
//! A process of its own reads from a pipe whose other end only the demo holds: a line `+PID` or `-PID` for each node that
//! starts or ends, `keep` when the folder is to stay. When the pipe closes, what still runs is killed.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// The demo's end of the pipe. Dropped, it ends what is on the list.
pub(super) struct Watchdog(ChildStdin);

impl Watchdog {
    /// Starts it, in a group of its own so that a terminal's Ctrl-C does not reach it.
    pub(super) fn start(folder: &Path, keep: bool) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["demo", "--watchdog"]).arg(folder).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let pipe = command.spawn()?.stdin.ok_or_else(|| io::Error::other("no pipe"))?;
        let mut watchdog = Self(pipe);
        if keep {
            watchdog.tell("keep");
        }
        Ok(watchdog)
    }

    fn tell(&mut self, line: &str) {
        // Without a watchdog the nodes are still ended by the demo's own end.
        let _ = writeln!(self.0, "{line}");
    }

    pub(super) fn started(&mut self, pid: u32) {
        self.tell(&format!("+{pid}"));
    }

    pub(super) fn ended(&mut self, pid: u32) {
        self.tell(&format!("-{pid}"));
    }
}

/// The watchdog's whole life.
pub(super) fn watch(folder: &Path) {
    let mut running = BTreeSet::new();
    let mut keep = false;
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        if line == "keep" {
            keep = true;
        } else if let Some(pid) = line.strip_prefix('+') {
            running.insert(pid.to_owned());
        } else if let Some(pid) = line.strip_prefix('-') {
            running.remove(pid);
        }
    }
    for pid in &running {
        if let Some(pid) = pid.parse().ok().and_then(Pid::from_raw) {
            // It may have ended meanwhile.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
    if !keep {
        // Usually the demo has removed it already.
        let _ = std::fs::remove_dir_all(folder);
    }
}
