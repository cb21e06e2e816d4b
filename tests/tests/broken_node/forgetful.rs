//! A node that, once it has lost its leader, now and then acknowledges a write that it never made.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::Result;
use prometheus::core::Collector;
use raft_store_core::cluster::{ClusterControl, Health};
use raft_store_core::store::{Backend, BoxFuture, Done, Freshness, Request, StoreError, TxFn, ViewFn};
use raft_store_core::{Outcome, Store};
use woad::config::{self, SecretText};
use woad::runtime::{self, Controls};
use woad::store::{Member, OpenError, Opener, Opening, Options, Presence};

/// It forgets one of so many writes, once another leads than at first: the demo gets as far as its stream of writes.
const ONE_OF: u64 = 10;

/// Runs it until it is told to stop.
pub(crate) fn run(path: &Path) -> Result<()> {
    let config = config::load(Some(path), [])?;
    let _rest = woad::log::init(&config.log)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let controls = Controls::default();
        controls.on_signals()?;
        runtime::run(config, Arc::new(ForgetfulOpener(woad::store::opener())), controls).await?;
        Ok(())
    })
}

struct ForgetfulOpener(Box<dyn Opener>);

impl Opener for ForgetfulOpener {
    fn presence(&self, options: &Options) -> Result<Presence, OpenError> {
        self.0.presence(options)
    }

    fn init(&self, options: Options) -> Opening<(Arc<dyn Member>, woad::store::Bundle)> {
        let opening = self.0.init(options);
        Box::pin(async move { opening.await.map(|(member, bundle)| (Forgetful::member(member), bundle)) })
    }

    fn join(&self, options: Options, token: SecretText) -> Opening<Arc<dyn Member>> {
        let opening = self.0.join(options, token);
        Box::pin(async move { opening.await.map(Forgetful::member) })
    }

    fn start(&self, options: Options) -> Opening<Arc<dyn Member>> {
        let opening = self.0.start(options);
        Box::pin(async move { opening.await.map(Forgetful::member) })
    }
}

struct Forgetful {
    member: Arc<dyn Member>,
    store: Store,
}

impl Forgetful {
    fn member(member: Arc<dyn Member>) -> Arc<dyn Member> {
        let backend = ForgetfulBackend {
            store: member.store(),
            member: Arc::clone(&member),
            first_leader: OnceLock::new(),
            writes: AtomicU64::new(0),
        };
        Arc::new(Self { member, store: Store::new(Arc::new(backend)) })
    }
}

impl Member for Forgetful {
    fn store(&self) -> Store {
        self.store.clone()
    }

    fn control(&self) -> Arc<dyn ClusterControl> {
        self.member.control()
    }

    fn health(&self) -> Health {
        self.member.health()
    }

    fn collectors(&self) -> Vec<Box<dyn Collector>> {
        self.member.collectors()
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        self.member.shutdown()
    }
}

struct ForgetfulBackend {
    store: Store,
    member: Arc<dyn Member>,
    first_leader: OnceLock<u64>,
    writes: AtomicU64,
}

impl ForgetfulBackend {
    fn forgets(&self) -> bool {
        let Some(leader) = self.member.health().leader else { return false };
        let changed = *self.first_leader.get_or_init(|| leader) != leader;
        changed && self.writes.fetch_add(1, Ordering::Relaxed).is_multiple_of(ONE_OF)
    }
}

impl Backend for ForgetfulBackend {
    fn transact<'a>(&'a self, cx: &'a Request, f: &'a mut TxFn<'_>) -> BoxFuture<'a, Result<Done<()>, StoreError>> {
        let forget = self.forgets();
        Box::pin(self.store.transact(cx, move |tx| {
            let outcome = f(tx)?;
            Ok(if forget { Outcome::Answer(()) } else { outcome })
        }))
    }

    fn view<'a>(
        &'a self,
        cx: &'a Request,
        fresh: Freshness,
        f: &'a mut ViewFn<'_>,
    ) -> BoxFuture<'a, Result<Done<()>, StoreError>> {
        Box::pin(self.store.view(cx, fresh, move |view| f(view)))
    }
}
