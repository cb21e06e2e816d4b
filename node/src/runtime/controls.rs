//! What tells a running node to do something.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Handles on a running node.
#[derive(Clone, Debug, Default)]
pub struct Controls {
    /// Cancelled: stop in order.
    pub stop: CancellationToken,
    /// Notified: read the certificate again.
    pub reload: Arc<Notify>,
}

impl Controls {
    /// Lets signals move them: SIGTERM and SIGINT stop, a second one exits at once, SIGHUP reloads. To be called within
    /// a runtime.
    ///
    /// # Errors
    /// When the system refuses to tell of signals.
    pub fn on_signals(&self) -> io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let Self { stop, reload } = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => ask(&stop, "SIGTERM"),
                    _ = interrupt.recv() => ask(&stop, "SIGINT"),
                    _ = hangup.recv() => reload.notify_one(),
                }
            }
        });
        Ok(())
    }
}

fn ask(stop: &CancellationToken, name: &'static str) {
    if stop.is_cancelled() {
        tracing::error!(signal = name, "told to stop twice; exiting at once");
        std::process::exit(1);
    }
    tracing::info!(signal = name, "stopping");
    stop.cancel();
}
