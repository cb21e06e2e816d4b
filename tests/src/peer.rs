//! A stranger, or a member gone astray, at a node's peer port: gRPC by hand, over TLS with any certificate or none.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Every call must be answered or cut off by then.
const PATIENCE: Duration = Duration::from_secs(8);

/// Key and certificate chain.
pub struct Identity {
    pub(crate) key: PrivateKeyDer<'static>,
    pub(crate) chain: Vec<CertificateDer<'static>>,
}

impl Identity {
    /// The one of a member, taken from its data folder.
    ///
    /// # Errors
    /// When it is not there.
    pub fn of_member(data: &Path) -> Result<Self> {
        let pem = fs::read(data.join("peer").join("peer.pem"))?;
        let chain = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { key: PrivateKeyDer::from_pem_slice(&pem)?, chain })
    }

    /// One that says what a member's would and is signed by nobody.
    ///
    /// # Errors
    /// When the crypto provider fails.
    pub fn self_signed(cluster: &str, node: u64) -> Result<Self> {
        let key = rcgen::KeyPair::generate()?;
        let mut params = rcgen::CertificateParams::default();
        let name = format!("woad://{cluster}/{node}");
        params.subject_alt_names = vec![rcgen::SanType::URI(name.as_str().try_into()?)];
        let certificate = params.self_signed(&key)?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).ok().context("not a key")?;
        Ok(Self { key, chain: vec![certificate.der().clone()] })
    }
}

/// Believes every server: whoever attacks does.
#[derive(Debug)]
struct Credulous(Arc<CryptoProvider>);

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// With this gRPC status.
    Status(u16),
    /// With an HTTP status and no gRPC status.
    Http(u16),
    /// The connection was refused or cut.
    CutOff,
}

/// gRPC's `PERMISSION_DENIED`.
pub const PERMISSION_DENIED: u16 = 7;
/// gRPC's `UNIMPLEMENTED`.
pub const UNIMPLEMENTED: u16 = 12;
/// gRPC's `UNAUTHENTICATED`.
pub const UNAUTHENTICATED: u16 = 16;

/// Calls a method of the peer service with an encoded message.
///
/// # Errors
/// When the call hangs.
pub async fn call(at: SocketAddr, identity: Option<&Identity>, method: &str, message: &[u8]) -> Result<Called> {
    let path = format!("/woad.peer.v1.Peer/{method}");
    let attempt = async {
        match exchange(at, identity, &path, message).await {
            Ok(called) => called,
            Err(_) => Called::CutOff,
        }
    };
    tokio::time::timeout(PATIENCE, attempt).await.with_context(|| format!("{method} hangs"))
}

/// What a client of the peer port uses that believes every server.
pub(crate) fn client_config(identity: Option<&Identity>) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Credulous(provider)));
    let mut config = match identity {
        Some(identity) => builder.with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

async fn connect(at: SocketAddr, identity: Option<&Identity>) -> Result<SendRequest<Full<Bytes>>> {
    let tcp = TcpStream::connect(at).await?;
    let stream =
        TlsConnector::from(Arc::new(client_config(identity)?)).connect(ServerName::try_from("localhost")?, tcp).await?;
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn exchange(at: SocketAddr, identity: Option<&Identity>, path: &str, message: &[u8]) -> Result<Called> {
    let mut sender = connect(at, identity).await?;
    let mut framed = vec![0];
    framed.extend(u32::try_from(message.len())?.to_be_bytes());
    framed.extend(message);
    let request = Request::post(format!("https://localhost{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(Bytes::from(framed)))?;
    let (parts, body) = sender.send_request(request).await?.into_parts();
    let body = body.collect().await?;
    let trailer = body.trailers().and_then(|trailers| trailers.get("grpc-status"));
    let status = parts.headers.get("grpc-status").or(trailer).and_then(|value| value.to_str().ok()?.parse().ok());
    Ok(status.map_or(Called::Http(parts.status.as_u16()), Called::Status))
}

/// `Hello` in the name of a node.
#[must_use]
pub fn hello(cluster: &str, node: u8) -> Vec<u8> {
    let mut message = vec![0x0a, u8::try_from(cluster.len()).unwrap_or_default()];
    message.extend(cluster.as_bytes());
    message.extend([0x10, node]);
    message
}
