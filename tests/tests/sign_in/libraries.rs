use std::time::Duration;

use anyhow::{Result, ensure};
use woad_tests::{Foreign, node_modules, not_exercised, python};

use crate::world::World;

const REDIRECT: &str = "https://application.test/callback";
const GOODBYE: &str = "https://application.test/goodbye";
/// A whole visit takes two or three seconds.
const PATIENCE: Duration = Duration::from_secs(40);

async fn a_person_signs_in_refreshes_and_leaves(script: Foreign) -> Result<()> {
    let world = World::new().await?;
    let client = world.application("application", REDIRECT, GOODBYE).await?;
    let asked = world.asked(&client, REDIRECT, GOODBYE);
    let saw = script.converse(&asked, &world.gate, PATIENCE).await?;
    world.is_the_person(&saw["userinfo"])?;
    ensure!(saw["claims"]["iss"] == world.realm.issuer.as_str(), "{}", saw["claims"]);
    ensure!(saw["claims"]["sub"] == world.person.id.as_str(), "{}", saw["claims"]);
    world.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openid_client_signs_a_person_in_refreshes_and_logs_out() -> Result<()> {
    let Some(modules) = node_modules() else {
        return not_exercised("WOAD_NODE_MODULES names no packages of tests/web");
    };
    a_person_signs_in_refreshes_and_leaves(Foreign::node(&modules, "openid_client.mjs")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authlib_signs_a_person_in_refreshes_and_logs_out() -> Result<()> {
    let Some(python) = python() else { return not_exercised("WOAD_PYTHON names no Python with Authlib") };
    a_person_signs_in_refreshes_and_leaves(Foreign::python(&python, "authlib_client.py")).await
}
