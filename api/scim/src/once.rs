//! Creates that may be sent again with the same `Idempotency-Key`.

use raft_store_core::{Abort, Tx};
use serde_json::Value;
use woad_http::idempotency::{Key, Reused};
use woad_identity::Who;

use crate::call::Call;
use crate::fault::Fault;

/// What a create came to.
pub(crate) enum Made {
    /// It was made now.
    Now,
    /// The same request made this before.
    Before(String),
}

/// The request's key, if it has one. `content` is what must be the same again.
pub(crate) fn key(call: &Call, content: &Value) -> Result<Option<Key>, Fault> {
    let who = match &call.actor.who {
        Who::Operator(name) | Who::Client(name) | Who::User(name) => name.as_str(),
        Who::Anonymous | Who::System => "",
    };
    let content = content.to_string();
    Ok(Key::of(&call.parts.headers, call.realm.as_str(), who, call.parts.uri.path(), content.as_bytes())?)
}

/// The id of what the request made before.
pub(crate) fn made(tx: &Tx<'_>, key: Option<&Key>) -> Result<Result<Option<String>, Reused>, Abort> {
    key.map_or(Ok(Ok(None)), |key| key.made(tx))
}
