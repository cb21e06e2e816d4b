//! woadctl
fn main() {}
