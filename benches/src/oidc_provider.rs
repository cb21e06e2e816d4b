//! npm's `oidc-provider`: one Node process with its store in memory, on the same processor as the node it stands beside.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::load::Call;
use crate::peers;
use crate::world::{Client, Process, Under, free_port};

/// A start that takes longer has failed.
const START_WITHIN: Duration = Duration::from_secs(20);
const CLIENT: (&str, &str) = ("bench", "not-a-secret");

/// The server, and how it is asked.
pub(crate) struct OidcProvider {
    process: Process,
    pub(crate) call: Call,
}

impl OidcProvider {
    /// Starts it, if it is there.
    pub(crate) async fn start(folder: &Path, alg: &str, cpu: Option<usize>) -> anyhow::Result<Option<Self>> {
        let Some(script) = peers::find("oidc-provider.mjs") else { return Ok(None) };
        let port = free_port()?;
        let under = Under { cpu, ..Under::default() };
        let mut command = Command::new("node");
        command.arg(script).args([alg, &port.to_string(), CLIENT.0, CLIENT.1, Client::SCOPE]);
        command.env("NODE_ENV", "production");
        let mut process = Process::start("oidc-provider", &command, under, &folder.join("oidc-provider.log"))?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let start = Instant::now();
        while tokio::net::TcpStream::connect(address).await.is_err() {
            process.check()?;
            if start.elapsed() > START_WITHIN {
                bail!("oidc-provider does not listen");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let client = Client::basic(&address.to_string(), CLIENT);
        Ok(Some(Self { process, call: Call::by_client(vec![address], &client)? }))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.process.stop().await
    }
}
