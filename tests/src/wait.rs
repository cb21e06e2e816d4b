//! Waiting for a condition.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How often a condition is looked at.
const STEP: Duration = Duration::from_millis(20);

/// Looks until a condition gives a value, and tells how long that took.
///
/// # Errors
/// When it gives none within `limit`; names the condition.
pub async fn eventually<T>(
    what: &str,
    limit: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> Result<(T, Duration)> {
    let start = Instant::now();
    loop {
        if let Some(value) = look().await {
            return Ok((value, start.elapsed()));
        }
        if start.elapsed() > limit {
            bail!("not within {limit:?}: {what}");
        }
        tokio::time::sleep(STEP).await;
    }
}
