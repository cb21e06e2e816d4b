//! Faults in system calls of a running node: strace, attached.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// Attaching to a process with some thirty threads takes a moment.
const ATTACH: Duration = Duration::from_secs(5);

/// strace on a process, until dropped.
pub(crate) struct Tracer {
    child: Child,
    log: PathBuf,
}

impl Tracer {
    /// Traces these system calls (`fdatasync,fsync`) and injects `what` (`error=EIO:when=3`) into them.
    ///
    /// # Errors
    /// When strace does not attach.
    pub(crate) fn attach(folder: &Path, process: u32, calls: &str, what: &str) -> Result<Self> {
        let log = folder.join(format!("strace-{process}"));
        let _ = std::fs::remove_file(&log);
        let child = Command::new("strace")
            .args(["-f", "-qq", "-e", &format!("trace={calls}"), "-e", &format!("inject={calls}:{what}"), "-o"])
            .arg(&log)
            .args(["-p", &process.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("strace")?;
        let tracer = Self { child, log };
        let start = Instant::now();
        while !traced(process) {
            if start.elapsed() > ATTACH {
                bail!("strace does not attach to {process}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(tracer)
    }

    /// Into how many calls something was injected so far.
    pub(crate) fn injected(&self) -> usize {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        log.lines().filter(|line| line.contains("(INJECTED)") || line.contains("(DELAYED)")).count()
    }
}

/// Whether every thread of a process has a tracer.
fn traced(process: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{process}/task")) else { return true };
    threads.filter_map(Result::ok).all(|thread| {
        let status = std::fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        status.lines().all(|line| line.strip_prefix("TracerPid:").is_none_or(|pid| pid.trim() != "0"))
    })
}

impl Drop for Tracer {
    fn drop(&mut self) {
        // SIGTERM lets it detach; what it traced goes on.
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}
