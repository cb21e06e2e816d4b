//! TLS of a node that has no certificate yet.

use std::sync::Arc;

use rustls::ClientConfig;

use super::ca::CaPin;
use super::peer_tls::{self, PeerTlsError, WallClock};
use super::verify::PinnedServer;

/// For the one call that joins: without client certificate, to any member whose chain ends in the authority that the
/// token pins. No other authority is accepted, on first use or ever.
///
/// # Errors
/// When the provider lacks TLS 1.3.
pub fn joining(pin: CaPin, clock: &WallClock) -> Result<Arc<ClientConfig>, PeerTlsError> {
    let provider = peer_tls::provider();
    let verifier = PinnedServer::new(&provider, pin);
    let config = peer_tls::client(&provider, clock, Arc::new(verifier))?;
    Ok(Arc::new(peer_tls::finish(config.with_no_client_auth())))
}
