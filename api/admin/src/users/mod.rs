//! People of a realm. A path names one by id, or by `name:` and the user name.

pub(crate) mod attribute;
pub(crate) mod authority;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod end_time;
mod fields;
pub(crate) mod get;
mod identities;
pub(crate) mod identity;
pub(crate) mod link;
pub(crate) mod list;
mod parts;
pub(crate) mod password;
pub(crate) mod sessions;
pub(crate) mod set_status;
pub(crate) mod update;
mod view;

use http::StatusCode;
use raft_store_core::{Abort, Done, Freshness, Outcome, Read, Stored, Tx};
use woad_http::Problem;
use woad_identity::realm::{self, Realms};
use woad_identity::user::{self, InvalidUser, StatusError, Users};
use woad_identity::{Decided, RealmId, UserId};

use crate::call::{Answer, ClusterCall, no_realm, ok};

pub(crate) use link::{LinkView, problem as link_problem};
pub(crate) use parts::LabelPart;
pub(crate) use view::UserView;

/// What begins the name of a person or group that is not named by id.
pub(crate) const BY_NAME: &str = "name:";

/// How a person is named.
#[derive(Clone, Debug)]
pub(crate) enum UserRef {
    Id(UserId),
    Name(String),
}

impl UserRef {
    /// Reads a name in a path or body. One that can't be anybody's is nobody's.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        match text.strip_prefix(BY_NAME) {
            Some(name) => Ok(Self::Name(name.to_owned())),
            None => UserId::parse(text).map(Self::Id).map_err(|_| no_user()),
        }
    }

    /// Reads a name in a body, where one that is no id is a user name.
    pub(crate) fn lenient(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| Self::Name(text.to_owned()))
    }

    /// The person, if there is one.
    pub(crate) fn find(&self, read: &impl Read, realm: &RealmId) -> Result<Option<Stored<Users>>, Abort> {
        match self {
            Self::Id(id) => user::get(read, realm, *id),
            Self::Name(name) => user::by_name(read, realm, name),
        }
    }
}

/// There is no such person.
pub(crate) fn no_user() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "No such user").of_kind("no-such-user")
}

/// A field of a person is at fault.
pub(crate) fn invalid(error: &InvalidUser) -> Problem {
    let detail = format!("invalid {}: {}", snake(error.field), error.why);
    Problem::new(StatusCode::BAD_REQUEST, detail).of_kind("invalid-user")
}

/// SCIM's name of a field as this API writes it.
pub(crate) fn snake(field: &str) -> String {
    field.chars().fold(String::with_capacity(field.len()), |mut out, c| {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
        out
    })
}

fn last_administrator() -> Problem {
    let detail = "The realm would be without an active administrator; make another one first";
    Problem::new(StatusCode::CONFLICT, detail).of_kind("last-administrator")
}

/// The wire's answer to a refused change of status or authority.
pub(crate) fn of_status(error: StatusError) -> Problem {
    match error {
        StatusError::NotFound => no_user(),
        StatusError::LastAdministrator => last_administrator(),
    }
}

/// Changes the person that the path names, in one transaction.
pub(crate) async fn change<T: Send>(
    call: &ClusterCall,
    mut f: impl FnMut(&mut Tx<'_>, &Stored<Realms>, UserId) -> Decided<T, Problem> + Send,
) -> Result<Done<(UserId, T)>, Problem> {
    let realm_id = call.realm_id()?;
    let named = UserRef::parse(call.parameter(1))?;
    let store = &call.running.services.store;
    let done = store.transact(&call.request, |tx| {
        let Some(realm) = realm::get(tx, &realm_id)? else { return Ok(Outcome::Answer(Err(no_realm()))) };
        let Some(user) = named.find(tx, &realm_id)? else { return Ok(Outcome::Answer(Err(no_user()))) };
        let id = user.key.1;
        Ok(match f(tx, &realm, id)? {
            Outcome::Commit(answer) => Outcome::Commit(answer.map(|answer| (id, answer))),
            Outcome::Answer(answer) => Outcome::Answer(answer.map(|answer| (id, answer))),
        })
    });
    let Done { answer, revision, age } = done.await?;
    Ok(Done { answer: answer?, revision, age })
}

/// Reads the person that the path names, linearizably.
pub(crate) async fn read<T: Send>(
    call: &ClusterCall,
    f: impl Fn(&raft_store_core::View<'_>, &RealmId, Stored<Users>) -> Result<T, Abort> + Send + Sync,
) -> Result<T, Problem> {
    let realm_id = call.realm_id()?;
    let named = UserRef::parse(call.parameter(1))?;
    let store = &call.running.services.store;
    let found = store.view(&call.request, Freshness::Linearizable, |view| {
        if realm::get(view, &realm_id)?.is_none() {
            return Ok(Err(no_realm()));
        }
        match named.find(view, &realm_id)? {
            Some(user) => f(view, &realm_id, user).map(Ok),
            None => Ok(Err(no_user())),
        }
    });
    found.await?.answer
}

/// Changes the person that the path names, and shows what became of them.
async fn change_and_show<T: Send>(
    call: &ClusterCall,
    f: impl FnMut(&mut Tx<'_>, &Stored<Realms>, UserId) -> Decided<T, Problem> + Send,
) -> Answer {
    let done = change(call, f).await?;
    let (id, _) = done.answer;
    shown(call, id, Freshness::AtLeast(done.revision)).await.map(ok)
}

/// A person as they are shown, with their groups.
async fn shown(call: &ClusterCall, id: UserId, fresh: Freshness) -> Result<UserView, Problem> {
    let realm = call.realm_id()?;
    let store = &call.running.services.store;
    let view = store.view(&call.request, fresh, |view| match user::get(view, &realm, id)? {
        Some(user) => UserView::with_groups(view, &user).map(Some),
        None => Ok(None),
    });
    view.await?.answer.ok_or_else(no_user)
}
