//! `POST /v1/realms`: a realm with its first keys.

use http::StatusCode;
use raft_store_core::Freshness;
use serde::Deserialize;
use woad_http::services::NoRandomness;
use woad_http::{Object, Problem, Unavailable};
use woad_identity::keys::{GeneratedKey, SigningAlg, generate};
use woad_identity::realm::secrets::CLIENT_SECRET_KEY_LEN;
use woad_identity::realm::{self, CreateRealmError, HostName, Issuer, NewRealm, Settings};
use woad_identity::{Kid, RealmId};

use super::RealmView;
use super::settings::WantedSettings;
use crate::Admin;
use crate::call::{Answer, ClusterCall, no_realm};
use crate::created::{self, Creation};

/// The body. Without `hosts` the realm answers under its issuer's host.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    id: String,
    issuer: String,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    settings: Object<WantedSettings>,
}

fn problem(error: CreateRealmError) -> Problem {
    let text = error.to_string();
    match error {
        CreateRealmError::Exists => Problem::new(StatusCode::CONFLICT, text).of_kind("exists"),
        CreateRealmError::IssuerTaken => Problem::new(StatusCode::CONFLICT, text).of_kind("issuer-taken"),
        CreateRealmError::HostTaken => Problem::new(StatusCode::CONFLICT, text).of_kind("host-taken"),
        CreateRealmError::IssuerHostMissing
        | CreateRealmError::Hosts
        | CreateRealmError::DisplayName(_)
        | CreateRealmError::Setting(_) => invalid(text),
        CreateRealmError::Keys => Unavailable::from(NoRandomness).into(),
    }
}

fn invalid(text: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, text).of_kind("invalid-realm")
}

impl Wanted {
    fn checked(self) -> Result<NewRealm, Problem> {
        let id = RealmId::parse(&self.id)
            .map_err(|_| invalid("id: lower-case letters, digits and inner hyphens, at most 63"))?;
        let issuer = Issuer::parse(&self.issuer).map_err(|error| invalid(error.to_string()))?;
        let hosts = if self.hosts.is_empty() {
            vec![issuer.host().clone()]
        } else {
            let parsed: Result<_, _> = self.hosts.iter().map(|host| HostName::parse(host)).collect();
            parsed.map_err(|error| invalid(format!("hosts: {error}")))?
        };
        let settings = self.settings.0.parse()?.over(Settings::default());
        Ok(NewRealm { id, issuer, hosts, display_name: self.display_name, settings })
    }
}

/// One key for each algorithm. An RSA key takes some hundred ms, so they are made aside.
async fn first_keys(call: &ClusterCall) -> Result<Vec<GeneratedKey>, Problem> {
    let mut kids = Vec::new();
    for alg in SigningAlg::ALL {
        let random = u64::from_be_bytes(call.random()?);
        let kid = format!("{}-{random:016x}", alg.name().to_ascii_lowercase());
        kids.push((alg, Kid::parse(&kid).map_err(|error| invalid(error.to_string()))?));
    }
    let make = move || kids.into_iter().map(|(alg, kid)| generate(alg, kid)).collect::<Result<Vec<_>, _>>();
    tokio::task::spawn_blocking(make)
        .await
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| Unavailable::from(NoRandomness).into())
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let new = call.json::<Wanted>()?.checked()?;
    let key = created::key(&call, "")?;
    let keys = first_keys(&call).await?;
    let secret: [u8; CLIENT_SECRET_KEY_LEN] = call.random()?;
    let store = &call.running.services.store;
    let creation = store.transact(&call.request, |tx| {
        created::once(tx, key.as_ref(), new.id.as_str(), |tx| realm::create(tx, &new, &keys, &secret, &call.actor))
    });
    let creation = creation.await?;
    let (id, replayed) = match creation.answer {
        Ok(Creation::Made(_)) => (new.id, false),
        Ok(Creation::Before(id)) => (RealmId::parse(&id).map_err(|_| no_realm())?, true),
        Err(error) => return Err(error.into_problem(problem)),
    };
    let view = store.view(&call.request, Freshness::AtLeast(creation.revision), |view| {
        realm::get(view, &id)?.as_ref().map(RealmView::of).transpose()
    });
    let view = view.await?.answer.ok_or_else(no_realm)?;
    Ok(created::respond(&format!("/v1/realms/{id}"), replayed, view))
}
