//! Whether a node's wall clock can be right.

/// 2026-01-01: before this software existed.
const EARLIEST_MS: u64 = 1_767_225_600_000;
/// 2100-01-01: no node made today runs then, and certificates of ten years must end before X.509's short years do.
const LATEST_MS: u64 = 4_102_444_800_000;

/// Whether a wall clock at `now_ms` (milliseconds since the Unix epoch) is not visibly wrong. A cluster is not made
/// under a clock that is: its certificates and its time would start there.
#[must_use]
pub const fn clock_plausible(now_ms: u64) -> bool {
    EARLIEST_MS <= now_ms && now_ms < LATEST_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_before_this_software_or_after_the_century_are_wrong() {
        for (now, plausible) in [
            (0, false),
            (EARLIEST_MS - 1, false),
            (EARLIEST_MS, true),
            (1_795_000_000_000, true),
            (LATEST_MS, false),
            (u64::MAX, false),
        ] {
            assert_eq!(clock_plausible(now), plausible, "{now}");
        }
    }
}
