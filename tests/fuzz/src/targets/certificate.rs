//! Certificates and certificate requests of nodes.

use raft_store::fuzz::csr;
use raft_store::trust::ca::{CaPin, ClusterCa};
use raft_store::trust::peer_identity::PeerIdentity;
use rustls_pki_types::CertificateDer;

use crate::Target;

const CERTIFICATE: &[u8] = include_bytes!("../../fixtures/node.der");
const REQUEST: &[u8] = include_bytes!("../../fixtures/node.csr");
const KEY: &[u8] = include_bytes!("../../fixtures/es256.p8");

/// See [`target`].
pub const TARGET: Target = Target {
    name: "certificate",
    run: target,
    seeds: || vec![CERTIFICATE.to_vec(), REQUEST.to_vec()],
    words: &["woad://", "\u{6}\u{3}U\u{1d}\u{11}"],
    rounds: 4000,
};

/// Any bytes as a certificate and as a request. Of requests, only the one whose key signed it proves anything; no
/// certificate is the authority of a key that is not its own.
pub fn target(data: &[u8]) {
    let certificate = CertificateDer::from(data);
    if let Ok(identity) = PeerIdentity::of_certificate(&certificate) {
        assert_eq!(identity.to_string().parse(), Ok(identity));
    }
    let _ = CaPin::of(&certificate);
    assert!(ClusterCa::from_parts(certificate.into_owned(), KEY).is_err(), "an authority has its own key");
    if csr(data) {
        let signed = &REQUEST[3..5 + usize::from(REQUEST[4])];
        let holds = data.windows(signed.len()).any(|part| part == signed);
        assert!(holds, "a signature is of the bytes it was made over");
    }
}
