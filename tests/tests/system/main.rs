//! The cluster as others see it: a library that verifies its tokens, a scraper, somebody who reads its disks.

#![expect(clippy::indexing_slicing, reason = "a test may stop at the first surprise")]

mod foreign_verifier;
mod scraped_metrics;
mod secrets_at_rest;
