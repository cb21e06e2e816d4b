//! What people see when no quorum answers, and when there is too much to do.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use prometheus::Registry;
use raft_store_core::memory::MemoryStore;
use raft_store_core::store::{Backend, BoxFuture, TxFn, ViewFn};
use raft_store_core::{AttemptId, Done, Freshness, Request, Store, StoreError};
use woad_http::{Metrics, PasswordPool, Services};

use crate::testing::{PASSWORD, World};

/// A replica that is cut off: local reads go on, everything else ends in this error.
struct CutOff {
    memory: Arc<MemoryStore>,
    error: StoreError,
}

impl Backend for CutOff {
    fn transact<'a>(&'a self, _: &'a Request, _: &'a mut TxFn<'_>) -> BoxFuture<'a, Result<Done<()>, StoreError>> {
        Box::pin(std::future::ready(Err(self.error.clone())))
    }

    fn view<'a>(
        &'a self,
        cx: &'a Request,
        fresh: Freshness,
        f: &'a mut ViewFn<'_>,
    ) -> BoxFuture<'a, Result<Done<()>, StoreError>> {
        match fresh {
            Freshness::Local => self.memory.view(cx, fresh, f),
            _ => Box::pin(std::future::ready(Err(self.error.clone()))),
        }
    }
}

fn services(world: &World, error: StoreError) -> Services {
    let backend = CutOff { memory: Arc::clone(&world.memory), error };
    let metrics = Metrics::register(&Registry::new()).unwrap();
    Services::new(Store::new(Arc::new(backend)), metrics).with_pages(Arc::new(crate::Pages))
}

#[tokio::test]
async fn without_a_quorum_nobody_signs_in_and_is_told_so() {
    let mut world = World::new();
    let consent = world.continuation("rp", &[]);
    let retry = Duration::from_millis(300);
    for (error, words) in [
        (StoreError::NotDone { retry }, "Not possible right now"),
        (StoreError::Unknown { attempt: AttemptId([0; 16]) }, "The outcome is not known"),
    ] {
        world.router = crate::router(services(&world, error));
        let browser = world.browser();
        let answer = browser.sign_in("/login", "alice", PASSWORD).await;
        assert_eq!(answer.status, 503);
        assert!(answer.says(words));
        assert_eq!(answer.headers["retry-after"], "1");
        for path in [format!("/consent?continue={consent}"), "/logout".to_owned(), format!("/link/{}", "a".repeat(43))]
        {
            let answer = browser.get(&path).await;
            assert_eq!(answer.status, 503, "{path}");
            answer.page();
        }
    }
}

#[tokio::test]
async fn more_passwords_than_fit_the_pool_are_sent_away() {
    let mut world = World::new();
    let metrics = Metrics::register(&Registry::new()).unwrap();
    let pool = PasswordPool::new(NonZeroUsize::MIN, 0, metrics.clone());
    let services = Services::new(Store::new(world.memory.clone()), metrics);
    world.router = crate::router(services.with_passwords(pool).with_pages(Arc::new(crate::Pages)));
    // More often than a name may be tried without a delay: what nobody looked at is no guess.
    for _ in 0..8 {
        let (one, other) = (world.browser(), world.browser());
        let (one, other) =
            tokio::join!(one.sign_in("/login", "alice", PASSWORD), other.sign_in("/login", "bob", PASSWORD));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 503]);
        let refused = if one.status == 503 { one } else { other };
        assert!(refused.says("Not possible right now"));
        assert!(refused.headers.contains_key("retry-after"));
    }
}
