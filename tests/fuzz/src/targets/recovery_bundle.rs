//! The recovery bundle, out of an operator's safe.

use std::sync::OnceLock;

use raft_store::RecoveryBundle;
use raft_store::trust::ca::ClusterCa;
use raft_store::trust::cluster_key::ClusterKey;
use raft_store_core::Timestamp;
use rustls_pki_types::CertificateDer;

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "recovery_bundle",
    run: target,
    seeds,
    words: &["woad-recovery-bundle-1", "\"format\":", "-----BEGIN CERTIFICATE-----", "-----END", "\\n", "\\u0000", "{", "[["],
    rounds: 3000,
};

const CA: (&[u8], &[u8]) = (include_bytes!("../../fixtures/ca.der"), include_bytes!("../../fixtures/ca.p8"));

fn good() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let bundle = RecoveryBundle {
            cluster: "0b0a8a2e-3a0c-4d3f-9d2c-1f2e3d4c5b6a".parse().unwrap(),
            created: Timestamp(1_700_000_000_000),
            cluster_key: ClusterKey::from_bytes(&[7; 32]).unwrap(),
            ca: ClusterCa::from_parts(CertificateDer::from(CA.0), CA.1).unwrap(),
        };
        bundle.to_text().unwrap().to_string()
    })
}

fn seeds() -> Vec<Vec<u8>> {
    vec![good().as_bytes().to_vec()]
}

/// Any text. What is understood is whole: it comes back as it was written.
pub fn target(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    let Ok(bundle) = RecoveryBundle::from_text(text) else { return };
    let written = bundle.to_text().expect("a bundle can be written");
    let again = RecoveryBundle::from_text(&written).expect("a bundle is its own text");
    assert_eq!(*again.to_text().unwrap(), *written);
}
