//! A few rows again where clients speak TLS, to us and to etcd alike.

use std::path::Path;

use crate::disk::Flush;
use crate::durable::{self, Plan};
use crate::etcd::Etcd;
use crate::introspection;
use crate::report::Report;
use crate::world::{Cluster, NodeOptions, Tls, Under};

/// Transactions through a follower.
const PLAN: Plan = Plan { in_flight: 64, transactions: 3500, delay: None };

/// The rows; the cluster serves plain HTTP again afterwards.
pub(crate) async fn run(cluster: &mut Cluster, folder: &Path, flush: Flush, report: &mut Report) -> anyhow::Result<()> {
    let folder = folder.join("tls");
    std::fs::create_dir_all(&folder)?;
    let tls = Tls::make(&folder)?;
    let mut etcd = Etcd::form(&folder, Under::default(), Some(&tls)).await?;
    cluster.restart(&NodeOptions { tls: Some(tls), ..NodeOptions::default() }).await?;
    let token = introspection::token_of_client(cluster).await?;
    introspection::run(cluster, etcd.as_ref(), &token, "client's", report).await?;
    durable::run(cluster, etcd.as_ref(), PLAN, flush, report).await?;
    if let Some(etcd) = &mut etcd {
        etcd.stop().await?;
    }
    cluster.restart(&NodeOptions::default()).await
}
