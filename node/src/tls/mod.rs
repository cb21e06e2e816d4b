//! TLS of the https listeners: rustls on aws-lc-rs, with a certificate that is replaced while connections go on.

pub mod pem;
mod reload;

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::version::{TLS12, TLS13};

pub use reload::{CertificateFiles, ReloadError, Reloader};

/// The one crypto provider of this process.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Server side of the https listeners: TLS 1.2 and 1.3, HTTP/2 before HTTP/1.1, the certificate that `reloader` holds
/// at the time of each handshake.
///
/// # Errors
/// When the provider lacks what these versions need.
pub fn server_config(reloader: &Arc<Reloader>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(reloader) as _);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
