//! `GET /v1/realms/{realm}/keys`: the realm's signing keys, public halves only.

use raft_store_core::Freshness;
use serde::Serialize;
use serde_json::{Value, json};
use woad_identity::keys;

use crate::Admin;
use crate::call::{Answer, ClusterCall, ok};

#[derive(Serialize)]
struct KeyView {
    kid: String,
    alg: &'static str,
    state: &'static str,
    created_ms: u64,
    public_jwk: Value,
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let realm = call.realm().await?;
    let store = &call.running.services.store;
    let keys = store.view(&call.request, Freshness::Linearizable, |view| {
        let mut out = Vec::new();
        for key in keys::list(view, &realm.key)? {
            out.push(KeyView {
                kid: key.key.1.to_string(),
                alg: key.row.alg()?.name(),
                state: key.row.state()?.name(),
                created_ms: key.row.created_ms,
                public_jwk: serde_json::from_str(&key.row.public_jwk).unwrap_or_default(),
            });
        }
        Ok(out)
    });
    Ok(ok(json!({ "keys": keys.await?.answer })))
}
