use anyhow::Result;

#[test]
fn a_damaged_node_joins_again_as_the_runbook_says() -> Result<()> {
    super::run("## A damaged node")
}
