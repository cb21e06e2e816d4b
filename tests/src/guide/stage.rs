//! A folder that stands for the hosts of a guide.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::{Authority, program};

/// The hosts of the guide.
pub const HOSTS: [&str; 3] = ["iam1", "iam2", "iam3"];
/// Below the range from which the kernel takes ports of outgoing connections, above that of the other tests.
const PORTS: std::ops::Range<u16> = 31_000..32_700;
/// The year in which the certificates in `/root/expired` have ended.
const ENDED: i32 = 2020;
/// Lines that a failed run shows of each file.
const TAIL: usize = 40;

/// Three hosts in a folder.
pub struct Stage {
    folder: TempDir,
    /// The https port of every host.
    pub https: u16,
    /// The peer port of every host.
    pub peer: u16,
}

/// One of them.
pub struct Host {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// What stands for `/` there.
    pub folder: PathBuf,
    https: u16,
    peer: u16,
}

fn ports() -> Result<(u16, u16)> {
    let start = u16::try_from(std::process::id() % 800)?;
    let free =
        |port: &u16| ["127.0.0.1", "127.0.0.2", "127.0.0.3"].iter().all(|on| TcpListener::bind((*on, *port)).is_ok());
    let mut found = PORTS.skip(usize::from(start) * 2).filter(free);
    found.next().zip(found.next()).context("no free ports on loopback")
}

impl Stage {
    /// Hosts with a server certificate each, and in `/root` one that has ended and one to renew it with.
    ///
    /// # Errors
    /// When they can't be made.
    pub fn new() -> Result<Self> {
        let folder = TempDir::with_prefix("woad-guide-")?;
        let authority = Authority::new()?;
        fs::write(folder.path().join("ca.pem"), authority.pem())?;
        let (https, peer) = ports()?;
        let stage = Self { folder, https, peer };
        for name in HOSTS {
            let host = stage.host(name)?;
            for path in ["etc/woad/tls", "var/lib", "root/expired", "root/renewed"] {
                fs::create_dir_all(host.folder.join(path))?;
            }
            let names = ["iam.example.org", &format!("{name}.example.org")];
            authority.issue(&names, &host.folder.join("etc/woad/tls"))?;
            authority.issue_until(&names, &host.folder.join("root/expired"), Some(ENDED))?;
            authority.issue(&names, &host.folder.join("root/renewed"))?;
        }
        Ok(stage)
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A host by its name.
    ///
    /// # Errors
    /// When there is none.
    pub fn host(&self, name: &str) -> Result<Host> {
        let number =
            HOSTS.iter().position(|host| *host == name).with_context(|| format!("no host is called {name}"))?;
        Ok(Host {
            name: name.to_owned(),
            address: format!("127.0.0.{}", number + 1),
            folder: self.path().join(name),
            https: self.https,
            peer: self.peer,
        })
    }

    /// Runs a script with the programs under test on its path; shows what it and the nodes said when it fails.
    ///
    /// # Errors
    /// When it fails.
    #[expect(clippy::print_stderr, reason = "a failed test shows what happened")]
    pub fn run(&self, script: &str) -> Result<()> {
        let (path, log) = (self.path().join("script"), self.path().join("script.log"));
        File::create(&path)?.write_all(script.as_bytes())?;
        let programs = program("woad")?.parent().context("a program lies in a folder")?.to_owned();
        let mut search = programs.into_os_string();
        search.push(":");
        search.push(std::env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new("bash");
        command.arg(&path).env_clear().env("PATH", search).env("HOME", self.path().join("root"));
        let output = File::create(&log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).current_dir(self.path());
        let status = command.status()?;
        if status.success() {
            return Ok(());
        }
        let files = HOSTS.iter().map(|host| self.path().join(host).join("log")).chain([log]);
        for file in files.filter(|file| file.exists()) {
            eprintln!("---- {}", file.display());
            let text = fs::read_to_string(file)?;
            let lines: Vec<&str> = text.lines().collect();
            for line in lines.iter().skip(lines.len().saturating_sub(TAIL)) {
                eprintln!("{line}");
            }
        }
        bail!("the blocks failed: {status}")
    }
}

impl Host {
    /// A guide's text with this host's places in it.
    #[must_use]
    pub fn place(&self, text: &str) -> String {
        let folder = self.folder.display();
        text.replace("/etc/woad", &format!("{folder}/etc/woad"))
            .replace("/var/lib/woad", &format!("{folder}/var/lib/woad"))
            .replace("/root/", &format!("{folder}/root/"))
            .replace("0.0.0.0:443", &format!("{}:{}", self.address, self.https))
            .replace("0.0.0.0:7443", &format!("{}:{}", self.address, self.peer))
            .replace(":7443", &format!(":{}", self.peer))
    }
}
