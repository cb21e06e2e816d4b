//! People at three nodes: what is used once, who is unique, what a suspension ends, how guessing ends.

#![expect(clippy::indexing_slicing, reason = "a test may stop at the first surprise")]

mod ended_at_once;
mod guessing;
mod single_use;
mod suspension;
mod uniqueness;
mod world;
