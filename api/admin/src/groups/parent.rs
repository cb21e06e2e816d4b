//! `PUT …/groups/{group}/parent` moves a group, with all below it, below another; `DELETE …/parent` to the top of the tree.

use http::StatusCode;
use raft_store_core::Outcome;
use serde::Deserialize;
use woad_http::Problem;
use woad_identity::group::{self, MoveGroupError};

use super::{GroupRef, change_and_show, members, no_group, out_of_bounds};
use crate::Admin;
use crate::call::{Answer, ClusterCall};
use crate::outcome::refused;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// By id or full name.
    parent: String,
}

fn problem(error: MoveGroupError) -> Problem {
    let text = error.to_string();
    let conflict = |kind| Problem::new(StatusCode::CONFLICT, error.to_string()).of_kind(kind);
    match error {
        MoveGroupError::NotFound => no_group(),
        MoveGroupError::NoSuchParent => conflict("no-such-parent"),
        MoveGroupError::Cycle => conflict("cycle"),
        MoveGroupError::NameTaken => conflict("exists"),
        MoveGroupError::TooManyBelow => conflict("too-many-groups"),
        MoveGroupError::TooManyMembers | MoveGroupError::TooManyMemberships => conflict("too-many-members"),
        MoveGroupError::TooDeep | MoveGroupError::NameTooLong => out_of_bounds(text),
        MoveGroupError::Member(error) => members::problem(error),
    }
}

pub(crate) async fn set(_: Admin, call: ClusterCall) -> Answer {
    let Wanted { parent } = call.json()?;
    let parent = GroupRef::lenient(&parent);
    let moved = change_and_show(&call, |tx, realm, id| {
        let Some(parent) = parent.find(tx, realm)? else {
            return Ok(Outcome::Answer(Err(problem(MoveGroupError::NoSuchParent))));
        };
        Ok(refused(group::set_parent(tx, realm, id, Some(parent.key.1), &call.actor)?, problem))
    });
    moved.await
}

pub(crate) async fn clear(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let moved = change_and_show(&call, |tx, realm, id| {
        Ok(refused(group::set_parent(tx, realm, id, None, &call.actor)?, problem))
    });
    moved.await
}
