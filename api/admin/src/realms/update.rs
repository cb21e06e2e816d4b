//! `PATCH /v1/realms/{realm}`: its name, its logo, its settings. With `If-Match`, only if nobody has changed it since.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use raft_store_core::Freshness;
use serde::Deserialize;
use woad_http::{Object, Problem};
use woad_identity::realm::{self, RealmPatch, UpdateRealmError};

use super::RealmView;
use super::settings::WantedSettings;
use crate::Admin;
use crate::call::{Answer, ClusterCall, changed_meanwhile, given, no_realm, ok};
use crate::outcome::refused;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wanted {
    #[serde(deserialize_with = "given")]
    display_name: Option<String>,
    /// Base64 (RFC 4648 §4) of a PNG picture; empty: none.
    #[serde(deserialize_with = "given")]
    logo_png: Option<String>,
    settings: Object<WantedSettings>,
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail).of_kind("invalid-realm")
}

fn problem(error: UpdateRealmError) -> Problem {
    let text = error.to_string();
    match error {
        UpdateRealmError::NotFound => no_realm(),
        UpdateRealmError::Changed => changed_meanwhile(text),
        UpdateRealmError::DisplayName(_) | UpdateRealmError::Logo(_) | UpdateRealmError::Setting(_) => invalid(text),
    }
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let id = call.realm_id()?;
    let wanted: Wanted = call.json()?;
    let decode = |text: String| STANDARD.decode(text).map_err(|_| invalid("logo_png must be in base64"));
    let patch = RealmPatch {
        display_name: wanted.display_name,
        logo: wanted.logo_png.map(decode).transpose()?,
        settings: wanted.settings.0.parse()?,
    };
    let if_revision = call.if_match()?;
    let store = &call.running.services.store;
    let done = store
        .transact(&call.request, |tx| Ok(refused(realm::update(tx, &id, &patch, if_revision, &call.actor)?, problem)));
    let done = done.await?;
    done.answer?;
    let view = store.view(&call.request, Freshness::AtLeast(done.revision), |view| {
        realm::get(view, &id)?.as_ref().map(RealmView::of).transpose()
    });
    view.await?.answer.map(ok).ok_or_else(no_realm)
}
