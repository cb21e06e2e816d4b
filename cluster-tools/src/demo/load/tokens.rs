//! The stream of token requests. None is sent twice.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::pace::Pace;
use super::tally::Event;
use super::{Stream, TOKENS_PER_SECOND};
use crate::demo::oauth;
use crate::demo::verify::Verifier;

/// One token of so many is kept and never revoked: it must be active to the end.
const KEPT_ONE_OF: u64 = 50;

/// Asks for tokens, verifies each, and hands them on to be revoked.
pub(super) async fn run(stream: Stream, verifier: Arc<Verifier>, revoke: mpsc::Sender<String>) {
    let mut pace = Pace::new(TOKENS_PER_SECOND, stream.until);
    let mut count = 0u64;
    while let Some(turn) = pace.next().await {
        let (stream, verifier, revoke) = (stream.clone(), Arc::clone(&verifier), revoke.clone());
        let (due, number) = (turn.due, count);
        count += 1;
        pace.start(turn, async move { one(&stream, &verifier, &revoke, due, number).await });
    }
    pace.finished().await;
}

async fn one(stream: &Stream, verifier: &Verifier, revoke: &mpsc::Sender<String>, due: Instant, number: u64) {
    let issued = oauth::token(&stream.site, &stream.credentials).await;
    let took = due.elapsed();
    let outcome = issued.and_then(|issued| {
        verifier.verify(stream.site.number, &issued.value)?;
        Ok(issued.value)
    });
    // The collector outlives the streams.
    let tell = |event| drop(stream.events.send(event));
    match outcome {
        Ok(token) => {
            tell(Event::Token { took, failure: None });
            if number.is_multiple_of(KEPT_ONE_OF) {
                tell(Event::Kept(token));
            } else {
                // When enough wait already, this one is not needed.
                let _ = revoke.try_send(token);
            }
        }
        Err(fault) => tell(Event::Token { took, failure: Some(fault.to_string()) }),
    }
}
