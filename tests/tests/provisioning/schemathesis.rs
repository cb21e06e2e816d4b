use std::time::Duration;

use anyhow::Result;
use woad_tests::{Foreign, not_exercised, python};

use crate::world::World;

/// Examples of each operation.
const EXAMPLES: &str = "100";
/// What an answer must be, whatever was sent: no failure of the server, and as the served document says.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,unsupported_method,allow_header_conformance";
const PATIENCE: Duration = Duration::from_mins(7);

impl World {
    /// Runs over every operation of the served document.
    fn schemathesis(&self, python: &std::path::Path) -> Foreign {
        self.program(python, "schemathesis")
            .arg("run")
            .arg(format!("{}/scim/v2/openapi.json", self.origin))
            .args(["--checks", CHECKS, "--max-examples", EXAMPLES, "--phases", "examples,coverage,fuzzing"])
            .args([
                "--workers",
                "2",
                "--generation-deterministic",
                "--suppress-health-check",
                "all",
                "--continue-on-failure",
            ])
            .arg("--tls-verify")
            .arg(self.authority())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_nothing_undocumented_as_anonymous() -> Result<()> {
    let Some(python) = python() else { return not_exercised("WOAD_PYTHON names no Python with schemathesis") };
    let world = World::new().await?;
    let said = world.schemathesis(&python).output(PATIENCE).await?;
    println!("{said}");
    world.cluster.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_nothing_undocumented_as_administrator() -> Result<()> {
    let Some(python) = python() else { return not_exercised("WOAD_PYTHON names no Python with schemathesis") };
    let world = World::new().await?;
    let authorised = format!("Authorization: Bearer {}", world.scim.token());
    let said = world.schemathesis(&python).arg("--header").arg(authorised).output(PATIENCE).await?;
    println!("{said}");
    world.cluster.finish().await
}
