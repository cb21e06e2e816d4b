//! The stream of durable writes: revocations. One that is not acknowledged is sent again, with the same token.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::pace::Pace;
use super::tally::Event;
use super::{Stream, WRITES_PER_SECOND};
use crate::demo::oauth::{self, Revoked};

/// Pause before a write is sent again.
const PAUSE: Duration = Duration::from_millis(20);
/// How long after the end of the stream a write may still be sent again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Revokes tokens as they come.
pub(super) async fn run(stream: Stream, mut tokens: mpsc::Receiver<String>) {
    let mut pace = Pace::new(WRITES_PER_SECOND, stream.until);
    while let Some(turn) = pace.next().await {
        // Its senders go when the tokens end.
        let Some(token) = tokens.recv().await else { break };
        let stream = stream.clone();
        pace.start(turn, async move { one(&stream, token).await });
    }
    pace.finished().await;
}

async fn one(stream: &Stream, token: String) {
    // The collector outlives the streams.
    let tell = |event| drop(stream.events.send(event));
    tell(Event::WriteSent);
    loop {
        let sent = Instant::now();
        match oauth::revoke(&stream.site, &stream.credentials, &token).await {
            Ok(answer) => match answer.value {
                Revoked::Acknowledged => {
                    return tell(Event::Acknowledged { token, sent, at: Instant::now() });
                }
                Revoked::NotNow(_) if Instant::now() > stream.until + PATIENCE => return tell(Event::Unacknowledged),
                Revoked::NotNow(_) => tell(Event::WriteAgain),
            },
            Err(fault) => return tell(Event::WriteRefused(fault.to_string())),
        }
        sleep(PAUSE).await;
    }
}
