//! What the machine gives this process, and how it is shared out.

mod files;
mod memory;
mod plan;
mod pressure;

pub use files::{FEWEST_FILES, FilesError, raise as raise_files};
pub use memory::{limit as memory_limit, used as memory_used};
pub use plan::Plan;
pub use pressure::{HARD_PERCENT, MemoryMetrics, PERIOD, SOFT_PERCENT, watch};
