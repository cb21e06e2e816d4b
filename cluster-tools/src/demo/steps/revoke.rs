//! A revocation at one node holds at the others as soon as it has answered.

use std::sync::Arc;

use super::Credentials;
use crate::demo::fault::Fault;
use crate::demo::oauth::{self, Revoked};
use crate::demo::report::Report;
use crate::demo::site::Site;

/// A token that was active everywhere and is not any more.
pub(super) struct DeadToken(pub(super) String);

/// Issues at the first of these nodes and revokes at the last.
pub(super) async fn run(sites: &[Arc<Site>], credentials: &Credentials, report: &Report) -> Result<DeadToken, Fault> {
    let (Some(begins), Some(ends)) = (sites.first(), sites.last()) else {
        return Err(Fault::NotHeld("no node is left".to_owned()));
    };
    let fresh = oauth::token(begins, credentials).await?;
    report.exchange(begins, "POST /token", "a token", fresh.took);
    for site in sites {
        let active = oauth::active(site, credentials, &fresh.value).await?;
        if !active.value {
            return Err(Fault::NotHeld(format!("node {} calls a fresh token inactive", site.number)));
        }
        report.exchange(site, "POST /introspect", "active", active.took);
    }
    let revoked = oauth::revoke(ends, credentials, &fresh.value).await?;
    if let Revoked::NotNow(why) = revoked.value {
        return Err(Fault::NotHeld(format!("node {} does not revoke: {why}", ends.number)));
    }
    report.exchange(ends, "POST /revoke", "200, on a quorum's disks", revoked.took);
    for site in sites {
        inactive(site, credentials, &fresh.value, report).await?;
    }
    Ok(DeadToken(fresh.value))
}

/// Fails unless a node calls a token inactive, asked once.
pub(super) async fn inactive(
    site: &Site,
    credentials: &Credentials,
    token: &str,
    report: &Report,
) -> Result<(), Fault> {
    let active = oauth::active(site, credentials, token).await?;
    if active.value {
        return Err(Fault::NotHeld(format!("node {} calls a revoked token active", site.number)));
    }
    report.exchange(site, "POST /introspect", "inactive", active.took);
    Ok(())
}
