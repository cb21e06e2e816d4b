//! Every refusal as the wire has it (RFC 7644 §3.12).

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use raft_store_core::StoreError;
use woad_http::form::FormError;
use woad_http::idempotency::{InvalidKey, Reused};
use woad_http::services::NoRandomness;
use woad_http::{BearerError, PoolError, Refused, ScimError, ScimType, Shape, Unavailable};

use crate::etag::MalformedCondition;
use crate::filter::FilterError;
use crate::input::InputError;
use crate::json::JsonError;
use crate::patch::PatchError;
use crate::projection::ProjectionError;

/// An answer that is a refusal.
#[derive(Debug)]
pub(crate) enum Fault {
    /// In SCIM's own words.
    Scim(ScimError),
    /// The token.
    Bearer(BearerError),
    /// The request's outside.
    Refused(Refused),
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        match self {
            Self::Scim(error) => error.into_response(),
            Self::Bearer(error) => error.respond(Shape::Scim),
            Self::Refused(refused) => refused.respond(Shape::Scim),
        }
    }
}

impl Fault {
    /// A status that needs no keyword.
    pub(crate) fn status(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::Scim(ScimError::new(status, detail))
    }

    /// 400 with a keyword.
    pub(crate) fn bad(kind: ScimType, detail: impl Into<String>) -> Self {
        Self::Scim(ScimError::new(StatusCode::BAD_REQUEST, detail).of_type(kind))
    }

    /// 409 with a keyword.
    pub(crate) fn taken(detail: impl Into<String>) -> Self {
        Self::Scim(ScimError::new(StatusCode::CONFLICT, detail).of_type(ScimType::Uniqueness))
    }

    /// There is no such resource.
    pub(crate) fn not_found() -> Self {
        Self::status(StatusCode::NOT_FOUND, "There is no such resource")
    }

    /// The resource is not as the condition has it.
    pub(crate) fn precondition() -> Self {
        Self::status(StatusCode::PRECONDITION_FAILED, "The resource was changed meanwhile")
    }

    /// More members than one request may move.
    pub(crate) fn too_many_members() -> Self {
        Self::status(StatusCode::PAYLOAD_TOO_LARGE, "One request adds or removes at most 100 members")
    }
}

impl From<ScimError> for Fault {
    fn from(error: ScimError) -> Self {
        Self::Scim(error)
    }
}

impl From<BearerError> for Fault {
    fn from(error: BearerError) -> Self {
        Self::Bearer(error)
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Scim(error.into())
    }
}

impl From<PoolError> for Fault {
    fn from(error: PoolError) -> Self {
        Self::Scim(Unavailable::from(error).into())
    }
}

impl From<NoRandomness> for Fault {
    fn from(none: NoRandomness) -> Self {
        Self::Scim(Unavailable::from(none).into())
    }
}

impl From<FormError> for Fault {
    fn from(error: FormError) -> Self {
        Self::bad(ScimType::InvalidValue, error.to_string())
    }
}

impl From<JsonError> for Fault {
    fn from(error: JsonError) -> Self {
        Self::bad(ScimType::InvalidSyntax, error.to_string())
    }
}

impl From<MalformedCondition> for Fault {
    fn from(error: MalformedCondition) -> Self {
        Self::bad(ScimType::InvalidValue, error.to_string())
    }
}

impl From<InvalidKey> for Fault {
    fn from(error: InvalidKey) -> Self {
        Self::bad(ScimType::InvalidValue, error.to_string())
    }
}

impl From<Reused> for Fault {
    fn from(error: Reused) -> Self {
        Self::status(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
    }
}

impl From<FilterError> for Fault {
    fn from(error: FilterError) -> Self {
        match error {
            FilterError::TooLong => Self::bad(ScimType::TooMany, error.to_string()),
            FilterError::Sensitive => {
                Self::Scim(ScimError::new(StatusCode::FORBIDDEN, error.to_string()).of_type(ScimType::Sensitive))
            }
            FilterError::TooDeep
            | FilterError::TooManyTerms
            | FilterError::Syntax(_)
            | FilterError::UnknownAttribute
            | FilterError::WrongType(_) => Self::bad(ScimType::InvalidFilter, error.to_string()),
        }
    }
}

impl From<InputError> for Fault {
    fn from(error: InputError) -> Self {
        let kind = match error {
            InputError::Schemas | InputError::Unknown(_) | InputError::Twice(_) => ScimType::InvalidSyntax,
            InputError::Type(_) | InputError::Missing(_) | InputError::TooMany(_) => ScimType::InvalidValue,
        };
        Self::bad(kind, error.to_string())
    }
}

impl From<ProjectionError> for Fault {
    fn from(error: ProjectionError) -> Self {
        Self::bad(ScimType::InvalidValue, error.to_string())
    }
}

impl From<PatchError> for Fault {
    fn from(error: PatchError) -> Self {
        let kind = match error {
            PatchError::Syntax | PatchError::Operation => ScimType::InvalidSyntax,
            PatchError::Path => ScimType::InvalidPath,
            PatchError::Filter(error) => return error.into(),
            PatchError::NoTarget => ScimType::NoTarget,
            PatchError::Mutability(_) => ScimType::Mutability,
            PatchError::NoValue | PatchError::Value(_) => ScimType::InvalidValue,
        };
        Self::bad(kind, error.to_string())
    }
}
