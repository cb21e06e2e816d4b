//! Load that runs beside a fault, and what was promised to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::admin::Admin;
use crate::endpoint::Endpoint;
use crate::node::Node;
use crate::realm::{Client, Realm};

/// Pause after a write that failed: a node that is down refuses in no time.
const AFTER_FAILURE: Duration = Duration::from_millis(20);
/// Failures of a stream that are kept to be shown.
const KEPT: usize = 5;

/// What nodes said was done. What they did not say may have happened or not.
#[derive(Debug, Default)]
pub struct Acknowledged {
    /// Ids of clients that were made.
    pub clients: Vec<String>,
    /// Tokens that were revoked.
    pub revoked: Vec<String>,
    /// When each of these was said, in order.
    pub at: Vec<Instant>,
    /// Writes without an answer, or with a refusal.
    pub others: usize,
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tasks that make clients and revoke tokens at some nodes until they are told to stop.
pub struct Writers {
    tasks: JoinSet<()>,
    stop: CancellationToken,
    shared: Arc<Mutex<Acknowledged>>,
}

struct Writer {
    admin: Admin,
    https: Endpoint,
    realm: Realm,
    client: Client,
    name: String,
    shared: Arc<Mutex<Acknowledged>>,
}

impl Writer {
    async fn make_client(&self, number: usize) -> Result<()> {
        let id = format!("{}-{number}", self.name);
        let path = format!("/v1/realms/{}/clients", self.realm.id);
        self.admin.post(&path, &Realm::client_body(&id)).await?.expect(201)?;
        let mut shared = locked(&self.shared);
        shared.at.push(Instant::now());
        shared.clients.push(id);
        Ok(())
    }

    async fn revoke_token(&self) -> Result<()> {
        let token = self.https.token(&self.client).await?;
        self.https.revoke(&self.client, &token).await?.expect(200)?;
        let mut shared = locked(&self.shared);
        shared.at.push(Instant::now());
        shared.revoked.push(token);
        Ok(())
    }

    async fn run(self, stop: CancellationToken) {
        for number in 0.. {
            if stop.is_cancelled() {
                return;
            }
            let done = if number % 2 == 0 { self.make_client(number).await } else { self.revoke_token().await };
            if done.is_err() {
                locked(&self.shared).others += 1;
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}

impl Writers {
    /// Starts `each` writers at each of these nodes.
    pub fn start<'a>(nodes: impl IntoIterator<Item = &'a Node>, realm: &Realm, client: &Client, each: usize) -> Self {
        let (mut tasks, stop, shared) = (JoinSet::new(), CancellationToken::new(), Arc::default());
        for node in nodes {
            for task in 0..each {
                let writer = Writer {
                    admin: node.admin.clone(),
                    https: node.https.clone(),
                    realm: realm.clone(),
                    client: client.clone(),
                    name: format!("w{}-{task}", node.place),
                    shared: Arc::clone(&shared),
                };
                tasks.spawn(writer.run(stop.clone()));
            }
        }
        Self { tasks, stop, shared }
    }

    /// How many writes were acknowledged so far.
    #[must_use]
    pub fn count(&self) -> usize {
        locked(&self.shared).at.len()
    }

    /// How long after that moment the first write was acknowledged that came later than `settle` after it: earlier ones
    /// may have been on their way.
    #[must_use]
    pub fn resumed(&self, after: Instant, settle: Duration) -> Option<Duration> {
        let shared = locked(&self.shared);
        shared.at.iter().map(|at| at.saturating_duration_since(after)).find(|age| *age > settle)
    }

    /// Stops, and tells what was acknowledged.
    pub async fn stop(mut self) -> Acknowledged {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        std::mem::take(&mut *locked(&self.shared))
    }
}

/// Token requests at a steady rate, never sent again.
pub struct TokenStream {
    tasks: JoinSet<()>,
    stop: CancellationToken,
    shared: Arc<Mutex<(usize, Vec<String>)>>,
}

impl TokenStream {
    /// One request each `every` at each of these nodes, answered or not.
    pub fn start<'a>(nodes: impl IntoIterator<Item = &'a Node>, client: &Client, every: Duration) -> Self {
        let (mut tasks, stop, shared) = (JoinSet::new(), CancellationToken::new(), Arc::default());
        for node in nodes {
            let (https, client) = (node.https.clone(), client.clone());
            let (stop, shared, place) = (stop.clone(), Arc::clone(&shared), node.place);
            tasks.spawn(async move {
                let mut requests = JoinSet::new();
                let mut clock = tokio::time::interval(every);
                while !stop.is_cancelled() {
                    clock.tick().await;
                    let (https, client, shared) = (https.clone(), client.clone(), Arc::clone(&shared));
                    requests.spawn(async move { count(&shared, place, https.token(&client).await) });
                }
                while requests.join_next().await.is_some() {}
            });
        }
        Self { tasks, stop, shared }
    }

    /// Stops; tells how many were issued and what went wrong with the others.
    pub async fn stop(mut self) -> (usize, Vec<String>) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        std::mem::take(&mut *locked(&self.shared))
    }
}

fn count(shared: &Mutex<(usize, Vec<String>)>, place: usize, token: Result<String>) {
    let mut shared = locked(shared);
    match token {
        Ok(_) => shared.0 += 1,
        Err(error) if shared.1.len() < KEPT => shared.1.push(format!("node {}: {error:#}", place + 1)),
        Err(_) => {}
    }
}
