//! The reference pages of the operator's guide, generated from what the binary itself knows.

mod configuration;
mod limits;
mod metrics;

pub use configuration::configuration;
pub use metrics::metrics;

/// Text within a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
