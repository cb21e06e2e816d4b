//! How latency rises with load: tokens at one node that has a processor to itself, and durable transactions through a follower
//! beside etcd's puts. One run a point.

use std::time::Duration;

use crate::durable;
use crate::etcd::{self, Etcd};
use crate::limit::{self, Meter, Waits};
use crate::load::{self, Repeat};
use crate::machine::cpu_time;
use crate::plot::{Curve, Panel, Point};
use crate::report::{Report, Row, Share};
use crate::world::{Client, Cluster, Node, Realm};

/// Connections, each with one request under way.
const CONNECTIONS: [usize; 8] = [1, 2, 4, 8, 16, 32, 64, 128];
/// Before each run, and each run.
const WARM_UP: Duration = Duration::from_millis(300);
const RUN: Duration = Duration::from_millis(1500);
/// Transactions under way, and of each run.
const TRANSACTIONS: [(usize, usize); 6] = [(1, 600), (4, 2000), (16, 4000), (64, 6000), (128, 6000), (256, 8000)];

/// A row a curve, each with what held it at the end.
fn rows(panel: Panel, limits: &[String], report: &mut Report) {
    for (curve, limit) in panel.curves.iter().zip(limits) {
        let name = format!("{}, {}: most under rising load", panel.title, curve.who);
        report.add(Row::new(name, curve.most(), "/s").limit(limit.clone()).note(curve.text()));
    }
    report.show(panel);
}

/// Tokens of one node.
pub(crate) async fn tokens(node: &mut Node, pinned: bool, report: &mut Report) -> anyhow::Result<()> {
    let realm = Realm::named(node, "curve", "ES256").await?;
    let client = realm.machine(node).await?;
    let call = load::Call::to_nodes([&*node], &client)?;
    let asks = [Client::ask_token()];
    let (mut points, mut limit) = (Vec::new(), String::new());
    for connections in CONNECTIONS {
        load::run(&call, connections, &Repeat::new(&asks, WARM_UP, "access_token")).await?;
        let (before, meter) = (cpu_time(node.pid()), Meter::start());
        let rate = load::run(&call, connections, &Repeat::new(&asks, RUN, "access_token")).await?;
        let server = Share::new(cpu_time(node.pid()).saturating_sub(before), &rate);
        limit = if pinned { limit::of_pinned(server.percent) } else { meter.stop().limit(Waits::Turn) };
        points.push(Point::new(connections, &rate));
    }
    let title = format!("Tokens, ES256, one node{}", if pinned { " on one core" } else { "" });
    let curves = vec![Curve { who: "Woad".to_owned(), points }];
    rows(Panel { title, what: "tokens", curves }, &[limit], report);
    Ok(())
}

/// Transactions of three nodes.
pub(crate) async fn transactions(cluster: &Cluster, etcd: Option<&Etcd>, report: &mut Report) -> anyhow::Result<()> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let (mut of_ours, mut of_theirs) = (String::new(), String::new());
    for (in_flight, transactions) in TRANSACTIONS {
        if let Some(etcd) = etcd {
            let ask = etcd::Ask::Puts { count: transactions, bytes: durable::PUT_BYTES };
            let meter = Meter::start();
            theirs.push(Point::new(in_flight, &etcd.run(ask, in_flight).await?));
            of_theirs = meter.stop().limit(Waits::Flush);
        }
        let run = durable::measure(cluster, durable::Plan { in_flight, transactions, delay: None }).await?;
        ours.push(Point::new(in_flight, &run.rate));
        of_ours = run.used.limit(Waits::Flush);
    }
    let mut curves = vec![Curve { who: "Woad at a follower".to_owned(), points: ours }];
    if !theirs.is_empty() {
        curves.push(Curve { who: "etcd, puts to its leader".to_owned(), points: theirs });
    }
    let title = "Durable transactions, three nodes".to_owned();
    rows(Panel { title, what: "transactions", curves }, &[of_ours, of_theirs], report);
    Ok(())
}
