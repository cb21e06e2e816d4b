//! One node from start to stop.

mod controls;
mod failure;
mod lifecycle;
mod listeners;
mod stop;

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use woad_admission::{Throttle, ThrottleLimits};
use woad_http::{Load, PasswordPool};

pub use controls::Controls;
pub use lifecycle::Lifecycle;
pub use listeners::{DRAIN, OPERATIONS_CONNECTIONS, OPERATIONS_DRAIN};

use crate::config::Config;
use crate::jobs;
use crate::metrics::Metrics;
use crate::operations::socket::SocketError;
use crate::phase::{InvalidTransition, Phase};
use crate::refusals::Recording;
use crate::resources::{self, FilesError, Plan};
use crate::status::Status;
use crate::store::{Member, OpenError, Opener, Options, Presence};
use crate::tls::ReloadError;

/// Why a node did not start, or did not stop in order.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A listener can't be opened.
    #[error("{key}: {source}")]
    Listen {
        /// The configuration key.
        key: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The operations socket can't be opened.
    #[error("operations.socket: {0}")]
    Socket(#[from] SocketError),
    /// The certificate can't be used.
    #[error(transparent)]
    Certificate(#[from] ReloadError),
    /// TLS can't be set up.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// A file named in the configuration can't be read.
    #[error("{key}: {why}")]
    File {
        /// The configuration key.
        key: &'static str,
        /// Why.
        why: String,
    },
    /// See [`OpenError`].
    #[error(transparent)]
    Open(#[from] OpenError),
    /// See [`FilesError`].
    #[error(transparent)]
    Files(#[from] FilesError),
    /// A metric's name is taken.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// See [`InvalidTransition`].
    #[error(transparent)]
    Phase(#[from] InvalidTransition),
    /// The store serves no more, for good.
    #[error("this node serves no more: {0}")]
    Failed(#[source] raft_store::Fault),
    /// The store did not stop in time.
    #[error("the store did not stop in time")]
    StoreHangs,
}

/// Runs a node until it is told to stop.
///
/// # Errors
/// See [`RunError`].
pub async fn run(config: Config, opener: Arc<dyn Opener>, controls: Controls) -> Result<(), RunError> {
    let options = Options::from(&config);
    let presence = opener.presence(&options)?;
    let metrics = Arc::new(Metrics::new()?);
    let status = Arc::new(Status::default());
    let http = woad_http::Metrics::register(metrics.registry())?;
    let passwords = passwords(&config, &http);
    let limits = &config.limits;
    let throttle = ThrottleLimits { burst: limits.failures, per_minute: limits.failures_per_minute };
    let throttle = Throttle::new(throttle);
    let lifecycle = Lifecycle::new(Arc::clone(&status), opener, options, http.clone(), passwords, throttle);
    let lifecycle = Arc::new(lifecycle);
    let plan = Plan::of(&config.limits, resources::raise_files()?, resources::memory_limit());
    tracing::info!(?plan, "limits of this machine");
    let load = Load::new(plan.load, metrics.load.clone());
    let pressure = resources::watch(Arc::clone(&load), plan.memory, metrics.memory.clone());
    let pressure = tokio::spawn(pressure);
    let part = listeners::Shared { status, lifecycle, http, metrics, plan, load };

    // Operations first: it tells how the rest is getting on, and the last to go.
    let operations_stop = CancellationToken::new();
    let operations = listeners::operations(&config, &part, &operations_stop)?;
    let outcome = serve(&config, presence, &part, &controls).await;
    operations_stop.cancel();
    operations.finished().await;
    pressure.abort();
    outcome
}

fn passwords(config: &Config, metrics: &woad_http::Metrics) -> PasswordPool {
    // The configuration was checked: there is one thread at least.
    let threads = usize::try_from(config.limits.password_threads).ok().and_then(NonZeroUsize::new);
    let queue = usize::try_from(config.limits.password_queue).unwrap_or(usize::MAX);
    PasswordPool::new(threads.unwrap_or(NonZeroUsize::MIN), queue, metrics.clone())
}

async fn serve(
    config: &Config,
    presence: Presence,
    part: &listeners::Shared,
    controls: &Controls,
) -> Result<(), RunError> {
    let started = tokio::select! {
        biased;
        () = controls.stop.cancelled() => Ok(None),
        started = start(config, presence, part, controls) => started.map(Some),
    };
    let failed = if let Ok(Some(_)) = &started { failure::until_stopped(part, controls).await } else { Ok(()) };
    let (serving, outcome) = match started {
        Ok(serving) => (serving, failed),
        Err(error) => (None, Err(error)),
    };
    let stopped = stop::stop(&part.status, serving).await;
    outcome.and(stopped)
}

/// What a running node does.
struct Serving {
    https: listeners::Https,
    jobs: Jobs,
    refusals: Option<Recording>,
}

/// The jobs, which work only while this node leads.
struct Jobs {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Jobs {
    /// Returns when the step under way has ended.
    async fn finished(self) {
        self.stop.cancel();
        if self.task.await.is_err() {
            tracing::error!("the jobs ended by a panic");
        }
    }
}

impl Serving {
    /// Accepts nothing new, and returns when what was under way has ended or its time is over.
    async fn drain(self) {
        tokio::join!(self.https.drain(), self.jobs.finished());
        if let Some(refusals) = self.refusals {
            refusals.finished().await;
        }
    }
}

/// Opens the store and then https.
async fn start(
    config: &Config,
    presence: Presence,
    part: &listeners::Shared,
    controls: &Controls,
) -> Result<Serving, RunError> {
    // A member needs no token, whatever became of the file.
    let token = if presence == Presence::Fresh { token(config)? } else { None };
    match (presence, token) {
        (Presence::Member, _) => part.lifecycle.start().await?,
        (Presence::Fresh, Some(token)) => part.lifecycle.join(token).await?,
        (Presence::Fresh, None) => {
            tracing::warn!(socket = %config.socket().display(), "waiting for `woadctl cluster init` or a join token");
        }
    }
    let member = part.status.opened().await;
    for collector in member.collectors() {
        part.metrics.add(collector)?;
    }
    let https = listeners::https(config, part, &controls.reload)?;
    let recording = |services: &woad_http::Services| {
        Recording::start(services.clone(), Arc::clone(&member), part.metrics.refusals.clone())
    };
    let refusals = part.lifecycle.services().map(recording);
    let jobs = start_jobs(part, member);
    part.status.phases.enter(Phase::Running)?;
    Ok(Serving { https, jobs, refusals })
}

fn start_jobs(part: &listeners::Shared, member: Arc<dyn Member>) -> Jobs {
    let stop = CancellationToken::new();
    let metrics = part.metrics.jobs.clone();
    let task = match part.lifecycle.services() {
        Some(services) => tokio::spawn(jobs::run(services.clone(), member, metrics, stop.clone())),
        None => tokio::spawn(async {}),
    };
    Jobs { stop, task }
}

fn token(config: &Config) -> Result<Option<crate::config::SecretText>, RunError> {
    let failed = |error: io::Error| RunError::File { key: "cluster.join_token_file", why: error.to_string() };
    config.cluster.token().map_err(failed)
}
