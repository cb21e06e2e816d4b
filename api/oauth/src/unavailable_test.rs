//! What callers see when no quorum answers.

use std::sync::Arc;
use std::time::Duration;

use prometheus::Registry;
use raft_store_core::memory::MemoryStore;
use raft_store_core::store::{Backend, BoxFuture, TxFn, ViewFn};
use raft_store_core::{AttemptId, Done, Freshness, Request, Store, StoreError};
use woad_http::{Metrics, Services};

use crate::people_testing::{WEB, WEB_SCOPES};
use crate::testing::{FORM, World, basic};

/// A replica that is cut off: local reads go on, everything else ends in this error.
struct CutOff {
    memory: Arc<MemoryStore>,
    grace: bool,
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
            Freshness::Issuing { grace } if self.grace && grace == Duration::from_secs(10) => {
                let seen = self.memory.view(cx, fresh, f);
                Box::pin(async { Ok(Done { age: Duration::from_secs(1), ..seen.await? }) })
            }
            _ => Box::pin(std::future::ready(Err(self.error.clone()))),
        }
    }
}

fn cut_off(world: &mut World, grace: bool, error: StoreError) {
    let backend = CutOff { memory: Arc::clone(&world.memory), grace, error };
    let metrics = Metrics::register(&Registry::new()).unwrap();
    world.router = crate::router(Services::new(Store::new(Arc::new(backend)), metrics));
}

const NOT_DONE: StoreError = StoreError::NotDone { retry: Duration::from_millis(300) };
const GRANT: &str = "grant_type=client_credentials";

#[tokio::test]
async fn within_the_grace_tokens_are_issued_and_nothing_is_called_active() {
    let mut world = World::new();
    let token = world.token("reader", "").await;
    cut_off(&mut world, true, NOT_DONE);
    assert_eq!(world.form("/token", "reader", GRANT).await.status, 200);
    for path in ["/jwk", "/.well-known/openid-configuration"] {
        assert_eq!(world.get(path).await.status, 200, "{path}");
    }
    for (path, client) in [("/introspect", "watcher"), ("/revoke", "reader")] {
        let answer = world.form(path, client, &format!("token={token}")).await;
        assert_eq!(answer.error(), (503, "temporarily_unavailable".to_owned()), "{path}");
        assert_eq!(answer.headers["retry-after"], "1");
    }
}

#[tokio::test]
async fn after_the_grace_no_token_is_issued() {
    let mut world = World::new();
    cut_off(&mut world, false, NOT_DONE);
    let answer = world.form("/token", "reader", GRANT).await;
    assert_eq!(answer.error(), (503, "temporarily_unavailable".to_owned()));
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(world.get("/jwk").await.status, 200);
    let elsewhere = world.call("GET", "/jwk", &[("host", "unknown.example")], "").await;
    assert_eq!(elsewhere.status, 503);
}

#[tokio::test]
async fn a_revocation_of_unknown_outcome_is_never_a_success_nor_a_failure() {
    let mut world = World::new();
    let token = world.token("reader", "").await;
    for (error, status) in [
        (StoreError::Unknown { attempt: AttemptId([0; 16]) }, 503),
        (StoreError::Contended, 503),
        (StoreError::Sealed, 503),
        (StoreError::Stopped, 503),
        (StoreError::Full, 507),
    ] {
        cut_off(&mut world, true, error.clone());
        let answer = world.form("/revoke", "reader", &format!("token={token}")).await;
        assert_eq!(answer.error(), (status, "temporarily_unavailable".to_owned()), "{error}");
    }
}

/// store.md 1: a refusal leaves the node only if it is known to hold. Within the grace a client whose secret was renewed
/// elsewhere, or that was made there, is told to ask again, and one that was disabled before gets no token.
#[tokio::test]
async fn within_the_grace_nobody_is_refused_for_good_and_nobody_disabled_is_served() {
    let mut world = World::new();
    world.disable("idle");
    cut_off(&mut world, true, NOT_DONE);
    for (client, form) in [
        ("idle", GRANT),
        ("made-elsewhere", GRANT),
        ("reader", "grant_type=client_credentials&scope=granted-elsewhere"),
    ] {
        let answer = world.form("/token", client, form).await;
        assert_eq!(answer.error(), (503, "temporarily_unavailable".to_owned()), "{client} {form}: {}", answer.text);
        assert_eq!(answer.headers["retry-after"], "1");
    }
    let headers = [("authorization", &*basic("reader", "renewed-elsewhere")), ("content-type", FORM)];
    assert_eq!(world.call("POST", "/token", &headers, GRANT).await.status, 503);
    // What is wrong whatever the state is refused at once.
    for form in ["grant_type=password", "grant_type=client_credentials&scope=a%22"] {
        assert_eq!(world.form("/token", "reader", form).await.status, 400, "{form}");
    }
    let headers = [("content-type", FORM)];
    assert_eq!(world.call("POST", "/token", &headers, GRANT).await.status, 401, "no credentials at all");
}

/// Codes, refresh tokens and requests are never decided from old state, nor is an unknown outcome called a refusal.
#[tokio::test]
async fn nobody_signs_in_without_a_quorum() {
    let mut world = World::with_people();
    let tokens = world.tokens().await;
    let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let cookie = world.sign_in();
    let code = world.code(&cookie, WEB, WEB_SCOPES).await;
    for error in [NOT_DONE, StoreError::Unknown { attempt: AttemptId([0; 16]) }, StoreError::Contended] {
        cut_off(&mut world, true, error);
        for answer in [world.redeem(&code, "").await, world.refresh("web", refresh, "").await] {
            assert_eq!(answer.error(), (503, "temporarily_unavailable".to_owned()));
            assert_eq!(answer.headers["retry-after"], "1");
        }
        assert_eq!(world.userinfo(access).await.status, 503);
        let page = world.authorize(WEB, Some(&cookie)).await;
        assert_eq!((page.status.as_u16(), page.headers.get("location")), (503, None));
        assert_eq!(page.headers["retry-after"], "1");
    }
}
