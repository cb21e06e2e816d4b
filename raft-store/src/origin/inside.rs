//! The store as the node's own duties use it: also while it refuses everybody else.

use std::sync::Arc;

use raft_store_core::store::{Backend, BoxFuture, TxFn, ViewFn};
use raft_store_core::{Done, Freshness, Request, StoreError};

use super::Origin;

/// See the module's documentation.
pub(crate) struct Inside(pub(crate) Arc<Origin>);

impl Backend for Inside {
    fn transact<'a>(&'a self, cx: &'a Request, f: &'a mut TxFn<'_>) -> BoxFuture<'a, Result<Done<()>, StoreError>> {
        Box::pin(self.0.run(cx, f))
    }

    fn view<'a>(
        &'a self,
        cx: &'a Request,
        fresh: Freshness,
        f: &'a mut ViewFn<'_>,
    ) -> BoxFuture<'a, Result<Done<()>, StoreError>> {
        Box::pin(self.0.read(cx, fresh, f))
    }
}
