//! The cluster as others see it: a library that verifies its tokens, a scraper, somebody who reads its disks.

mod foreign_verifier;
mod scraped_metrics;
mod secrets_at_rest;
