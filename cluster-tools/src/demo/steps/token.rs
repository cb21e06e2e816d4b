//! A token from one node, verified with the keys that another publishes, known to the third.

use serde_json::Value;

use super::Credentials;
use crate::demo::fault::Fault;
use crate::demo::oauth;
use crate::demo::report::Report;
use crate::demo::verify::Verifier;
use crate::demo::world::World;

const DISCOVERY: &str = "/.well-known/openid-configuration";

pub(super) async fn run(world: &World, credentials: &Credentials, report: &Report) -> Result<Verifier, Fault> {
    let roles = world.roles().await?;
    // The realm was made through the first follower, so the second has it by replication alone.
    let issued = oauth::token(&roles.second, credentials).await?;
    let answer = format!("a wlcg token, scope {}", oauth::SCOPE);
    report.exchange(&roles.second, "POST /token (client_credentials)", &answer, issued.took);

    let discovered = oauth::document(&roles.leader, DISCOVERY).await?;
    let published = discovered.value.get("issuer").and_then(Value::as_str);
    if published != Some(&credentials.issuer) {
        return Err(Fault::NotHeld(format!("node {} publishes another issuer", roles.leader.number)));
    }
    report.exchange(&roles.leader, &format!("GET {DISCOVERY}"), "the realm's issuer", discovered.took);

    let keys = oauth::document(&roles.leader, "/jwk").await?;
    let verifier = Verifier::new(keys.value, credentials)?;
    report.exchange(&roles.leader, "GET /jwk", &format!("{} public keys", verifier.keys()), keys.took);
    let seen = verifier.verify(roles.second.number, &issued.value)?;
    report.line(&format!(
        "           verified here: {} by key {}, iss, sub, aud, scope, nbf, iat, exp (in {} s), wlcg.ver 1.0",
        seen.alg, seen.kid, seen.lifetime
    ));

    let active = oauth::active(&roles.first, credentials, &issued.value).await?;
    if !active.value {
        return Err(Fault::NotHeld(format!("node {} calls a fresh token inactive", roles.first.number)));
    }
    report.exchange(&roles.first, "POST /introspect", "active", active.took);
    Ok(verifier)
}
