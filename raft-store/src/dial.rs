//! How a node reaches another, and is reached (store.md 16): the seam at which a simulator takes over.

use std::io;

use raft_store_core::store::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

/// A connection.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {}

/// A connection whose kind does not matter.
pub type BoxedIo = Box<dyn Io>;

/// Makes authenticated connections to members.
pub trait Net: Send + Sync {
    /// Connects to the member `node` at `address` and proves that it is that member.
    fn dial<'a>(&'a self, node: u64, address: &'a str) -> BoxFuture<'a, io::Result<BoxedIo>>;
}

/// Takes connections of members in.
pub trait Incoming: Send {
    /// The next connection, and the node that has proved to be at its other end.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<(BoxedIo, u64)>>;
}
