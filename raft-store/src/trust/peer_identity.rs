//! What a node's certificate says: which node of which cluster.

use std::fmt;
use std::str::FromStr;

use raft_store_core::NodeId;
use rustls_pki_types::CertificateDer;

use super::cluster_id::ClusterId;
use super::x509;

const SCHEME: &str = "woad://";

/// One node of one cluster: the URI `woad://<cluster-id>/<node-id>` in the subject alternative names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerIdentity {
    /// The cluster.
    pub cluster: ClusterId,
    /// The node; never 0.
    pub node: NodeId,
}

/// The certificate, or the text, names no node of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("certificate names no node of a cluster")]
pub struct Nameless;

impl PeerIdentity {
    /// Reads an end-entity certificate. Says nothing of whether it is to be trusted: only certificates that
    /// [`PeerTls`](super::PeerTls) let through are.
    ///
    /// # Errors
    /// When it has no URI, or more than one, or one of another form.
    pub fn of_certificate(certificate: &CertificateDer<'_>) -> Result<Self, Nameless> {
        let uris = x509::uris(certificate).ok_or(Nameless)?;
        match uris.as_slice() {
            [uri] => uri.parse(),
            _ => Err(Nameless),
        }
    }
}

impl FromStr for PeerIdentity {
    type Err = Nameless;

    fn from_str(text: &str) -> Result<Self, Nameless> {
        let (cluster, node) = text.strip_prefix(SCHEME).and_then(|rest| rest.split_once('/')).ok_or(Nameless)?;
        let identity = Self {
            cluster: cluster.parse().map_err(|_| Nameless)?,
            node: NodeId(node.parse().ok().filter(|node| *node != 0).ok_or(Nameless)?),
        };
        // One spelling: no sign, no leading zero.
        if identity.to_string() == text { Ok(identity) } else { Err(Nameless) }
    }
}

impl fmt::Display for PeerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.cluster, self.node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_only() {
        let cluster = ClusterId::generate(&|bytes| bytes.fill(7));
        let identity = PeerIdentity { cluster, node: NodeId(12) };
        let text = identity.to_string();
        assert_eq!(text, format!("woad://{cluster}/12"));
        assert_eq!(text.parse(), Ok(identity));
        for wrong in [
            format!("woad://{cluster}/0"),
            format!("woad://{cluster}/012"),
            format!("woad://{cluster}/+12"),
            format!("woad://{cluster}/12/"),
            format!("woad://{cluster}/12?a"),
            format!("woad://{cluster}/"),
            format!("woad://{cluster}"),
            format!("woad://{cluster}/18446744073709551616"),
            format!("WOAD://{cluster}/12"),
            format!("spiffe://{cluster}/12"),
            "woad:///12".to_owned(),
            String::new(),
        ] {
            assert_eq!(wrong.parse::<PeerIdentity>(), Err(Nameless), "{wrong}");
        }
    }
}
