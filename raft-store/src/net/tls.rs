//! [`Net`] over TCP and mutual TLS.

use std::io;
use std::sync::Arc;

use raft_store_core::NodeId;
use raft_store_core::store::BoxFuture;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::dial::{BoxedIo, Net};
use crate::trust::PeerTls;

/// Dials members and checks that each is the node it should be.
pub(crate) struct TlsNet(pub(crate) Arc<PeerTls>);

impl Net for TlsNet {
    fn dial<'a>(&'a self, node: u64, address: &'a str) -> BoxFuture<'a, io::Result<BoxedIo>> {
        Box::pin(async move {
            let config = self.0.client(NodeId(node)).map_err(crate::disk::io_error)?;
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            // The name is not looked at: the certificate must name the node.
            let name = ServerName::try_from("peer.woad.invalid").map_err(io::Error::other)?;
            let stream = TlsConnector::from(config).connect(name, stream).await?;
            Ok(Box::new(stream) as BoxedIo)
        })
    }
}
