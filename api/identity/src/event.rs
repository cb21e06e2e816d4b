//! Audit events: what changed, by whom, in one realm's chain.

use std::net::IpAddr;

use raft_store_core::{Abort, Chain, Event, Tx};
use serde::Serialize;
use serde_json::Value;

use crate::ids::{ClientId, RealmId, UserId};

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Who {
    /// Somebody on the operations listener, by the name they are known under there.
    Operator(String),
    /// A client of the realm.
    Client(String),
    /// A person of the realm.
    User(String),
    /// Somebody who has not said who they are, or not proved it.
    Anonymous,
    /// The cluster itself.
    System,
}

/// Who acts, from where, in which request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub who: Who,
    /// The connection's other end; `None` for a local socket.
    pub address: Option<IpAddr>,
    /// Ties the event to the log lines of its request.
    pub request_id: String,
}

impl Actor {
    /// The cluster itself, for jobs.
    #[must_use]
    pub const fn system() -> Self {
        Self { who: Who::System, address: None, request_id: String::new() }
    }

    /// A client.
    #[must_use]
    pub fn client(id: &ClientId, address: Option<IpAddr>, request_id: impl Into<String>) -> Self {
        Self { who: Who::Client(id.to_string()), address, request_id: request_id.into() }
    }

    /// A person.
    #[must_use]
    pub fn user(id: UserId, address: Option<IpAddr>, request_id: impl Into<String>) -> Self {
        Self { who: Who::User(id.to_string()), address, request_id: request_id.into() }
    }

    /// Somebody who has not proved who they are.
    #[must_use]
    pub fn anonymous(address: Option<IpAddr>, request_id: impl Into<String>) -> Self {
        Self { who: Who::Anonymous, address, request_id: request_id.into() }
    }

    /// The same request, once it is known that a person makes it.
    #[must_use]
    pub(crate) fn as_user(&self, id: UserId) -> Self {
        Self { who: Who::User(id.to_string()), ..self.clone() }
    }
}

/// An event's body. Its fields' names and order are stable: other programs read them.
#[derive(Serialize)]
struct Body<'a> {
    what: &'a str,
    actor: &'a Who,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(skip_serializing_if = "str::is_empty")]
    request: &'a str,
    /// Empty in the cluster's chain.
    #[serde(skip_serializing_if = "str::is_empty")]
    realm: &'a str,
    object: &'a str,
    #[serde(skip_serializing_if = "Value::is_null")]
    changes: Value,
}

/// Writes an event into a realm's chain or the cluster's.
pub(crate) fn record_in(
    tx: &mut Tx<'_>,
    chain: &Chain,
    what: &str,
    object: &str,
    changes: Value,
    actor: &Actor,
) -> Result<(), Abort> {
    let body = Body {
        what,
        actor: &actor.who,
        address: actor.address,
        request: &actor.request_id,
        realm: chain.name(),
        object,
        changes,
    };
    let body = serde_json::to_vec(&body).map_err(|_| Abort::corrupt("event"))?;
    tx.audit(chain, Event(body));
    Ok(())
}

/// Writes an event into the realm's chain, with the transaction. `changes` never holds a secret.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    what: &str,
    object: &str,
    changes: Value,
    actor: &Actor,
) -> Result<(), Abort> {
    record_in(tx, &Chain::Realm(realm.to_string()), what, object, changes, actor)
}
