//! Times as people read them.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

const MINUTE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

fn format(ms: u64, format: &[BorrowedFormatItem<'_>]) -> String {
    let since = i64::try_from(ms).map_or(Duration::MAX, Duration::milliseconds);
    let at = OffsetDateTime::UNIX_EPOCH.checked_add(since);
    at.and_then(|at| at.format(format).ok()).unwrap_or_default()
}

/// Cluster time in ms, to the minute. The same in every language, and no guess at the reader's time zone.
pub(crate) fn minute(ms: u64) -> String {
    format(ms, MINUTE)
}

/// Cluster time in ms, to the day.
pub(crate) fn day(ms: u64) -> String {
    format(ms, DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc() {
        assert_eq!(minute(1_700_000_000_000), "2023-11-14 22:13 UTC");
        assert_eq!(day(1_700_000_000_000), "2023-11-14");
        assert_eq!(day(u64::MAX), "");
    }
}
