use anyhow::Result;

#[test]
fn a_lost_node_is_replaced_as_the_runbook_says() -> Result<()> {
    super::run("## A lost node")
}
