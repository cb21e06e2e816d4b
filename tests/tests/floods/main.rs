//! Floods: more connections, slower ones, larger ones and more wrong ones than a node can bear. It bears them.

#![expect(clippy::indexing_slicing, reason = "a test may stop at the first surprise")]

mod descriptors;
mod frames;
mod guesses;
mod hashes;
mod idle;
mod memory;
mod slow;
mod world;
