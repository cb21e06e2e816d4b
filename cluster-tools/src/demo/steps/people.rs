//! A thousand people in fifty groups are loaded through one follower and read back at the other.

use std::time::Instant;

use serde_json::{Value, json};

use super::Credentials;
use crate::admin::Call;
use crate::demo::fault::Fault;
use crate::demo::oauth;
use crate::demo::people::{GROUPS, PEOPLE, People, Person};
use crate::demo::person::{REDIRECT, SCOPE};
use crate::demo::report::Report;
use crate::demo::scim;
use crate::demo::site::Site;
use crate::demo::world::World;
use crate::transfer::{AT_ONCE, Broken, Import, Kind, Progress, Tally, export};

/// What the administrator's token carries.
pub(in crate::demo) const ADMIN_SCOPE: &str = "scim:read scim:write iam:admin.read iam:admin.write";
/// How long it lives, s: a day's work.
const ADMIN_SECONDS: u64 = 6 * 3600;

/// What came into the realm. Has no `Debug`.
pub(in crate::demo) struct Loaded {
    /// A public client, by which people sign in.
    pub(in crate::demo) application: String,
    /// Of a client that administers the realm.
    pub(in crate::demo) admin_token: String,
    pub(in crate::demo) alice: Person,
    pub(in crate::demo) bob: Person,
}

pub(super) async fn run(world: &World, credentials: &Credentials, report: &Report) -> Result<Loaded, Fault> {
    let roles = world.roles().await?;
    let People { alice, bob, lines } = People::new();
    load(&roles.second, credentials, lines, report).await?;
    read_back(&roles.first, credentials, report).await?;

    let application = json!({
        "client_name": "demo application", "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none", "redirect_uris": [REDIRECT], "scope": format!("{SCOPE} wlcg"),
    });
    let (application, _) = client(&roles.second, credentials, application, report).await?;
    let administration = json!({
        "client_name": "demo administration", "grant_types": ["client_credentials"], "scope": ADMIN_SCOPE,
        "access_token_validity_seconds": ADMIN_SECONDS,
    });
    let (client, secret) = client(&roles.second, credentials, administration, report).await?;
    let secret = secret.ok_or_else(|| Fault::NotHeld("the client that administers has no secret".to_owned()))?;
    let admin = Credentials { client, secret, ..credentials.clone() };
    let token = oauth::token_of(&roles.first, &admin, ADMIN_SCOPE).await?;
    if token.value.lifetime != ADMIN_SECONDS {
        return Err(Fault::NotHeld(format!("the administrator's token lives {} s", token.value.lifetime)));
    }
    let answer = format!("a token of {ADMIN_SCOPE}, good for {} h", ADMIN_SECONDS / 3600);
    report.exchange(&roles.first, "POST /token (client_credentials)", &answer, token.took);
    let counted = scim::people(&roles.leader, &token.value.token).await?;
    if counted.value != PEOPLE {
        return Err(Fault::NotHeld(format!("by SCIM there are {} people", counted.value)));
    }
    report.exchange(&roles.leader, scim::WHAT, &format!("{} people, by that token", counted.value), counted.took);
    Ok(Loaded { application, admin_token: token.value.token, alice, bob })
}

async fn load(
    site: &Site,
    credentials: &Credentials,
    lines: Vec<crate::transfer::Line>,
    report: &Report,
) -> Result<(), Fault> {
    let started = Instant::now();
    let count = lines.len();
    let told = report.clone();
    let progress = Progress::new(move |line| told.line(&format!("           {line}")));
    let import =
        Import { admin: site.administration(), realm: &credentials.realm, at_once: AT_ONCE, progress: &progress };
    let mut tally = Tally::default();
    let failed = |failure| Fault::Admin { number: site.number, failure: Box::new(failure) };
    import.run(lines, &mut tally).await.map_err(failed)?;
    if let Some(trouble) = tally.troubles.first() {
        return Err(Fault::NotHeld(format!("record {} is refused: {}", trouble.line, trouble.why)));
    }
    let made = [Kind::Group, Kind::User, Kind::Membership].map(|kind| tally.of(kind));
    if made != [(GROUPS, 0), (PEOPLE, 0), (PEOPLE, 0)] {
        return Err(Fault::NotHeld(format!("not everything was made: {}", tally.to_json())));
    }
    let took = started.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let rate = count as f64 / took.as_secs_f64();
    let (number, socket) = (site.number, site.socket_name());
    report.event(
        &format!(
            "{PEOPLE} people, {GROUPS} groups, {PEOPLE} memberships to node {number} ({socket}): {rate:.0} writes/s"
        ),
        took,
    );
    Ok(())
}

async fn read_back(site: &Site, credentials: &Credentials, report: &Report) -> Result<(), Fault> {
    let started = Instant::now();
    let progress = Progress::Hidden;
    let mut bytes = Vec::new();
    let exported = export(site.administration(), &credentials.realm, &mut bytes, &progress).await;
    let exported = exported.map_err(|broken| match broken {
        Broken::Node(failure) => Fault::Admin { number: site.number, failure: Box::new(failure) },
        Broken::Writing(error) => Fault::Machine(error),
    })?;
    // Whoever is in a group is in the one above as well.
    if (exported.groups, exported.users, exported.memberships) != (GROUPS, PEOPLE, 2 * PEOPLE) {
        return Err(Fault::NotHeld(format!("node {} has {exported:?}", site.number)));
    }
    let answer = format!(
        "{} people, {} groups, {} memberships, {} KiB of JSON lines without a password",
        exported.users,
        exported.groups,
        exported.memberships,
        bytes.len() / 1024
    );
    if bytes.windows(8).any(|window| window == b"password") {
        return Err(Fault::NotHeld("the export speaks of passwords".to_owned()));
    }
    report.event(&format!("read back at node {}: {answer}", site.number), started.elapsed());
    Ok(())
}

async fn client(
    site: &Site,
    credentials: &Credentials,
    client: Value,
    report: &Report,
) -> Result<(String, Option<String>), Fault> {
    let started = Instant::now();
    let path = format!("/v1/realms/{}/clients", credentials.realm);
    let name = client.get("client_name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let made = site.admin(Call::post(path.clone()).with_body(json!({ "client": client }))).await?;
    let text = |pointer: &str| made.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let id = text("/client/client_id").ok_or_else(|| Fault::NotHeld("the new client has no id".to_owned()))?;
    report.exchange(site, &format!("POST {path}"), &format!("client {id}, {name}"), started.elapsed());
    Ok((id, text("/client_secret")))
}
