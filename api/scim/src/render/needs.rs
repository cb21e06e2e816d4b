//! What an answer needs beyond the records themselves.

use woad_identity::UserId;

use crate::limits::{MAX_MEMBERS, MAX_MEMBERS_SHOWN};
use crate::path::Place;
use crate::projection::Projection;
use crate::schema::{Attribute, GROUPS, ResourceType, USERS};

/// What an answer, a filter or an order looks at that lies in other records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// A user's groups.
    pub(super) groups: bool,
    /// A group's members.
    pub(super) members: Members,
    /// Their names.
    pub(super) member_names: bool,
    /// The names of the groups above.
    pub(super) full_names: bool,
}

/// How members are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Members {
    /// Not at all.
    #[default]
    No,
    /// Unless there are too many.
    IfFew,
    /// Or the answer is a refusal.
    All,
    /// Those of these users who are.
    These(Vec<UserId>),
}

impl Members {
    pub(super) const fn limit(&self) -> usize {
        match self {
            Self::No | Self::These(_) => 0,
            Self::IfFew => MAX_MEMBERS_SHOWN,
            Self::All => MAX_MEMBERS,
        }
    }
}

fn core(kind: &'static ResourceType, name: &str) -> Option<Place> {
    kind.attribute(name).map(|attribute| Place { extension: None, attribute })
}

fn added(kind: &'static ResourceType, name: &str) -> Option<Place> {
    kind.extension.attribute(name).map(|attribute| Place { extension: Some(kind.extension.id), attribute })
}

impl Needs {
    /// What is needed to look at these attributes.
    pub(crate) fn of_places(places: &[Place]) -> Self {
        let looks_at = |name: &str| places.iter().any(|place| place.attribute.name == name);
        Self {
            groups: looks_at("groups"),
            members: if looks_at("members") { Members::All } else { Members::No },
            member_names: looks_at("members"),
            full_names: looks_at("fullName") || looks_at("parentGroup"),
        }
    }

    /// The same where a filter asks for no other members.
    pub(crate) fn with_members(self, users: Vec<UserId>) -> Self {
        Self { members: Members::These(users), ..self }
    }

    /// What is needed to show these.
    pub(crate) fn of(projection: &Projection) -> Self {
        let wants = |place: Option<Place>| place.is_some_and(|place| projection.wants(&place));
        let wants_sub = |place: Option<Place>, sub: &str| {
            let sub = |place: &Place| {
                place.attribute.sub(sub).map(|sub: &'static Attribute| projection.wants_sub(place, sub))
            };
            place.filter(|place| projection.wants(place)).as_ref().and_then(sub).unwrap_or_default()
        };
        let members = core(&GROUPS, "members");
        Self {
            groups: wants(core(&USERS, "groups")),
            members: match members {
                Some(place) if projection.names(&place) => Members::All,
                place if wants(place) => Members::IfFew,
                _ => Members::No,
            },
            member_names: wants_sub(members, "display"),
            full_names: wants(added(&GROUPS, "fullName")) || wants_sub(added(&GROUPS, "parentGroup"), "display"),
        }
    }
}
