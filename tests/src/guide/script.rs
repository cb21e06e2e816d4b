//! One bash script of a page's blocks.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use super::block::Block;
use super::stage::{Host, Stage};
use crate::not_exercised;

/// What stands for the programs of a host that a test can't use, and for its names.
const PRELUDE: &str = include_str!("prelude.sh");
/// Stops the demo, however the script ends.
const DEMO: &str = include_str!("demo.sh");

/// Whether the tools that readers of the guides use are on this machine.
///
/// # Errors
/// When they are not and every test must be exercised.
pub fn tools_present() -> Result<bool> {
    for tool in ["bash", "curl", "jq"] {
        let found = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if found.is_err() {
            not_exercised(&format!("guides: {tool} is not on PATH"))?;
            return Ok(false);
        }
    }
    Ok(true)
}

fn prelude(stage: &Stage) -> String {
    let root = stage.path().display();
    format!("ROOT='{root}'\nHTTPS={}\nPEER={}\n{PRELUDE}\n", stage.https, stage.peer)
}

fn commands(block: &Block, text: &str) -> String {
    let mut out = format!("echo '---- line {}' >&2\n{{\n{text}\n}}", block.line);
    if let Some(name) = &block.stdin {
        let _ = write!(out, " <\"$ROOT/{name}\"");
    }
    if let Some(name) = &block.save {
        let _ = write!(out, " >\"$ROOT/{name}\"");
    }
    out.push('\n');
    out
}

/// The blocks, each on its hosts.
///
/// # Errors
/// When a block names no host of the stage.
pub fn on_hosts(stage: &Stage, blocks: &[Block]) -> Result<String> {
    let mut out = prelude(stage);
    for block in blocks {
        if block.on.is_empty() {
            bail!("line {}: the block names no host", block.line);
        }
        for name in &block.on {
            let host = stage.host(name)?;
            let _ = writeln!(out, "on {name} {}", host.address);
            out.push_str(&commands(block, &host.place(&block.text)));
        }
    }
    Ok(out)
}

/// The blocks, in a shell that has read what the demo wrote for it.
///
/// # Errors
/// When a block names a host.
pub fn against_demo(stage: &Stage, blocks: &[Block]) -> Result<String> {
    let mut out = format!("ROOT='{}'\n{DEMO}\n", stage.path().display());
    for block in blocks {
        if !block.on.is_empty() {
            bail!("line {}: README's blocks run where the demo runs", block.line);
        }
        out.push_str(&commands(block, &block.text));
    }
    Ok(out)
}

/// `woad check-config` on a host's file.
#[must_use]
pub fn check_config(stage: &Stage, host: &Host) -> String {
    let file = host.folder.join("etc/woad/woad.toml");
    format!("{}\non {} {}\nwoad check-config '{}'\n", prelude(stage), host.name, host.address, file.display())
}
