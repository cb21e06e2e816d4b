use anyhow::Result;

#[test]
fn a_full_disk_is_seen_and_left_as_the_runbook_says() -> Result<()> {
    super::run("## A full disk")
}
