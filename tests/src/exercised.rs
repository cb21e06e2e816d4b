//! Tests that need something of the machine.

use anyhow::{Result, ensure};

/// Says that a test was not exercised and why.
///
/// # Errors
/// When everything must be (`WOAD_REQUIRE_ALL=1`).
#[expect(clippy::print_stderr, reason = "a test that proves nothing must say so")]
pub fn not_exercised(why: &str) -> Result<()> {
    ensure!(std::env::var_os("WOAD_REQUIRE_ALL").is_none_or(|value| value != "1"), "{why}");
    eprintln!("not exercised: {why}");
    Ok(())
}
