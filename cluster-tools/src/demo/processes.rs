//! The node processes. None outlives the demo.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::fault::Fault;
use super::site::Site;
use super::watchdog::Watchdog;

/// A node that has not stopped by then is killed; it promises to need less than 3 s.
const STOP: Duration = Duration::from_secs(5);
/// Bytes of a log that are read for its last lines.
const TAIL: u64 = 16 * 1024;
/// Lines that are shown of a node that ended by itself.
const TAIL_LINES: usize = 15;
/// Variables that a node gets of ours; settings of other nodes in this shell are none of its business.
const VARIABLES: [&str; 4] = ["PATH", "HOME", "TMPDIR", "RUST_BACKTRACE"];

struct Process {
    number: u8,
    pid: u32,
    child: Child,
}

/// When a node was killed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Killed {
    /// Just before the signal.
    pub(super) signalled: Instant,
    /// When it was certainly dead.
    pub(super) dead: Instant,
}

/// What runs.
pub(super) struct Processes {
    binary: PathBuf,
    running: Vec<Process>,
    watchdog: Watchdog,
}

impl Processes {
    /// Nothing runs yet.
    pub(super) fn new(binary: PathBuf, folder: &Path, keep: bool) -> Result<Self, Fault> {
        let usable = fs::metadata(&binary).is_ok_and(|meta| meta.is_file());
        if !usable {
            return Err(Fault::NoBinary(binary));
        }
        Ok(Self { binary, running: Vec::new(), watchdog: Watchdog::start(folder, keep)? })
    }

    /// What is started.
    pub(super) fn binary(&self) -> &Path {
        &self.binary
    }

    /// Starts a node.
    pub(super) fn start(&mut self, site: &Site) -> Result<u32, Fault> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Fault::File { path, source }
        };
        let log = OpenOptions::new().create(true).append(true).open(site.log()).map_err(failed(&site.log()))?;
        let errors = log.try_clone().map_err(failed(&site.log()))?;
        let mut command = Command::new(&self.binary);
        command.arg("--config").arg(site.config()).current_dir(&site.folder);
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        command.env_clear().envs(VARIABLES.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        // A group of its own: Ctrl-C is for the demo, which stops the nodes in order.
        command.process_group(0).kill_on_drop(true);
        let child = command.spawn().map_err(failed(&self.binary))?;
        let pid = child.id().unwrap_or_default();
        self.watchdog.started(pid);
        self.running.push(Process { number: site.number, pid, child });
        Ok(pid)
    }

    /// The process of a node, if it runs.
    pub(super) fn pid(&self, number: u8) -> Option<u32> {
        self.running.iter().find(|process| process.number == number).map(|process| process.pid)
    }

    /// Fails if one ended by itself.
    pub(super) fn check(&mut self) -> Result<(), Fault> {
        match self.ended() {
            Some((number, status)) => Err(Fault::Ended { number, status }),
            None => Ok(()),
        }
    }

    /// A process that ended by itself since the last time, and how.
    pub(super) fn ended(&mut self) -> Option<(u8, String)> {
        for place in 0..self.running.len() {
            let process = self.running.get_mut(place)?;
            if let Ok(Some(status)) = process.child.try_wait() {
                let process = self.running.swap_remove(place);
                self.watchdog.ended(process.pid);
                return Some((process.number, status.to_string()));
            }
        }
        None
    }

    /// Kills a node with SIGKILL. It is dead when this returns.
    pub(super) async fn kill(&mut self, number: u8) -> Result<Killed, Fault> {
        let place = self.running.iter().position(|process| process.number == number);
        let place = place.ok_or_else(|| Fault::NotHeld(format!("node {number} does not run")))?;
        let mut process = self.running.swap_remove(place);
        let signalled = Instant::now();
        let killed = process.child.kill().await;
        self.watchdog.ended(process.pid);
        killed.map_err(Fault::Machine)?;
        Ok(Killed { signalled, dead: Instant::now() })
    }

    /// Stops all by SIGTERM. Returns those that had to be killed or did not end well.
    pub(super) async fn stop(&mut self) -> Vec<(u8, String)> {
        for process in &self.running {
            if let Some(pid) = i32::try_from(process.pid).ok().and_then(Pid::from_raw) {
                // It may have ended meanwhile.
                let _ = kill_process(pid, Signal::TERM);
            }
        }
        let mut bad = Vec::new();
        for mut process in std::mem::take(&mut self.running) {
            match timeout(STOP, process.child.wait()).await {
                Ok(Ok(status)) if status.success() => {}
                Ok(Ok(status)) => bad.push((process.number, status.to_string())),
                Ok(Err(error)) => bad.push((process.number, error.to_string())),
                Err(_) => {
                    // Dropped as well, which kills once more.
                    let _ = process.child.kill().await;
                    bad.push((process.number, format!("still there {} s after SIGTERM; killed", STOP.as_secs())));
                }
            }
            self.watchdog.ended(process.pid);
        }
        bad
    }
}

/// The last lines of a node's log.
pub(super) fn last_lines(site: &Site) -> Vec<String> {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(site.log())?;
        let start = file.metadata()?.len().saturating_sub(TAIL);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(TAIL).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(TAIL_LINES)).map(|line| (*line).to_owned()).collect()
}
