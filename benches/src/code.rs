//! The redemption of authorization codes at a follower: one durable transaction that begins a grant and its tokens. The codes
//! are got beforehand, through the browsers of people who are signed in.

use std::cell::RefCell;

use bytes::Bytes;
use futures::stream::{self, TryStreamExt as _};
use http::StatusCode;

use crate::disk::Flush;
use crate::load::{Ask, Call, Once};
use crate::measure::{self, RUNS, Runs};
use crate::report::{Report, Row};
use crate::world::{Application, Browser, Cluster, Refresh};

/// Redemptions under way.
const IN_FLIGHT: usize = 32;
/// Codes of a run, of everybody: they live for a minute only, and the run has to begin while they do.
const CODES_OF_A_PERSON: usize = 5;
/// Code flows under way.
const FLOWS: usize = 64;

async fn codes(of: &Application, browsers: &mut [Browser]) -> anyhow::Result<Vec<Ask>> {
    let made = RefCell::new(Vec::new());
    stream::iter(browsers.iter_mut().map(anyhow::Ok))
        .try_for_each_concurrent(FLOWS, async |browser| {
            for _ in 0..CODES_OF_A_PERSON {
                let form = Application::redemption(&of.code(browser).await?);
                made.borrow_mut().push(Ask::post("/token", Bytes::from(form)));
            }
            browser.rest();
            Ok(())
        })
        .await?;
    Ok(made.into_inner())
}

/// The row.
pub(crate) async fn run(
    cluster: &mut Cluster,
    browsers: &mut [Browser],
    flush: Flush,
    report: &mut Report,
) -> anyhow::Result<()> {
    let realm = cluster.realm.clone();
    let application = Application::register(cluster.any()?, &realm, Refresh::Rotates).await?;
    // Everybody's consent is asked for once.
    codes(&application, browsers).await?;
    let [follower, _] = cluster.followers()?;
    let call = Call::to_nodes([follower], &application.client)?;
    let mut runs = Runs::default();
    for _ in 0..RUNS {
        let work = Once::new(codes(&application, browsers).await?, StatusCode::OK);
        runs.add(measure::once(cluster, &call, IN_FLIGHT, &work).await?);
    }
    report.add(Row::durable(format!("codes redeemed, {IN_FLIGHT} in flight, follower of three"), &runs, flush, None)?);
    Ok(())
}
