use anyhow::Result;

#[test]
fn a_lost_quorum_is_recovered_from_as_the_runbook_says() -> Result<()> {
    super::run("## A lost quorum")
}
