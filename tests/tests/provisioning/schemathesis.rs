use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use http::Method;
use serde_json::Value;
use woad_tests::{Foreign, Scim, not_exercised, python};

use crate::world::World;

/// Examples of each operation.
const EXAMPLES: &str = "100";
/// What an answer must be, whatever was sent: no failure of the server, and as the served document says.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,unsupported_method,allow_header_conformance,ignored_auth";
const PATIENCE: Duration = Duration::from_secs(420);

/// Data that is the same in each run; one request at a time, for three nodes want some of the machine too.
const GENERATION: [&str; 7] = [
    "--phases",
    "examples,coverage,fuzzing",
    "--workers",
    "1",
    "--generation-deterministic",
    "--suppress-health-check",
    "all",
];

impl World {
    /// Runs over every operation of the served document.
    fn schemathesis(&self, python: &Path) -> Foreign {
        self.program(python, "schemathesis")
            .arg("run")
            .arg(format!("{}/scim/v2/openapi.json", self.origin))
            .args(["--checks", CHECKS, "--max-examples", EXAMPLES, "--continue-on-failure"])
            .args(GENERATION)
            .arg("--tls-verify")
            .arg(self.authority())
    }
}

/// Where a person and a group are, so that not every request is about nobody.
async fn describe_resources(world: &World) -> Result<()> {
    let made =
        world.scim.send(Method::POST, "/Users", Some(&Scim::person_body("somebody"))).await?.expect(201)?.json()?;
    let user = made.get("id").and_then(Value::as_str).context("no id")?;
    let group = world.scim.group("somewhere").await?;
    let entries = [("Users", user), ("Groups", group.as_str())].map(|(kind, id)| {
        let methods = ["GET", "PUT", "PATCH"].map(|method| {
            format!("[[operations]]\ninclude-name = '{method} /scim/v2/{kind}/{{id}}'\nparameters = {{ 'path.id' = '{id}' }}\n")
        });
        methods.concat()
    });
    Ok(std::fs::write(world.folder.path().join("schemathesis.toml"), entries.concat())?)
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
    describe_resources(&world).await?;
    let authorised = format!("Authorization: Bearer {}", world.scim.token());
    let said = world.schemathesis(&python).arg("--header").arg(authorised).output(PATIENCE).await?;
    println!("{said}");
    world.cluster.finish().await
}
