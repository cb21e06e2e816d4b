//! Programs that ask for tokens, and verifiers that fetch keys.

use std::time::Duration;

use super::{Actor, Asked, timed};

/// Between two tokens at a node.
const TOKENS: Duration = Duration::from_millis(80);
/// Between two looks at the keys of a node.
const KEYS: Duration = Duration::from_millis(200);

impl Actor {
    pub(super) async fn asks(self, node: usize) {
        let Ok(place) = self.place(node) else { return };
        while self.goes_on(TOKENS).await {
            let (span, answer) = timed(place.https.ask_token(&self.parties.client, "storage.read:/")).await;
            self.book.read(&answer);
            let status = answer.map(|answer| answer.status).unwrap_or_default();
            self.book.open().issues.push(Asked { node, span, status });
        }
    }

    pub(super) async fn looks_for_keys(self, node: usize) {
        let Ok(place) = self.place(node) else { return };
        while self.goes_on(KEYS).await {
            let (span, answer) = timed(place.https.get("/jwk")).await;
            self.book.read(&answer);
            let status = answer.map(|answer| answer.status).unwrap_or_default();
            self.book.open().keys.push(Asked { node, span, status });
        }
    }
}
