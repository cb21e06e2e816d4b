use anyhow::Result;

#[test]
fn expired_certificates_are_renewed_as_the_runbook_says() -> Result<()> {
    super::run("## Expired certificates")
}
