//! TLS as clients speak it: a certificate that is its own root, for our listeners and etcd's alike.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const NAME: &str = "localhost";

/// The files of a certificate, and clients that trust no other.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    http1: TlsConnector,
    http2: TlsConnector,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

fn connector(roots: RootCertStore, protocol: &[u8]) -> anyhow::Result<TlsConnector> {
    let config =
        ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions()?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

impl Tls {
    /// Makes the certificate in this folder.
    pub(crate) fn make(folder: &Path) -> anyhow::Result<Self> {
        let made = rcgen::generate_simple_self_signed([NAME.to_owned(), "127.0.0.1".to_owned()])?;
        let (certificate, key) = (folder.join("https.crt"), folder.join("https.key"));
        std::fs::write(&certificate, made.cert.pem())?;
        // A node takes no key that others may read.
        let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(&key)?;
        file.write_all(made.signing_key.serialize_pem().as_bytes())?;
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone())?;
        let (http1, http2) = (connector(roots.clone(), b"http/1.1")?, connector(roots, b"h2")?);
        Ok(Self { certificate, key, http1, http2 })
    }

    pub(crate) async fn http1(&self, over: TcpStream) -> anyhow::Result<TlsStream<TcpStream>> {
        self.http1.connect(ServerName::try_from(NAME)?, over).await.context("TLS")
    }

    pub(crate) async fn http2(&self, over: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(NAME).map_err(std::io::Error::other)?;
        self.http2.connect(name, over).await
    }
}
