//! The quick profile of the fault lab, as a test: every row that runs with each change.

use std::process::Command;

#[test]
fn every_row_of_the_quick_profile_passes() {
    let status = Command::new(env!("CARGO_BIN_EXE_woad-chaos")).args(["--profile", "quick"]).status().unwrap();
    assert!(status.success(), "{status}: 1 is a broken promise or a row not exercised, 2 a broken lab");
}
