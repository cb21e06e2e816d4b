//! `PATCH /Users/{id}` (RFC 7644 §3.5.2): all operations or none.

use axum::response::Response;
use http::StatusCode;
use raft_store_core::{Outcome, Tx};
use serde_json::Value;
use woad_http::Services;

use super::password::NewPassword;
use super::replace::{begin, write};
use super::show::{projection, show};
use super::{Whose, fields};
use crate::answer;
use crate::call::{Call, WriteCall};
use crate::fault::Fault;
use crate::patch::{self, Change, Operation, PatchError};
use crate::render::user_fields;
use crate::schema::USERS;

pub(crate) async fn handle(services: Services, WriteCall(call): WriteCall) -> Result<Response, Fault> {
    let whose = super::named(&call)?;
    patch(&services, &call, whose).await
}

/// Changes a record. Of one's own, what one may not change is as good as read-only.
pub(crate) async fn patch(services: &Services, call: &Call, whose: Whose) -> Result<Response, Fault> {
    let conditions = call.conditions()?;
    let projection = projection(call)?;
    let operations = patch::parse(&USERS, call.json()?)?;
    for Operation { target, .. } in &operations {
        let name = target.place.attribute.name;
        if !fields::may_change(whose, target.place.extension.is_none().then_some(name)) {
            return Err(PatchError::Mutability(name).into());
        }
    }
    let (secret, operations): (Vec<_>, Vec<_>) =
        operations.into_iter().partition(|operation| operation.target.place.is("password"));
    let password = NewPassword::of(services, last(secret)?).await?;
    let run = |tx: &mut Tx<'_>| {
        let (realm, stored) = match begin(tx, call, whose, &conditions)? {
            Ok(begun) => begun,
            Err(refused) => return Ok(Outcome::Answer(Err(refused))),
        };
        let mut resource = user_fields(&stored.row)?;
        if let Err(error) = patch::apply(operations.clone(), &mut resource) {
            return Ok(Outcome::Answer(Err(error.into())));
        }
        write(tx, call, &realm, (whose, &stored), fields::of(whose, &resource), &password)
    };
    let done = services.store.transact(&call.request(), run).await?;
    done.answer?;
    let shown = show(services, call, whose.id(), &projection, Some(done.revision)).await?;
    let shown = shown.ok_or_else(Fault::not_found)?;
    Ok(answer::resource(StatusCode::OK, shown.body, shown.revision))
}

/// What the last of the operations on the password makes of it.
fn last(operations: Vec<Operation>) -> Result<Option<Value>, PatchError> {
    let Some(Operation { change, target, value }) = operations.into_iter().next_back() else { return Ok(None) };
    if target.filter.is_some() || target.sub.is_some() {
        return Err(PatchError::Path);
    }
    Ok(Some(if change == Change::Remove { Value::Null } else { value }))
}
