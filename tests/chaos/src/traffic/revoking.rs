//! Programs that revoke their tokens, and resource servers that ask about them.

use std::time::Duration;

use anyhow::Result;

use super::{Actor, timed};
use crate::oracle::tokens::Life;

const PAUSE: Duration = Duration::from_millis(25);

impl Actor {
    pub(super) async fn revokes(self, node: usize) {
        while self.goes_on(PAUSE).await {
            // Whoever finds a node down asks again a little later.
            let _ = self.one_life(node).await;
        }
    }

    async fn one_life(&self, node: usize) -> Result<()> {
        let (client, here) = (&self.parties.client, self.place(node)?);
        let token = here.https.token(client).await?;
        let life = {
            let mut book = self.book.open();
            book.lives.push(Life { token: token.clone(), ..Life::default() });
            book.lives.len() - 1
        };
        self.inspect(node + 1, &token, life).await?;
        let (span, answer) = timed(here.https.revoke(client, &token)).await;
        let known = self.book.wrote(node, span, &answer);
        if let Some(life) = self.book.open().lives.get_mut(life) {
            life.revoked.push((span, known));
        }
        let (one, two, three) = tokio::join!(
            self.inspect(node, &token, life),
            self.inspect(node + 1, &token, life),
            self.inspect(node + 2, &token, life)
        );
        one.and(two).and(three)
    }

    /// Asks a node about a token, and notes what it says.
    async fn inspect(&self, node: usize, token: &str, life: usize) -> Result<()> {
        let place = self.place(node)?;
        let (span, answer) = timed(place.https.introspect(&self.parties.client, token)).await;
        self.book.read(&answer);
        if let (Some(active), Some(life)) =
            (answer.ok().and_then(|answer| answer.active()), self.book.open().lives.get_mut(life))
        {
            life.seen.push((place.number, span, active));
        }
        Ok(())
    }
}
