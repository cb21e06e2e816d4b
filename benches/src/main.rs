//! woad-benches
fn main() {}
