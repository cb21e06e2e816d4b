//! A member inside a simulation: the store's own logic on a disk that forgets, a network without certificates, clocks
//! and randomness that the simulator gives, and no thread.
//!
//! Everything runs on the runtime that opens the member. Nothing here is compiled into what people run.

mod damage;
mod look;
mod member;
mod runtime;

pub use crate::disk::FakeDisk;
pub(crate) use damage::damage;
pub use damage::{damage_next_run, damaged_runs};
pub use look::{Look, Position};
pub use member::{Flush, Parts, admit, init, join, start};
pub use runtime::{SeededRuntime, seed};
