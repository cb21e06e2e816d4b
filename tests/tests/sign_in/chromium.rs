use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use woad_tests::{CHALLENGE, Foreign, artifacts, free_address, node_modules, not_exercised};

use crate::world::World;

/// Where distributions have it.
const PROGRAMS: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/lib/chromium/chromium"];
/// Ten pages, each looked at three times; about half a minute.
const PATIENCE: Duration = Duration::from_secs(110);
const PASSWORD: &str = "first light over the river 9";

/// A blue square.
const LOGO: &str = "iVBORw0KGgoAAAANSUhEUgAAADAAAAAwCAIAAADYYG7QAAAAOklEQVR42u3OQQ0AAAgEoGtiJHuZ2h\
                    bOBxsBSPW8EiEhISEhISEhISEhISEhISEhISEhISEhISGhOwuKKLh5eXuoIwAAAABJRU5ErkJggg==";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_administrator_signs_in_consents_and_leaves_with_chromium() -> Result<()> {
    let Some(modules) = node_modules() else {
        return not_exercised("WOAD_NODE_MODULES names no packages of tests/web");
    };
    let Some(chromium) = PROGRAMS.iter().find(|path| Path::new(path).exists()) else {
        return not_exercised("Chromium is not installed");
    };
    let world = World::new().await?;
    world.cluster.secret(PASSWORD);
    let application = format!("https://127.0.0.1:{}", free_address()?.port());
    let redirect_uri = format!("{application}/callback");
    let client = world.application("application", &redirect_uri, &format!("{application}/goodbye")).await?;
    world.cluster.authority.issue(&["127.0.0.1"], world.folder.path())?;

    let described = json!({"display_name": "Blue River Collaboration", "logo_png": LOGO});
    let path = format!("/v1/realms/{}", world.realm.id);
    world.cluster.nodes[2]
        .admin
        .send("PATCH", &path, "application/json", described.to_string().into())
        .await?
        .expect(200)?;

    let administrator = json!({"user_name": "root", "email": "root@example.org", "given": "Rut", "family": "Okoye"});
    let path = format!("/v1/realms/{}/administrators", world.realm.id);
    let made = world.cluster.nodes[1].admin.post(&path, &administrator).await?.expect(201)?.json()?;
    let link = made.get("url").and_then(Value::as_str).context("no link")?;

    let asked = json!({
        "chromium": chromium,
        "issuer": world.realm.issuer,
        "application": application,
        "server": world.folder.path(),
        "client_id": client.id,
        "redirect_uri": redirect_uri,
        "scope": "openid profile email offline_access",
        "challenge": CHALLENGE,
        "link": link,
        "user": "root",
        "password": PASSWORD,
        "artifacts": artifacts("chromium")?,
    });
    let saw = Foreign::node(&modules, "chromium.mjs").converse(&asked, &world.gate, PATIENCE).await?;
    let screenshots = saw["screenshots"].as_array().context("no screenshots")?;
    ensure!(screenshots.len() >= 27, "{} screenshots", screenshots.len());
    println!("screenshots: {}", artifacts("chromium")?.display());
    world.finish().await
}
