//! A realm and a client, made through a node that does not lead.

use std::time::Instant;

use serde_json::{Value, json};

use crate::admin::Call;
use crate::demo::fault::Fault;
use crate::demo::report::Report;
use crate::demo::world::World;

/// The realm's id.
const REALM: &str = "demo";
/// `wlcg` chooses the profile of the client's tokens.
const SCOPES: &str = "wlcg openid storage.read:/ storage.modify:/ storage.create:/";

/// By which tokens are asked for. Has no `Debug`.
#[derive(Clone)]
pub(in crate::demo) struct Credentials {
    pub(in crate::demo) realm: String,
    pub(in crate::demo) issuer: String,
    pub(in crate::demo) client: String,
    pub(in crate::demo) secret: String,
}

pub(super) async fn run(world: &World, report: &Report) -> Result<Credentials, Fault> {
    let follower = world.roles().await?.first;
    let hosts: Vec<String> = world.sites.iter().map(|site| site.https.to_string()).collect();
    // The issuer is one of the three; tokens of all nodes carry it.
    let issuer = format!("https://{}/", hosts.first().map_or("", String::as_str));

    let started = Instant::now();
    let body = json!({ "id": REALM, "issuer": issuer, "hosts": hosts, "display_name": "Demo" });
    let realm = follower.admin(Call::post("/v1/realms").with_body(body)).await?;
    if realm.get("issuer").and_then(Value::as_str) != Some(&issuer) {
        return Err(Fault::NotHeld("the realm has another issuer than it was made with".to_owned()));
    }
    let answer = format!("realm {REALM}, issuer {issuer}");
    report.exchange(&follower, "POST /v1/realms", &answer, started.elapsed());

    let started = Instant::now();
    let client = json!({
        "client_name": "demo", "grant_types": ["client_credentials"], "scope": SCOPES, "allow_introspection": true
    });
    let call = Call::post(format!("/v1/realms/{REALM}/clients")).with_body(json!({ "client": client }));
    let made = follower.admin(call).await?;
    let text = |pointer: &str| made.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let (Some(client), Some(secret)) = (text("/client/client_id"), text("/client_secret")) else {
        return Err(Fault::NotHeld("the new client has no id or no secret".to_owned()));
    };
    let request = format!("POST /v1/realms/{REALM}/clients");
    report.exchange(&follower, &request, &format!("client {client} and its secret"), started.elapsed());
    Ok(Credentials { realm: REALM.to_owned(), issuer, client, secret })
}
