//! `PATCH /Groups/{id}` (RFC 7644 §3.5.2): all operations or none. Those on members are applied after the others, each
//! kind in its order: neither looks at what the other changes.

use axum::response::Response;
use http::StatusCode;
use raft_store_core::{Outcome, Tx};
use woad_http::Services;

use super::fields;
use super::members::MemberChange;
use super::replace::{begin, write};
use super::show::{projection, show};
use crate::answer;
use crate::call::WriteCall;
use crate::fault::Fault;
use crate::patch;
use crate::render::group_fields;
use crate::schema::GROUPS;

pub(crate) async fn handle(services: Services, WriteCall(call): WriteCall) -> Result<Response, Fault> {
    let id = super::named(&call)?;
    let conditions = call.conditions()?;
    let projection = projection(&call)?;
    let operations = patch::parse(&GROUPS, call.json()?)?;
    let (members, operations): (Vec<_>, Vec<_>) =
        operations.into_iter().partition(|operation| operation.target.place.is("members"));
    let members = members.into_iter().map(MemberChange::of).collect::<Result<Vec<_>, _>>()?;
    let run = |tx: &mut Tx<'_>| {
        let stored = match begin(tx, &call, id, &conditions)? {
            Ok(stored) => stored,
            Err(refused) => return Ok(Outcome::Answer(Err(refused))),
        };
        let mut resource = group_fields(&stored.row);
        if let Err(error) = patch::apply(operations.clone(), &mut resource) {
            return Ok(Outcome::Answer(Err(error.into())));
        }
        match fields::of(&resource) {
            Ok(fields) => write(tx, &call, &stored, &fields, &members),
            Err(refused) => Ok(Outcome::Answer(Err(refused))),
        }
    };
    let done = services.store.transact(&call.request(), run).await?;
    done.answer?;
    let shown = show(&services, &call, id, &projection, Some(done.revision)).await?.ok_or_else(Fault::not_found)?;
    Ok(answer::resource(StatusCode::OK, shown.body, shown.revision))
}
