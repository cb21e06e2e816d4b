//! `POST /v1/realms/{realm}/users`: a person, with everything that an import may bring of them.

use http::StatusCode;
use raft_store_core::{Freshness, Outcome, Tx};
use serde_json::{Map, Value};
use woad_http::Problem;
use woad_identity::password::{self, PasswordHash};
use woad_identity::realm::{self, Realm};
use woad_identity::user::{self, Authority, CreateUserError, NewUser, Provenance, User, UserPatch};
use woad_identity::{Decided, RealmId, UserId};

use super::end_time::NOT_ZERO;
use super::fields::Fields;
use super::identities::Identities;
use super::password::Plain;
use super::{invalid, no_user, of_status, shown};
use crate::Admin;
use crate::call::{Answer, ClusterCall, no_realm};
use crate::created::{self, Creation};
use crate::outcome::settled;

/// A person to be, and what is done to them at once.
struct Wanted {
    new: NewUser,
    /// Whether the id was given, not drawn.
    id_given: bool,
    end_time_ms: Option<u64>,
    authorities: Vec<Authority>,
    identities: Identities,
    password: Option<PasswordHash>,
}

fn bad(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail).of_kind("invalid-user")
}

/// The record that a password is compared with: nothing of it may be the password.
fn person(fields: &UserPatch) -> User {
    User {
        user_name: fields.user_name.clone().unwrap_or_default(),
        name: fields.name.clone(),
        display_name: fields.display_name.clone().unwrap_or_default(),
        nick_name: fields.nick_name.clone().unwrap_or_default(),
        emails: fields.emails.clone().unwrap_or_default(),
        ..User::default()
    }
}

/// A body by which the request is known again. Sent once more with another password, it is the same request.
fn without_password(body: &[u8]) -> Vec<u8> {
    let mut fields: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    fields.shift_remove("password");
    Value::Object(fields).to_string().into_bytes()
}

impl Wanted {
    async fn read(call: &ClusterCall, realm: &Realm) -> Result<Self, Problem> {
        let (fields, beginning) = call.json::<Fields>()?.split();
        let id = match &beginning.id {
            Some(text) => UserId::parse(text).map_err(|_| bad("id: a UUID"))?,
            None => UserId::from_random(call.random()?),
        };
        let provenance = match beginning.provenance.as_deref() {
            None | Some("administrator") => Provenance::Administrator,
            Some("import") => Provenance::Import,
            Some(_) => return Err(bad("provenance must be administrator or import")),
        };
        if beginning.end_time_ms == Some(0) {
            return Err(bad(NOT_ZERO));
        }
        let identities = Identities::parse(beginning.certificates, beginning.ssh_keys, beginning.linked)?;
        let held = [(Authority::Administrator, beginning.administrator), (Authority::Reader, beginning.reader)];
        let password = match beginning.password {
            None => None,
            Some(Plain(text)) => {
                password::check_policy(realm, &person(&fields), &text).map_err(super::password::fault)?;
                Some(super::password::hash(call, text).await?)
            }
        };
        Ok(Self {
            new: NewUser { id, fields, provenance },
            id_given: beginning.id.is_some(),
            end_time_ms: beginning.end_time_ms,
            authorities: held.into_iter().filter(|(_, held)| *held).map(|(authority, _)| authority).collect(),
            identities,
            password,
        })
    }

    /// Makes the person in one transaction.
    fn make(&self, tx: &mut Tx<'_>, realm: &RealmId, call: &ClusterCall) -> Decided<(), Problem> {
        let stop = |problem| Ok(Outcome::Answer(Err(problem)));
        let Some(row) = realm::get(tx, realm)? else { return stop(no_realm()) };
        let id = self.new.id;
        if let Err(error) = settled(user::create(tx, &row, &self.new, self.password.as_ref(), &call.actor)?) {
            return stop(self.problem(tx, realm, error)?);
        }
        for authority in &self.authorities {
            if let Err(error) = settled(user::set_authority(tx, realm, id, *authority, true, &call.actor)?) {
                return stop(of_status(error));
            }
        }
        if let Some(end) = self.end_time_ms
            && let Err(error) = settled(user::set_end_time(tx, realm, id, Some(end), &call.actor)?)
        {
            return stop(of_status(error));
        }
        if let Err(problem) = self.identities.add(tx, realm, id, self.new.provenance, &call.actor)? {
            return stop(problem);
        }
        Ok(Outcome::Commit(Ok(())))
    }

    /// The wire's answer to a person who can't be made. `exists` is said only where the very person is there: under
    /// this id, or without an id under this name.
    fn problem(&self, tx: &Tx<'_>, realm: &RealmId, error: CreateUserError) -> Result<Problem, raft_store_core::Abort> {
        let conflict = |kind| Problem::new(StatusCode::CONFLICT, error.to_string()).of_kind(kind);
        let name = self.new.fields.user_name.as_deref().unwrap_or_default();
        Ok(match error {
            CreateUserError::IdInUse if user::get(tx, realm, self.new.id)?.is_some() => conflict("exists"),
            CreateUserError::IdInUse => conflict("id-in-use"),
            CreateUserError::NameTaken if !self.id_given && user::by_name(tx, realm, name)?.is_some() => {
                conflict("exists")
            }
            CreateUserError::NameTaken => conflict("name-taken"),
            CreateUserError::EmailTaken => conflict("email-taken"),
            CreateUserError::Invalid(error) => invalid(&error),
        })
    }
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let row = call.realm().await?;
    let realm = row.key;
    let key = created::key_over(&call, realm.as_str(), &without_password(&call.body))?;
    let wanted = Wanted::read(&call, &row.row).await?;
    let id = wanted.new.id;
    let store = &call.running.services.store;
    let creation = store.transact(&call.request, |tx| {
        created::once(tx, key.as_ref(), &id.to_string(), |tx| wanted.make(tx, &realm, &call))
    });
    let creation = creation.await?;
    let (id, replayed) = match creation.answer {
        Ok(Creation::Made(())) => (id, false),
        Ok(Creation::Before(id)) => (UserId::parse(&id).map_err(|_| no_user())?, true),
        Err(error) => return Err(error.into_problem(|problem| problem)),
    };
    let view = shown(&call, id, Freshness::AtLeast(creation.revision)).await?;
    Ok(created::respond(&format!("/v1/realms/{realm}/users/{id}"), replayed, view))
}
