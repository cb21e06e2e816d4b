//! Where a node is, and how its process is started.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use tokio::process::Command;

use crate::ports;

/// A place for a node: loopback, or a network namespace and a disk that a test made.
#[derive(Clone, Debug)]
pub struct Site {
    /// Of its https listener.
    pub https: SocketAddr,
    /// Of its peer listener.
    pub peer: SocketAddr,
    /// What the other nodes connect to, when that is not the listener itself.
    pub advertise: Option<SocketAddr>,
    /// Its data folder; `None`: `data` in its own folder.
    pub data: Option<PathBuf>,
    /// Program and arguments that start the node's program, `nsenter` for example. It must become that program, so that
    /// signals reach it.
    pub wrapper: Vec<OsString>,
    /// Variables of the process, beside its parent's.
    pub environment: Vec<(String, String)>,
    /// Further lines of its section `[node]`.
    pub node: String,
    /// Further sections of its configuration.
    pub sections: String,
}

impl Site {
    /// At these addresses, everything else as usual.
    #[must_use]
    pub fn at(https: SocketAddr, peer: SocketAddr) -> Self {
        let (node, sections) = (String::new(), String::new());
        Self { https, peer, advertise: None, data: None, wrapper: Vec::new(), environment: Vec::new(), node, sections }
    }

    /// On loopback, at ports nobody listens at.
    ///
    /// # Errors
    /// When the machine has none left.
    pub fn loopback() -> Result<Self> {
        Ok(Self::at(ports::free()?, ports::free()?))
    }

    /// What starts that program here.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = match self.wrapper.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Checks that nobody else is at these addresses.
    pub(crate) fn distinct(sites: &[Self]) -> Result<()> {
        for (at, site) in sites.iter().enumerate() {
            let again = sites.iter().skip(at + 1).any(|other| other.https == site.https || other.peer == site.peer);
            ensure!(!again, "two nodes at {} or {}", site.https, site.peer);
        }
        Ok(())
    }
}
