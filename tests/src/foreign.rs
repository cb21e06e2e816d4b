//! Foreign programs that look at Woad: scripts in Python and Node, and what they need.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

use crate::gate::Gate;

/// Variables with which a machine may override which authorities a program trusts.
const TRUST: [&str; 4] = ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"];
/// The line by which a script asks for another node; the answer is a line too.
const TURN: &str = "turn";
/// The line that ends a script's output.
const DONE: &str = "done";

/// A Python with the packages of `requirements.txt`, if there is one.
#[must_use]
pub fn python() -> Option<PathBuf> {
    std::env::var_os("WOAD_PYTHON").map(PathBuf::from).filter(|path| path.exists())
}

/// The packages of `web/package.json`, if they are there.
#[must_use]
pub fn node_modules() -> Option<PathBuf> {
    std::env::var_os("WOAD_NODE_MODULES").map(PathBuf::from).filter(|path| path.exists())
}

/// A folder for what a test leaves to be looked at.
///
/// # Errors
/// When it can't be made.
pub fn artifacts(name: &str) -> Result<PathBuf> {
    let root =
        std::env::var_os("WOAD_ARTIFACTS").map_or_else(|| std::env::temp_dir().join("woad-artifacts"), PathBuf::from);
    let folder = root.join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A foreign program, not yet started.
pub struct Foreign {
    command: Command,
    name: String,
}

impl Foreign {
    /// A program, with an environment that names no authorities to trust and no proxy for loopback.
    #[must_use]
    pub fn new(program: &Path) -> Self {
        let mut command = Command::new(program);
        for name in TRUST {
            command.env_remove(name);
        }
        command.env("NO_PROXY", "localhost,127.0.0.1").kill_on_drop(true);
        Self { command, name: program.display().to_string() }
    }

    fn script(program: &Path, folder: &str, script: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(script);
        let mut foreign = Self::new(program);
        foreign.command.arg(path);
        script.clone_into(&mut foreign.name);
        foreign
    }

    /// A script of `tests/python`.
    #[must_use]
    pub fn python(program: &Path, script: &str) -> Self {
        // No compiled files in the checkout.
        Self::script(program, "python", script).env("PYTHONDONTWRITEBYTECODE", "1")
    }

    /// A script of `tests/web`.
    #[must_use]
    pub fn node(modules: &Path, script: &str) -> Self {
        Self::script(Path::new("node"), "web", script).env("WOAD_NODE_MODULES", modules)
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<std::ffi::OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets the folder it runs in.
    #[must_use]
    pub fn current_dir(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end; standard output, as far as it is UTF-8.
    ///
    /// # Errors
    /// When it fails, with its output, or takes longer than `limit`.
    pub async fn output(mut self, limit: Duration) -> Result<String> {
        let run = self.command.stdin(Stdio::null()).output();
        let output =
            tokio::time::timeout(limit, run).await.with_context(|| format!("{} takes too long", self.name))??;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        ensure!(output.status.success(), "{}: {}\n{out}\n{err}", self.name, output.status);
        Ok(out)
    }

    /// Runs a script that reads `asked` as the first line of standard input, may ask the gate for another node between
    /// its steps, and ends with a line of JSON after the line `done`.
    ///
    /// # Errors
    /// When it fails or takes longer than `limit`; what it wrote to standard error is the test's.
    pub async fn converse(mut self, asked: &Value, gate: &Gate, limit: Duration) -> Result<Value> {
        let conversation = async {
            let mut child = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
            let mut input = child.stdin.take().context("no standard input")?;
            let mut lines = BufReader::new(child.stdout.take().context("no standard output")?).lines();
            input.write_all(format!("{asked}\n").as_bytes()).await?;
            let mut result = Value::Null;
            while let Some(line) = lines.next_line().await? {
                match line.as_str() {
                    TURN => {
                        gate.turn();
                        input.write_all(b"\n").await?;
                    }
                    DONE => result = serde_json::from_str(&lines.next_line().await?.context("no result")?)?,
                    other => note(other),
                }
            }
            drop(input);
            let status = child.wait().await?;
            ensure!(status.success(), "{}: {status}", self.name);
            Ok(result)
        };
        tokio::time::timeout(limit, conversation).await.with_context(|| format!("{} takes too long", self.name))?
    }
}

#[expect(clippy::print_stdout, reason = "what a script says is shown when its test fails")]
fn note(line: &str) {
    println!("{line}");
}
