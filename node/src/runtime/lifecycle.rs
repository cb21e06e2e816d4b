//! How a node comes to have a store.

use std::sync::{Arc, OnceLock};

use raft_store_core::store::BoxFuture;
use woad_admin::{InitError, Running};
use woad_admission::Throttle;
use woad_http::{PasswordPool, Services};
use zeroize::Zeroizing;

use super::RunError;
use crate::config::SecretText;
use crate::phase::{InvalidTransition, Phase};
use crate::status::Status;
use crate::store::{Member, Opener, Options};

/// Opens the one store of a process, whoever asks first.
pub struct Lifecycle(Arc<Inner>);

struct Inner {
    status: Arc<Status>,
    opener: Arc<dyn Opener>,
    options: Options,
    http: woad_http::Metrics,
    passwords: PasswordPool,
    throttle: Arc<Throttle>,
    services: OnceLock<Services>,
}

impl Inner {
    fn opened(&self, member: Arc<dyn Member>) {
        // The phase admits one opening at a time, and none after the first that succeeds.
        let services = Services::new(member.store(), self.http.clone())
            .with_passwords(self.passwords.clone())
            .with_throttle(Arc::clone(&self.throttle));
        let _ = self.services.set(services);
        self.status.set_member(member);
    }

    /// Makes the cluster. Runs to its end even if nobody waits for it any more.
    async fn init(&self) -> Result<Zeroizing<String>, InitError> {
        match self.opener.init(self.options.clone()).await {
            Ok((member, bundle)) => {
                self.opened(member);
                Ok(bundle)
            }
            Err(error) => {
                tracing::error!(%error, "cluster not made");
                // Refused only when the node was told to stop meanwhile.
                let _ = self.status.phases.enter(Phase::Uninitialised);
                Err(InitError::Failed(error.to_string()))
            }
        }
    }
}

impl Lifecycle {
    /// Nothing is opened yet.
    #[must_use]
    pub fn new(
        status: Arc<Status>,
        opener: Arc<dyn Opener>,
        options: Options,
        http: woad_http::Metrics,
        passwords: PasswordPool,
        throttle: Throttle,
    ) -> Self {
        let throttle = Arc::new(throttle);
        Self(Arc::new(Inner { status, opener, options, http, passwords, throttle, services: OnceLock::new() }))
    }

    /// What protocols stand on, once there is a store.
    #[must_use]
    pub fn services(&self) -> Option<&Services> {
        self.0.services.get()
    }

    /// Opens what the data folder holds.
    ///
    /// # Errors
    /// When it can't be opened.
    pub async fn start(&self) -> Result<(), RunError> {
        self.0.status.phases.enter(Phase::Starting)?;
        let member = self.0.opener.start(self.0.options.clone()).await?;
        self.0.opened(member);
        Ok(())
    }

    /// Joins a cluster.
    ///
    /// # Errors
    /// When it does not take this node.
    pub async fn join(&self, token: SecretText) -> Result<(), RunError> {
        self.0.status.phases.enter(Phase::Starting)?;
        let member = self.0.opener.join(self.0.options.clone(), token).await?;
        self.0.opened(member);
        Ok(())
    }
}

impl woad_admin::Lifecycle for Lifecycle {
    fn running(&self) -> Option<Running> {
        if !matches!(self.0.status.phases.now(), Phase::Starting | Phase::Running) {
            return None;
        }
        let control = self.0.status.member()?.control();
        Some(Running { services: self.services()?.clone(), control })
    }

    fn init(&self) -> BoxFuture<'_, Result<Zeroizing<String>, InitError>> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            inner.status.phases.enter(Phase::Starting).map_err(|refused: InvalidTransition| match refused.from {
                Phase::Draining | Phase::Stopped => InitError::Failed(refused.to_string()),
                _ => InitError::Initialised,
            })?;
            let made = tokio::spawn(async move { inner.init().await }).await;
            made.unwrap_or_else(|error| Err(InitError::Failed(error.to_string())))
        })
    }
}
