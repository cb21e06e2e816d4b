//! A child that does not outlive us.

use std::ffi::OsString;
use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::flush_delay;

/// A process that was told to stop is given this long.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Under what a program runs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Under {
    /// The processor it is kept on.
    pub(crate) cpu: Option<usize>,
    /// Added to each of its flushes.
    pub(crate) flush_delay: Option<Duration>,
}

impl Under {
    /// The words before the program's own.
    fn words(self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(cpu) = self.cpu {
            words.extend(["taskset".to_owned(), "-c".to_owned(), cpu.to_string()]);
        }
        words.extend(self.flush_delay.into_iter().flat_map(flush_delay::words));
        words
    }
}

/// A running child.
pub(crate) struct Process {
    child: Child,
    name: String,
}

impl Process {
    /// Starts `command`; what it says goes to a file.
    pub(crate) fn start(name: &str, command: &Command, under: Under, log: &Path) -> anyhow::Result<Self> {
        let before = under.words().into_iter().map(OsString::from);
        let mut words = before.chain([command.get_program().to_owned()]);
        let mut actual = Command::new(words.next().context("no program")?);
        actual.args(words).args(command.get_args()).env_clear();
        // Variables of the bench's own are no settings of a node's.
        for name in ["PATH", "HOME"] {
            actual.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        for (key, value) in command.get_envs() {
            actual.env(key, value.unwrap_or_default());
        }
        let out = File::options().create(true).append(true).open(log)?;
        let child = actual.stdout(out.try_clone()?).stderr(out).spawn().with_context(|| format!("starting {name}"))?;
        Ok(Self { child, name: name.to_owned() })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails once it has ended by itself.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("{} ended: {status}", self.name),
            None => Ok(()),
        }
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and waits for the end.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).context("pid")?;
        kill_process(pid, Signal::TERM)?;
        let start = Instant::now();
        while self.child.try_wait()?.is_none() {
            if start.elapsed() > STOP_WITHIN {
                bail!("{} does not stop", self.name);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing is left to do when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Below the range from which the kernel takes ports of outgoing connections: a server that starts again finds its own.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A port of loopback that nobody listens on, and that was not handed out before.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let span = PORTS.end - PORTS.start;
    let first = u16::try_from(std::process::id() % u32::from(span))?;
    for _ in 0..span {
        let port = PORTS.start + first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % span;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free")
}

/// A program beside this one, or in `WOAD_BIN_DIR`.
pub(crate) fn program(name: &str) -> anyhow::Result<Command> {
    let folder = match std::env::var_os("WOAD_BIN_DIR") {
        Some(folder) => folder.into(),
        None => std::env::current_exe()?.parent().context("no folder")?.to_path_buf(),
    };
    let path = folder.join(name);
    if !path.is_file() {
        bail!("{} is missing: build it with `cargo build --release -p {name}`", path.display());
    }
    Ok(Command::new(path))
}
