//! The runbook is executed: each section of `docs/runbook.md` with a cluster of three that the blocks of
//! `docs/first-cluster.md` have made, on 127.0.0.1 to 127.0.0.3 in the place of the hosts. What a section says has
//! happened, a block that readers don't see does (`<!-- test on=HOST`).

mod damaged_node;
mod expired_certificates;
mod full_disk;
mod lost_node;
mod lost_quorum;

use anyhow::{Result, ensure};
use woad_tests::guide::block::{Block, parse, section};
use woad_tests::guide::script::{on_hosts, tools_present};
use woad_tests::guide::{Stage, page};

/// Up to here the guide makes a cluster of three.
const MADE: &str = "## A realm, a client, a token";

/// The blocks that make a cluster of three voters.
fn a_cluster() -> Result<Vec<Block>> {
    let guide = page("docs/first-cluster.md")?;
    let Some((making, _)) = guide.split_once(MADE) else { anyhow::bail!("the guide has lost {MADE:?}") };
    parse(making)
}

/// Runs a section of the runbook on a cluster of three.
fn run(heading: &str) -> Result<()> {
    if !tools_present()? {
        return Ok(());
    }
    let blocks = parse(&section(&page("docs/runbook.md")?, heading)?)?;
    ensure!(!blocks.is_empty(), "{heading} has no block to run");
    let stage = Stage::new()?;
    let all: Vec<Block> = a_cluster()?.into_iter().chain(blocks).collect();
    stage.run(&on_hosts(&stage, &all)?)
}
