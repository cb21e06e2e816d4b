//! From a resource, checked against the schema, to the fields of a record.

use serde_json::{Map, Value};
use woad_identity::GroupId;
use woad_identity::group::GroupPatch;

use super::refused::Refused;
use crate::schema::GROUPS;

/// What a resource says of a group, its members apart.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    /// Name, description and external id.
    pub(super) patch: GroupPatch,
    /// The group above.
    pub(super) parent: Option<GroupId>,
}

/// The fields of a whole resource: those it lacks are unset.
pub(super) fn of(resource: &Map<String, Value>) -> Result<Fields, Refused> {
    let added = resource.get(GROUPS.extension.id).and_then(Value::as_object);
    let text = |fields: Option<&Map<String, Value>>, name: &str| {
        fields.and_then(|fields| fields.get(name)).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let parent = added.and_then(|added| added.get("parentGroup")).and_then(|parent| parent.get("value"));
    let id = |text: &str| GroupId::parse(text).map_err(|_| Refused::NoId("parentGroup"));
    Ok(Fields {
        patch: GroupPatch {
            name: Some(text(Some(resource), "displayName")),
            description: Some(text(added, "description")),
            external_id: Some(text(Some(resource), "externalId")),
            labels: None,
        },
        parent: parent.and_then(Value::as_str).map(id).transpose()?,
    })
}
