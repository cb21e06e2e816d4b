//! Bytes on a TLS connection to the https listener, for requests that no client library would send.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::node::HOST;

/// No answer may take longer (the catalogue of bad input says 2 s; a busy machine gets more).
const PATIENCE: Duration = Duration::from_secs(8);

/// A connection.
pub struct Raw {
    stream: TlsStream<TcpStream>,
    seen: Vec<u8>,
}

/// A raw answer.
#[derive(Clone, Debug)]
pub struct RawAnswer {
    /// The status code; 0 when the connection ended without an answer.
    pub status: u16,
    /// Status line and headers, in lower case.
    pub head: String,
    /// The body, as far as it is UTF-8.
    pub body: String,
}

impl Raw {
    /// Connects and shakes hands.
    ///
    /// # Errors
    /// When that fails.
    pub async fn connect(address: SocketAddr, authority: &str, alpn: &[u8]) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes())?)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![alpn.to_vec()];
        let tcp = TcpStream::connect(address).await?;
        let name = ServerName::try_from(HOST)?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;
        Ok(Self { stream, seen: Vec::new() })
    }

    /// Sends bytes. That the other side has closed meanwhile is no error: what it said before counts.
    ///
    /// # Errors
    /// When they are not taken in time.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let write = async {
            let _ = self.stream.write_all(bytes).await;
            let _ = self.stream.flush().await;
        };
        tokio::time::timeout(PATIENCE, write).await.context("the request is not read")
    }

    /// Reads one answer.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn answer(&mut self) -> Result<RawAnswer> {
        tokio::time::timeout(PATIENCE, self.read_answer()).await.context("no answer")
    }

    async fn read_answer(&mut self) -> RawAnswer {
        loop {
            if let Some(answer) = self.complete() {
                return answer;
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return self.cut_off(),
                Ok(count) => self.seen.extend(buffer.iter().take(count)),
            }
        }
    }

    /// An answer whose announced body has arrived.
    fn complete(&mut self) -> Option<RawAnswer> {
        let end = self.seen.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(self.seen.get(..end)?).to_ascii_lowercase();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        let body = self.seen.get(end..end + length.unwrap_or(0usize))?;
        let answer = RawAnswer { status, head, body: String::from_utf8_lossy(body).into_owned() };
        self.seen.drain(..end + length.unwrap_or(0));
        Some(answer)
    }

    fn cut_off(&mut self) -> RawAnswer {
        let text = String::from_utf8_lossy(&self.seen).to_ascii_lowercase();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        self.seen.clear();
        RawAnswer { status, head: text, body: String::new() }
    }

    /// Whether the other side ends the connection now.
    pub async fn closes(&mut self) -> bool {
        let drained = async {
            let mut buffer = [0; 4096];
            while matches!(self.stream.read(&mut buffer).await, Ok(count) if count > 0) {}
        };
        tokio::time::timeout(PATIENCE, drained).await.is_ok()
    }
}
