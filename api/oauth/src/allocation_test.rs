//! What requests allocate from the router inwards, on a store in memory: noise-free where times are not. `make test` builds
//! without optimisation, where nothing is spared that a release spares, so the figures here are upper ones.

use std::ops::RangeInclusive;

use allocation_counter::{AllocationInfo, measure};
use tokio::runtime::{Builder, Runtime};

use crate::testing::{Answer, World};

/// A token by client credentials: allocations, and their bytes. The request and the reading of its answer count as well.
/// The provider encodes an ES256 signature in 70 to 72 bytes first, and copies it unless it has 72: most often one more.
const TOKEN: (u64, u64) = (203, 20_721);
/// Introspection of that token.
const INTROSPECTION: (u64, u64) = (264, 22_917);

/// Requests before the measured one: caches are filled and lazy statics made then.
const WARM: usize = 3;

/// What the last of a few equal requests allocates.
fn allocated(runtime: &Runtime, request: impl AsyncFn() -> Answer) -> AllocationInfo {
    for _ in 0..WARM {
        assert_eq!(runtime.block_on(request()).status, 200);
    }
    measure(|| assert_eq!(runtime.block_on(request()).status, 200))
}

/// Up to the figure, and not so far below it that it has lost its meaning.
const fn about(most: u64) -> RangeInclusive<u64> {
    most * 9 / 10 + 1..=most
}

fn check(what: &str, found: AllocationInfo, (count, bytes): (u64, u64)) {
    let found = (found.count_total, found.bytes_total);
    let holds = about(count).contains(&found.0) && about(bytes).contains(&found.1);
    assert!(holds, "{what}: (allocations, bytes) {found:?}, not within a tenth below ({count}, {bytes})");
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

#[test]
fn a_token_allocates_no_more_than_it_did() {
    let (runtime, world) = (runtime(), World::new());
    let token = async || world.form("/token", "reader", "grant_type=client_credentials").await;
    check("token", allocated(&runtime, token), TOKEN);
}

#[test]
fn an_introspection_allocates_no_more_than_it_did() {
    let (runtime, world) = (runtime(), World::new());
    let form = format!("token={}", runtime.block_on(world.token("reader", "")));
    let introspection = async || world.form("/introspect", "watcher", &form).await;
    check("introspection", allocated(&runtime, introspection), INTROSPECTION);
}
