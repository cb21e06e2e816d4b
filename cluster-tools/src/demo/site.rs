//! One of the three places where a node runs.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Certificate, Client};
use serde::Serialize;
use serde_json::Value;

use super::certificates::Authority;
use super::fault::Fault;
use super::ports::Ports;
use crate::admin::{Admin, Call};
use crate::failure::Failure;
use crate::private_file;

/// Where the three listen.
pub(super) const ADDRESSES: [Ipv4Addr; 3] =
    [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 3)];
/// How long one answer over https may take. Longer than the node's own deadline for a write, so that it is the node that
/// says what it does not know.
const ANSWER: Duration = Duration::from_secs(8);
/// Nodes close connections that are idle for 20 s; ours go before that, or a request could meet the closing.
const IDLE: Duration = Duration::from_secs(5);

/// A node's folder, addresses and clients. What runs there is in [`super::processes`].
pub(super) struct Site {
    /// 1, 2 or 3.
    pub(super) number: u8,
    pub(super) folder: PathBuf,
    pub(super) https: SocketAddr,
    pub(super) operations: SocketAddr,
    /// Without a final slash.
    pub(super) url: String,
    pub(super) client: Client,
    admin: Admin,
}

#[derive(Serialize)]
struct NodeFile<'a> {
    node: NodeSection,
    https: HttpsSection,
    peer: PeerSection,
    operations: OperationsSection<'a>,
    cluster: ClusterSection,
}

#[derive(Serialize)]
struct NodeSection {
    data_dir: PathBuf,
}

#[derive(Serialize)]
struct HttpsSection {
    listen: [SocketAddr; 1],
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(Serialize)]
struct PeerSection {
    listen: SocketAddr,
}

#[derive(Serialize)]
struct OperationsSection<'a> {
    socket: PathBuf,
    listen: SocketAddr,
    token_file: &'a Path,
}

#[derive(Serialize)]
struct ClusterSection {
    #[serde(skip_serializing_if = "Option::is_none")]
    join_token_file: Option<PathBuf>,
}

impl Site {
    /// Makes the folder and everything in it but the data.
    pub(super) fn prepare(
        number: u8,
        address: Ipv4Addr,
        parent: &Path,
        ports: Ports,
        authority: &Authority,
        token_file: &Path,
    ) -> Result<Self, Fault> {
        let folder = parent.join(format!("node{number}"));
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Fault::File { path, source }
        };
        std::fs::create_dir(&folder).map_err(failed(&folder))?;
        let certified = authority.certify(address)?;
        let (certificate, key) = (folder.join("tls.pem"), folder.join("tls.key"));
        private_file::write(&certificate, &certified.certificate).map_err(failed(&certificate))?;
        private_file::write(&key, &certified.key).map_err(failed(&key))?;

        let https = SocketAddr::from((address, ports.https));
        let operations = SocketAddr::from((address, ports.operations));
        let socket = folder.join("woad.sock");
        let file = NodeFile {
            node: NodeSection { data_dir: folder.join("data") },
            https: HttpsSection { listen: [https], certificate, key },
            peer: PeerSection { listen: SocketAddr::from((address, ports.peer)) },
            operations: OperationsSection { socket: socket.clone(), listen: operations, token_file },
            // The first node makes the cluster; the others join it.
            cluster: ClusterSection { join_token_file: (number > 1).then(|| folder.join("join-token")) },
        };
        let path = folder.join("woad.toml");
        let text = toml::to_string(&file).map_err(|error| failed(&path)(std::io::Error::other(error)))?;
        private_file::write(&path, &text).map_err(failed(&path))?;

        let client = client(&authority.pem)?;
        let url = format!("https://{https}");
        Ok(Self { number, folder, https, operations, url, client, admin: Admin::Unix(socket) })
    }

    /// Gives a new node what it joins with.
    pub(super) fn put_join_token(&self, token: &str) -> Result<(), Fault> {
        let path = self.folder.join("join-token");
        private_file::replace(&path, token).map_err(|source| Fault::File { path: path.clone(), source })
    }

    pub(super) fn config(&self) -> PathBuf {
        self.folder.join("woad.toml")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("woad.log")
    }

    /// The operations socket as it is told of: by its place in the demo's folder.
    pub(super) fn socket_name(&self) -> String {
        format!("node{}/woad.sock", self.number)
    }

    /// The node's administration.
    pub(super) const fn administration(&self) -> &Admin {
        &self.admin
    }

    /// Asks the node's administration.
    pub(super) async fn admin(&self, call: Call) -> Result<Value, Fault> {
        self.try_admin(call).await.map_err(|failure| Fault::Admin { number: self.number, failure: Box::new(failure) })
    }

    /// The same, for those who expect it to fail.
    pub(super) async fn try_admin(&self, call: Call) -> Result<Value, Failure> {
        self.admin.call(call).await
    }
}

/// A client that trusts the demo's authority alone, keeps its connections and sends nothing twice.
fn client(authority: &str) -> Result<Client, Fault> {
    let build = || {
        Client::builder()
            .tls_certs_only([Certificate::from_pem(authority.as_bytes())?])
            .http1_only()
            .timeout(ANSWER)
            .pool_idle_timeout(IDLE)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()
    };
    build().map_err(Fault::Client)
}
