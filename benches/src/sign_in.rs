//! `POST /login` complete: the attempt counted, the password verified, a session begun; two durable transactions and an
//! argon2id hash on the node's bounded pool.

use std::cell::Cell;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use argon2::{Algorithm, Argon2, Params, Version};
use bytes::Bytes;
use http::header::{COOKIE, SET_COOKIE};
use http::{Response, StatusCode};

use crate::limit::Waits;
use crate::load::{Ask, Work, median};
use crate::measure;
use crate::report::{Report, Row, micros};
use crate::world::{Browser, Cluster, Node, Person};

/// The node's parameters: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes for the middle one.
const HASHES: usize = 15;
/// The pool's threads where nobody says otherwise.
const POOL: usize = 2;
/// Before the first run, and each run.
const TIMES: (Duration, Duration) = (Duration::from_millis(300), Duration::from_millis(1200));

/// Signs everybody in, again and again.
struct SignIns<'a> {
    forms: &'a [Bytes],
    at: Cell<usize>,
    until: Instant,
}

impl Work for SignIns<'_> {
    fn next(&self, _: usize) -> Option<Ask> {
        let at = self.at.get();
        self.at.set((at + 1) % self.forms.len());
        let form = self.forms.get(at).filter(|_| Instant::now() < self.until)?;
        Some(Ask::post("/login", form.clone()))
    }

    fn accept(&self, _: usize, answer: &Response<Bytes>) -> bool {
        let cookies = answer.headers().get_all(SET_COOKIE);
        let session = cookies.iter().any(|cookie| cookie.as_bytes().starts_with(b"__Host-woad="));
        answer.status() == StatusCode::SEE_OTHER && session
    }
}

/// What a hash takes on one core, computed here.
pub(crate) fn hash() -> anyhow::Result<Duration> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| anyhow::anyhow!("{error}"))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut took = Vec::new();
    for _ in 0..HASHES {
        let (mut out, start) = ([0; 32], Instant::now());
        argon2
            .hash_password_into(b"gentle winter 47 harbour", &[7; 16], &mut out)
            .map_err(|e| anyhow::anyhow!("{e}"))?;
        took.push(start.elapsed());
    }
    median(took, Duration::as_secs_f64)
}

/// Everybody's login form, filled in, and the cookies that go with them all.
pub(crate) async fn login_forms(
    cluster: &Cluster,
    node: &Node,
    people: &[Person],
) -> anyhow::Result<(String, Vec<Bytes>)> {
    let mut browser = Browser::new(node.https, Ipv4Addr::LOCALHOST, &cluster.realm.host);
    let mut forms = Vec::new();
    for person in people {
        forms.push(Bytes::from(browser.login_form(person).await?));
    }
    Ok((browser.cookies(), forms))
}

/// A row.
pub(crate) async fn run(
    cluster: &Cluster,
    people: &[Person],
    in_flight: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let [follower, _] = cluster.followers()?;
    let (cookies, forms) = login_forms(cluster, follower, people).await?;
    let call = cluster.call(follower)?.with(COOKIE, &cookies)?.apart();
    let at = Cell::new(0);
    let work = |within| {
        // Everybody's turn comes before anybody's second.
        let first = at.replace((at.get() + forms.len() / 2) % forms.len());
        SignIns { forms: &forms, at: Cell::new(first), until: Instant::now() + within }
    };
    let runs = measure::all(cluster, &call, in_flight, work, TIMES).await?;
    let run = runs.middle()?;
    let (hash, threads) = (hash()?, POOL.min(in_flight));
    let limit = f64::from(u32::try_from(threads).context("threads")?) / hash.as_secs_f64();
    let name = format!("sign-in, {in_flight} in flight, follower of three, {POOL} threads for passwords");
    report.add(
        Row::runs(name, &runs, Waits::Pool)?
            .beside_figure(
                &format!("argon2id alone, {} each, {threads} at once", micros(hash)),
                limit,
                run.rate.per_second / limit,
            )
            .note(run.apply.to_string()),
    );
    Ok(())
}
