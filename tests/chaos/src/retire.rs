//! The last look at a cluster: replicas agree in everything, nobody is there whom nobody made, and no log holds a panic.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use woad_tests::state_of;

use crate::agreement;
use crate::world::World;

/// I18: resident memory of a node of a small cluster, development build.
const MEMORY: u64 = 1024 * 1024 * 1024;
/// I18: open files of a node.
const FILES: usize = 1024;

/// I2, I12 and I18 of a cluster that has done its work.
pub(crate) async fn scan(mut world: World) -> Result<()> {
    for place in world.running() {
        let process = world.node(place)?.process()?;
        let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        let bytes = 1024 * resident.and_then(|text| text.trim().parse::<u64>().ok()).context("no VmRSS")?;
        let files = std::fs::read_dir(format!("/proc/{process}/fd"))?.count();
        ensure!(bytes < MEMORY, "I18: node {} holds {} MiB", place + 1, bytes >> 20);
        ensure!(files < FILES, "I18: node {} has {files} files open", place + 1);
    }
    if let Some(place) = world.running().first() {
        agreement::equal(world.node(*place)?).await?;
    }
    phantoms(&mut world).await?;
    world.cluster.finish().await
}

/// I2: everybody who is there was asked for.
async fn phantoms(world: &mut World) -> Result<()> {
    let Some(place) = world.running().first().copied() else { return Ok(()) };
    let mut there = BTreeSet::new();
    for (path, page) in state_of(world.node(place)?).await? {
        if path.contains("/users") {
            let users = page.get("users").and_then(Value::as_array).into_iter().flatten();
            there.extend(users.filter_map(|user| user.get("user_name")?.as_str().map(str::to_owned)));
        }
    }
    ensure!(!there.is_empty(), "nobody is there");
    let unknown: Vec<&String> = there.difference(&world.names).take(5).collect();
    ensure!(unknown.is_empty(), "I2: nobody made {unknown:?}");
    Ok(())
}
