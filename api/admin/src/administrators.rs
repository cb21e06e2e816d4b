//! `POST /v1/realms/{realm}/administrators`: somebody who administers the realm, and a page, good once, where they set
//! their password. Refused where the realm has an active one, unless another is asked for.

use http::StatusCode;
use raft_store_core::{Freshness, Outcome, Read, Tx};
use serde::{Deserialize, Serialize};
use woad_http::Problem;
use woad_identity::link::{self, LinkKind, MAX_LIFETIME};
use woad_identity::opaque::OpaqueToken;
use woad_identity::realm;
use woad_identity::user::{
    self, Authority, CreateUserError, Email, Name, NewUser, Provenance, RealmAdministrators, UserPatch,
};
use woad_identity::{Decided, RealmId, UserId};

use crate::Admin;
use crate::call::{Answer, ClusterCall, no_realm};
use crate::created::{self, Creation};
use crate::outcome::settled;
use crate::users::{LinkView, UserView, invalid, link_problem, no_user, of_status};

/// The body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    user_name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    given: String,
    #[serde(default)]
    family: String,
    /// Whether one is wanted beside those that are there.
    #[serde(default)]
    another: bool,
}

/// The answer.
#[derive(Serialize)]
struct MadeView {
    user: UserView,
    #[serde(flatten)]
    link: Option<LinkView>,
    /// Why there is no link, when the request was answered before.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

impl Wanted {
    fn fields(&self) -> UserPatch {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        let email =
            text(&self.email).map(|value| vec![Email { value, primary: true, verified: true, ..Email::default() }]);
        UserPatch {
            user_name: Some(self.user_name.clone()),
            name: Some(Name { given: self.given.clone(), family: self.family.clone(), ..Name::default() }),
            emails: email,
            ..UserPatch::default()
        }
    }
}

fn problem(error: CreateUserError) -> Problem {
    let conflict = |kind| Problem::new(StatusCode::CONFLICT, error.to_string()).of_kind(kind);
    match error {
        CreateUserError::IdInUse => conflict("id-in-use"),
        CreateUserError::NameTaken => conflict("name-taken"),
        CreateUserError::EmailTaken => conflict("email-taken"),
        CreateUserError::Invalid(error) => invalid(&error),
    }
}

fn has_one() -> Problem {
    let detail = "The realm has an active administrator; one more is made only where another is asked for";
    Problem::new(StatusCode::CONFLICT, detail).of_kind("has-administrator")
}

/// What is made in one transaction.
struct Making<'a> {
    realm: &'a RealmId,
    wanted: &'a Wanted,
    id: UserId,
    token: &'a OpaqueToken,
    call: &'a ClusterCall,
}

impl Making<'_> {
    fn make(&self, tx: &mut Tx<'_>) -> Decided<LinkView, Problem> {
        let stop = |problem| Ok(Outcome::Answer(Err(problem)));
        let (realm, id, actor) = (self.realm, self.id, &self.call.actor);
        let Some(row) = realm::get(tx, realm)? else { return stop(no_realm()) };
        let now = tx.now();
        let active = tx.all::<RealmAdministrators>(realm)?.iter().any(|user| user::is_active(&user.row, now));
        if active && !self.wanted.another {
            return stop(has_one());
        }
        let new = NewUser { id, fields: self.wanted.fields(), provenance: Provenance::Administrator };
        if let Err(error) = settled(user::create(tx, &row, &new, None, actor)?) {
            return stop(problem(error));
        }
        if let Err(error) = settled(user::set_authority(tx, realm, id, Authority::Administrator, true, actor)?) {
            return stop(of_status(error));
        }
        let hash = self.token.hash();
        match settled(link::create(tx, realm, id, LinkKind::FirstAdministrator, (hash, MAX_LIFETIME), actor)?) {
            Ok(made) => Ok(Outcome::Commit(Ok(LinkView::new(&row, self.token, made.expires.0)))),
            Err(error) => stop(link_problem(error)),
        }
    }
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let realm = call.realm_id()?;
    let wanted: Wanted = call.json()?;
    let id = UserId::from_random(call.random()?);
    let token = OpaqueToken::from_random(&call.random()?);
    let key = created::key(&call, realm.as_str())?;
    let making = Making { realm: &realm, wanted: &wanted, id, token: &token, call: &call };
    let store = &call.running.services.store;
    let creation =
        store.transact(&call.request, |tx| created::once(tx, key.as_ref(), &id.to_string(), |tx| making.make(tx)));
    let creation = creation.await?;
    let (id, link) = match creation.answer {
        Ok(Creation::Made(link)) => (id, Some(link)),
        Ok(Creation::Before(id)) => (UserId::parse(&id).map_err(|_| no_user())?, None),
        Err(error) => return Err(error.into_problem(|problem| problem)),
    };
    let fresh = Freshness::AtLeast(creation.revision);
    let view =
        store.view(&call.request, fresh, |view| user::get(view, &realm, id)?.as_ref().map(UserView::of).transpose());
    let user = view.await?.answer.ok_or_else(no_user)?;
    let replayed = link.is_none();
    let note = replayed.then_some("made by an earlier request; its link was shown then: make a new one if it was lost");
    let at = format!("/v1/realms/{realm}/users/{id}");
    Ok(created::respond(&at, replayed, MadeView { user, link, note }))
}
