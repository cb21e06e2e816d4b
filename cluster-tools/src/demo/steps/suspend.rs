//! A person signs in at one node and is suspended at another: every node refuses what they were given.

use std::time::Instant;

use serde_json::Value;

use super::{Credentials, Loaded};
use crate::admin::Call;
use crate::demo::fault::Fault;
use crate::demo::person::{self, Says, Tokens};
use crate::demo::report::Report;
use crate::demo::world::World;

pub(super) async fn run(
    world: &World,
    credentials: &Credentials,
    loaded: &Loaded,
    report: &Report,
) -> Result<(), Fault> {
    let roles = world.roles().await?;
    let (browser, exchanger, suspender) = (&roles.first, &roles.second, &roles.leader);
    let (client, bob) = (&loaded.application, &loaded.bob);

    let signed_in = person::sign_in(browser, client, bob).await?;
    let (code, verifier, seen) = signed_in.value;
    let answer = format!("{} signs in and agrees; a code", bob.name);
    report.exchange(browser, &seen.join(", "), &answer, signed_in.took);
    let tokens = person::exchange(exchanger, client, (&code, &verifier)).await?;
    report.exchange(exchanger, "POST /token (code, PKCE)", "access, refresh and ID token", tokens.took);
    let Tokens { access, refresh } = tokens.value;

    for site in &world.sites {
        let who = person::userinfo(site, &access).await?;
        let info = who.value.ok_or_else(|| Fault::NotHeld(format!("node {} refuses a fresh token", site.number)))?;
        if info.get("preferred_username").and_then(Value::as_str) != Some(&bob.name) {
            return Err(Fault::NotHeld(format!("node {} takes {} for somebody else", site.number, bob.name)));
        }
        let groups = info.get("wlcg.groups").map(Value::to_string).unwrap_or_default();
        report.exchange(site, "GET /userinfo", &format!("{}, groups {groups}", bob.name), who.took);
    }

    let started = Instant::now();
    let path = format!("/v1/realms/{}/users/name%3A{}/suspend", credentials.realm, bob.name);
    let answer = suspender.admin(Call::post(path.clone())).await?;
    if answer.get("status").and_then(Value::as_str) != Some("suspended") {
        return Err(Fault::NotHeld(format!("{} is not suspended", bob.name)));
    }
    let request = format!("POST /v1/realms/{}/users/{}/suspend", credentials.realm, bob.name);
    report.exchange(suspender, &request, "suspended", started.elapsed());

    for site in &world.sites {
        let held = |what: &str| Fault::NotHeld(format!("node {}: {what}, of somebody who is suspended", site.number));
        let active = person::active(site, credentials, &access).await?;
        if active.value {
            return Err(held("a token is active"));
        }
        report.exchange(site, "POST /introspect", "inactive", active.took);
        let who = person::userinfo(site, &access).await?;
        if who.value.is_some() {
            return Err(held("userinfo answers to a token"));
        }
        report.exchange(site, "GET /userinfo", "401", who.took);
        let again = person::refresh(site, client, &refresh).await?;
        match again.value {
            Says::Good => return Err(held("a token is refreshed")),
            Says::Refused(words) => report.exchange(site, "POST /token (refresh)", &words, again.took),
        }
    }

    let account = person::account(suspender, &loaded.alice).await?;
    let answer = format!("{}, who is not suspended, is signed in", loaded.alice.name);
    report.exchange(suspender, &account.value.join(", "), &answer, account.took);
    Ok(())
}
