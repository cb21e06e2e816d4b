//! A group as it is shown.

use raft_store_core::{Abort, Read, Stored};
use serde::Serialize;
use woad_identity::group::{self, Groups};

use crate::users::LabelPart;

/// A group.
#[derive(Serialize)]
pub(crate) struct GroupView {
    id: String,
    /// `a/b/c`.
    full_name: String,
    /// The last part of it.
    leaf: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    description: String,
    /// Whether tokens carry it only when it is asked for by name.
    optional: bool,
    labels: Vec<LabelPart>,
    external_id: String,
    created_ms: u64,
    modified_ms: u64,
    /// What `If-Match` of a change may name.
    revision: u64,
}

impl GroupView {
    pub(crate) fn of(read: &impl Read, stored: &Stored<Groups>) -> Result<Self, Abort> {
        let (realm, id) = &stored.key;
        let row = &stored.row;
        Ok(Self {
            id: id.to_string(),
            full_name: group::full_name(read, realm, *id)?.unwrap_or_default(),
            leaf: row.name.clone(),
            parent: row.parent().map(|parent| parent.to_string()),
            description: row.description.clone(),
            optional: row.is_optional(),
            labels: row.labels.iter().map(LabelPart::from).collect(),
            external_id: row.external_id.clone(),
            created_ms: row.created_ms,
            modified_ms: row.modified_ms,
            revision: stored.revision.0,
        })
    }
}
