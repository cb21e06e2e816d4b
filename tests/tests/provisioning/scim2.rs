use std::time::Duration;

use anyhow::{Result, ensure};
use woad_tests::{not_exercised, python};

use crate::world::World;

/// Some 400 requests.
const PATIENCE: Duration = Duration::from_secs(100);
/// Checks that a server with people and groups gets; fewer would mean that its schemas say too little to be checked.
const CHECKS: usize = 80;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scim2_test_passes_whole_at_a_follower() -> Result<()> {
    let Some(python) = python() else { return not_exercised("WOAD_PYTHON names no Python with scim2-cli") };
    let world = World::new().await?;
    let scim2 = world
        .program(&python, "scim2")
        .env("SCIM_CLI_HEADERS", format!("Authorization: Bearer {}", world.scim.token()))
        .arg("--url")
        .arg(format!("{}/scim/v2", world.origin))
        .arg("test")
        .arg("--verbose");
    // Its exit status says that every check passed and none was skipped.
    let said = scim2.output(PATIENCE).await?;
    let passed = said.lines().filter(|line| line.starts_with("SUCCESS")).count();
    let other =
        said.lines().filter(|line| ["ERROR", "SKIPPED", "CRITICAL", "DEVIATION"].iter().any(|it| line.starts_with(it)));
    let other: Vec<&str> = other.collect();
    ensure!(other.is_empty(), "{other:?}");
    ensure!(passed >= CHECKS, "only {passed} checks:\n{said}");
    println!("scim2 test: {passed} checks passed");
    world.cluster.finish().await
}
