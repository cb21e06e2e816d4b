//! What everybody else notices while a crowd signs in: introspection at a steady, light pace at a follower, alone and while
//! two hundred people send their passwords there at once.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::ensure;
use bytes::Bytes;
use futures::future::try_join_all;
use http::StatusCode;
use http::header::{COOKIE, RETRY_AFTER};

use crate::introspection::token_of_client;
use crate::limit::{Meter, Waits};
use crate::load::{self, Ask, Call, Rate, Work};
use crate::report::{Report, Row, micros};
use crate::sign_in::login_forms;
use crate::world::{Client, Cluster, Person};

/// People who sign in at once.
const CROWD: usize = 200;
/// Clients that ask about tokens, and how long each thinks between two requests: far below what the node can do.
pub(crate) const CLIENTS: usize = 8;
pub(crate) const THINKS: Duration = Duration::from_millis(10);
/// Without the crowd.
const ALONE: Duration = Duration::from_secs(3);

/// Asks the same until something is over.
pub(crate) struct Until<'a> {
    ask: &'a Ask,
    over: &'a dyn Fn() -> bool,
}

impl<'a> Until<'a> {
    pub(crate) fn new(ask: &'a Ask, over: &'a dyn Fn() -> bool) -> Self {
        Self { ask, over }
    }
}

impl Work for Until<'_> {
    fn next(&self, _: usize) -> Option<Ask> {
        (!(self.over)()).then(|| self.ask.clone())
    }

    fn accept(&self, _: usize, answer: &http::Response<Bytes>) -> bool {
        answer.status() == StatusCode::OK
    }
}

/// One person's: again whenever the node says that it has no room, after as long as it says.
async fn sign_in(call: &Call, number: usize, ask: &Ask, refused: &Cell<usize>) -> anyhow::Result<()> {
    loop {
        let answer = call.answer(number, ask).await?;
        if answer.status() == StatusCode::SEE_OTHER {
            return Ok(());
        }
        let text = || String::from_utf8_lossy(answer.body());
        ensure!(answer.status() == StatusCode::SERVICE_UNAVAILABLE, "/login: {} {}", answer.status(), text());
        refused.set(refused.get() + 1);
        let after = answer.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok()?.parse().ok());
        tokio::time::sleep(Duration::from_secs(after.unwrap_or(1))).await;
    }
}

/// The row.
pub(crate) async fn run(cluster: &Cluster, people: &[Person], report: &mut Report) -> anyhow::Result<()> {
    let [follower, _] = cluster.followers()?;
    let ask = Client::send_token("/introspect", &token_of_client(cluster).await?);
    let calm = cluster.call(follower)?.thinking(THINKS);
    let (start, meter) = (Instant::now(), Meter::start());
    let alone = Until { ask: &ask, over: &|| start.elapsed() > ALONE };
    let alone = load::run(&calm, CLIENTS, &alone).await?;
    let quiet = meter.stop();

    let (cookies, forms) = login_forms(cluster, follower, people).await?;
    let crowd = cluster.call(follower)?.with(COOKIE, &cookies)?.apart();
    let logins: Vec<Ask> = forms.into_iter().cycle().take(CROWD).map(|form| Ask::post("/login", form)).collect();
    let (over, refused, start, meter) = (Cell::new(false), Cell::new(0), Instant::now(), Meter::start());
    let signing_in = async {
        let each = logins.iter().enumerate().map(|(number, ask)| sign_in(&crowd, number, ask, &refused));
        let done = try_join_all(each).await;
        over.set(true);
        done.map(|_| start.elapsed())
    };
    let beside = Until { ask: &ask, over: &|| over.get() };
    let (took, beside) = futures::join!(signing_in, load::run(&calm, CLIENTS, &beside));
    let (took, beside, used): (_, Rate, _) = (took?, beside?, meter.stop());

    let name =
        format!("introspection, {CLIENTS} clients with pauses, while {CROWD} people sign in, the same follower: p99");
    let row = Row::new(name, beside.p99.as_secs_f64() * 1e3, "ms").percentiles(&beside).limit(used.limit(Waits::Pool));
    report.add(
        row.beside_text(&format!("without them p50 {} p99 {}", micros(alone.p50), micros(alone.p99))).note(format!(
            "{:.0} /s beside them, {:.0} /s without ({}); all signed in within {:.1} s; {} times one was told to come again",
            beside.per_second,
            alone.per_second,
            quiet.limit(Waits::Turn),
            took.as_secs_f64(),
            refused.get(),
        )),
    );
    Ok(())
}
