//! etcd's calls on the store.

use std::sync::Arc;

use raft_store_core::cluster::ClusterControl;
use raft_store_core::{Done, Freshness, Outcome, Read as _, Request as Ask, Store, StoreError};
use tonic::{Request, Response, Status};

use crate::pairs::{Pair, Pairs};
use crate::rpc::{
    KeyValue, PutRequest, PutResponse, RangeRequest, RangeResponse, ResponseHeader, StatusRequest, StatusResponse,
    kv_server, maintenance_server,
};

#[derive(Clone)]
pub(crate) struct Member {
    store: Store,
    control: Arc<dyn ClusterControl>,
}

fn failed(error: &StoreError) -> Status {
    Status::unavailable(error.to_string())
}

fn number(revision: u64) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}

impl Member {
    pub(crate) fn new(store: Store, control: Arc<dyn ClusterControl>) -> Self {
        Self { store, control }
    }

    fn header<A>(done: &Done<A>) -> ResponseHeader {
        ResponseHeader { member_id: 0, revision: number(done.revision.0) }
    }
}

#[tonic::async_trait]
impl kv_server::Kv for Member {
    async fn put(&self, request: Request<PutRequest>) -> Result<Response<PutResponse>, Status> {
        let PutRequest { key, value } = request.into_inner();
        let done = self
            .store
            .transact(&Ask::new("put"), |tx| {
                // Without an index of its own nothing is taken.
                let _free = tx.put::<Pairs>(key.clone(), Pair { value: value.clone() })?;
                Ok(Outcome::Commit(()))
            })
            .await
            .map_err(|error| failed(&error))?;
        Ok(Response::new(PutResponse { header: Some(Self::header(&done)) }))
    }

    async fn range(&self, request: Request<RangeRequest>) -> Result<Response<RangeResponse>, Status> {
        let RangeRequest { key, serializable } = request.into_inner();
        let fresh = if serializable { Freshness::Local } else { Freshness::Linearizable };
        let done = self.store.view(&Ask::new("range"), fresh, |view| view.get::<Pairs>(&key)).await;
        let done = done.map_err(|error| failed(&error))?;
        let header = Some(Self::header(&done));
        let kvs: Vec<KeyValue> = done
            .answer
            .into_iter()
            .map(|stored| KeyValue {
                key: stored.key,
                mod_revision: number(stored.revision.0),
                value: stored.row.value,
            })
            .collect();
        Ok(Response::new(RangeResponse { header, count: number(kvs.len() as u64), kvs }))
    }
}

#[tonic::async_trait]
impl maintenance_server::Maintenance for Member {
    async fn status(&self, _: Request<StatusRequest>) -> Result<Response<StatusResponse>, Status> {
        let status = self.control.status();
        // A member that knows of three voters only: before that the cluster is still being formed.
        let formed = status.members.iter().filter(|member| member.voter).count() == 3;
        let leader = status.leader.filter(|_| formed).map_or(0, |leader| leader.0);
        let header = Some(ResponseHeader { member_id: status.node.0, revision: number(status.applied) });
        Ok(Response::new(StatusResponse { header, leader }))
    }
}
