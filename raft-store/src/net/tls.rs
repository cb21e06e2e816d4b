//! [`Net`] over TCP and mutual TLS.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use raft_store_core::NodeId;
use raft_store_core::store::BoxFuture;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::trusting::Trusting;
use crate::dial::{BoxedIo, Net};
use crate::trust::{PeerTls, verify};

/// Dials members and checks that each is the node it should be.
pub(crate) struct TlsNet(Arc<PeerTls>, Told);

impl TlsNet {
    pub(crate) fn new(tls: Arc<PeerTls>) -> Self {
        Self(tls, Told::default())
    }
}

impl Net for TlsNet {
    fn dial<'a>(&'a self, node: u64, address: &'a str) -> BoxFuture<'a, io::Result<BoxedIo>> {
        Box::pin(async move {
            let config = self.0.client(NodeId(node)).map_err(crate::disk::io_error)?;
            let changes = self.0.changes();
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            // The name is not looked at: the certificate must name the node.
            let name = ServerName::try_from("peer.woad.invalid").map_err(io::Error::other)?;
            let stream = TlsConnector::from(config).connect(name, stream).await.inspect_err(|error| {
                self.1.tell(node, address, error);
            })?;
            let certificates = stream.get_ref().1.peer_certificates().map(<[_]>::to_vec);
            let stream = Trusting::new(stream, Arc::clone(&self.0), changes, certificates.as_deref());
            Ok(Box::new(stream) as BoxedIo)
        })
    }
}

/// Who was said to be of another cluster: once, not at every try.
#[derive(Default)]
struct Told(parking_lot::Mutex<BTreeSet<u64>>);

impl Told {
    fn tell(&self, node: u64, address: &str, error: &io::Error) {
        let refusal = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).and_then(verify::refusal);
        if let Some(verify::PeerRefused::ForeignCluster(found)) = refusal
            && self.0.lock().insert(node)
        {
            tracing::error!(
                node, address, found = %found,
                "a member is of another cluster now: if the quorum was lost and recovered without this node, it can't \
                 come back as it is; join it again as a new node"
            );
        }
    }
}
