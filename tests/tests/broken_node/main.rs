//! `woadctl demo --check` is only worth something if it fails when a node is broken. Here one is.

mod forgetful;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use woad_tests::program;

/// Names the configuration file to the broken node.
const CONFIG: &str = "BROKEN_NODE_CONFIG";

/// A program that takes a node's arguments and is this very test, as [`the_broken_node`].
fn broken_program(folder: &Path) -> Result<PathBuf> {
    let path = folder.join("woad");
    let test = std::env::current_exe()?;
    let run = format!("{CONFIG}=\"$2\" exec '{}' --exact the_broken_node --ignored --nocapture", test.display());
    fs::write(&path, format!("#!/bin/sh\n[ \"$1\" = --config ] || exit 2\n{run}\n"))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
    Ok(path)
}

#[test]
#[ignore = "is the broken node itself, started by the test below"]
fn the_broken_node() -> Result<()> {
    let path = std::env::var_os(CONFIG).context("not started as a node")?;
    forgetful::run(Path::new(&path))
}

#[test]
fn a_node_that_forgets_acknowledged_writes_fails_the_demo() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut demo = Command::new(program("woadctl")?);
    demo.args(["demo", "--check", "--node-binary"]).arg(broken_program(folder.path())?);
    let output = demo.env("TMPDIR", folder.path()).output()?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.code() == Some(1), "the demo ended with {}\n{out}\n{err}", output.status);
    let found = ["acknowledged writes are lost", "calls a revoked token active"];
    ensure!(found.iter().any(|fault| err.contains(fault)), "the demo failed for another reason\n{out}\n{err}");
    Ok(())
}
