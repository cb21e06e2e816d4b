//! `PATCH /v1/realms/{realm}/groups/{group}`: sets the fields that the body names. With `If-Match`, only if nobody has
//! changed it since.

use http::StatusCode;
use serde::Deserialize;
use woad_http::{Object, Problem};
use woad_identity::group::{self, GroupPatch, UpdateGroupError};

use super::{change_and_show, invalid, no_group, out_of_bounds};
use crate::Admin;
use crate::call::{Answer, ClusterCall, changed_meanwhile, given};
use crate::outcome::refused;
use crate::users::LabelPart;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wanted {
    #[serde(deserialize_with = "given")]
    leaf: Option<String>,
    #[serde(deserialize_with = "given")]
    description: Option<String>,
    #[serde(deserialize_with = "given")]
    labels: Option<Vec<Object<LabelPart>>>,
    #[serde(deserialize_with = "given")]
    external_id: Option<String>,
}

fn problem(error: UpdateGroupError) -> Problem {
    let text = error.to_string();
    match error {
        UpdateGroupError::NotFound => no_group(),
        UpdateGroupError::Changed => changed_meanwhile(text),
        UpdateGroupError::NameTaken => Problem::new(StatusCode::CONFLICT, text).of_kind("exists"),
        UpdateGroupError::NameTooLong | UpdateGroupError::TooManyBelow => out_of_bounds(text),
        UpdateGroupError::Invalid(error) => invalid(&error),
    }
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let wanted: Wanted = call.json()?;
    let patch = GroupPatch {
        name: wanted.leaf,
        description: wanted.description,
        labels: wanted.labels.map(|labels| labels.into_iter().map(|Object(label)| label.into()).collect()),
        external_id: wanted.external_id,
    };
    let if_revision = call.if_match()?;
    let changed = change_and_show(&call, |tx, realm, id| {
        Ok(refused(group::update(tx, realm, id, &patch, if_revision, &call.actor)?, problem))
    });
    changed.await
}
