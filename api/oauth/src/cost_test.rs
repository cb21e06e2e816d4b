//! What requests cost: reads of the state, and what their transactions come to. Exact, and the same on every machine: who
//! changes a number here changes what every such request costs.

use raft_store_core::memory::{Reads, Written};
use serde_json::Value;

use crate::people_testing::{WEB, WEB_SCOPES};
use crate::testing::{Answer, World};

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap().to_owned()
}

async fn introspect(world: &World, token: &str) -> Answer {
    world.form("/introspect", "watcher", &format!("token={token}")).await
}

async fn revoke(world: &World, token: &str) -> Answer {
    world.form("/revoke", "reader", &format!("token={token}")).await
}

/// A world where each request was sent before: its keys are parsed.
async fn warm() -> World {
    let world = World::with_people();
    let mine = world.token("reader", "").await;
    let tokens = world.tokens().await;
    let hers = text(&tokens, "access_token");
    for answer in [
        introspect(&world, &mine).await,
        introspect(&world, &hers).await,
        world.userinfo(&hers).await,
        world.refresh("web", &text(&tokens, "refresh_token"), "").await,
        revoke(&world, &mine).await,
    ] {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    world
}

/// What a request reads.
async fn reads(world: &World, request: impl Future<Output = Answer>) -> Reads {
    let before = world.memory.reads();
    let answer = request.await;
    let after = world.memory.reads();
    assert_eq!(answer.status, 200, "{}", answer.text);
    Reads { keys: after.keys - before.keys, ranges: after.ranges - before.ranges }
}

/// What the one transaction of a request comes to.
async fn written(world: &World, request: impl Future<Output = Answer>) -> Written {
    let before = world.revision();
    let answer = request.await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(world.revision().0, before.0 + 1, "one transaction");
    world.memory.written()
}

/// Each view and each transaction reads the apply position, which is one key.
#[tokio::test]
async fn a_request_reads_this_many_keys_and_ranges() {
    let world = warm().await;
    let mine = world.token("reader", "").await;
    let tokens = world.tokens().await;
    let (hers, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let read = [
        ("token", reads(&world, world.form("/token", "reader", "grant_type=client_credentials")).await),
        ("introspection of a client's token", reads(&world, introspect(&world, &mine)).await),
        ("introspection of a user's token", reads(&world, introspect(&world, &hers)).await),
        ("userinfo", reads(&world, world.userinfo(&hers)).await),
        ("refresh", reads(&world, world.refresh("web", &refresh, "")).await),
        ("revocation", reads(&world, revoke(&world, &mine)).await),
    ];
    let of = |keys, ranges| Reads { keys, ranges };
    let expected = [
        ("token", of(9, 0)),
        ("introspection of a client's token", of(12, 0)),
        ("introspection of a user's token", of(17, 2)),
        ("userinfo", of(25, 4)),
        ("refresh", of(22, 2)),
        ("revocation", of(13, 0)),
    ];
    assert_eq!(read, expected);
}

#[tokio::test]
async fn a_transaction_has_this_many_guards_mutations_events_and_bytes() {
    let world = warm().await;
    let mine = world.token("reader", "").await;
    let cookie = world.sign_in();
    let code = world.code(&cookie, WEB, WEB_SCOPES).await;
    let refresh = text(&world.tokens().await, "refresh_token");
    let came = [
        ("revocation", written(&world, revoke(&world, &mine)).await),
        ("refresh with rotation", written(&world, world.refresh("web", &refresh, "")).await),
        ("redemption of a code", written(&world, world.redeem(&code, "")).await),
    ];
    let of = |guards, mutations, events, bytes| Written { guards, mutations, events, bytes };
    let expected = [
        ("revocation", of(7, 1, 1, 490)),
        ("refresh with rotation", of(13, 2, 0, 563)),
        ("redemption of a code", of(15, 4, 0, 839)),
    ];
    assert_eq!(came, expected);
}

/// A person with many applications and machines signs in as fast as one with few.
#[tokio::test]
async fn a_refresh_family_begins_with_as_many_reads_however_many_there_are() {
    let world = warm().await;
    let cookie = world.sign_in();
    let mut each = Vec::new();
    for _ in 0..4 {
        let code = world.code(&cookie, WEB, WEB_SCOPES).await;
        each.push(reads(&world, world.redeem(&code, "")).await);
    }
    assert!(each.iter().all(|reads| *reads == each[0]), "{each:?}");
}
