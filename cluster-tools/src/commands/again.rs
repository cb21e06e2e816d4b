//! Creates that may be sent again.

use clap::Args;
use uuid::Uuid;

use crate::failure::Failure;

/// By which key the cluster knows a create again.
#[derive(Args)]
pub(crate) struct Again {
    /// Name of this request: sent again within a day under the same name, it makes nothing twice. Default: drawn.
    #[arg(long, value_name = "KEY", default_value_t = Uuid::new_v4().to_string(), hide_default_value = true)]
    idempotency_key: String,
}

impl Again {
    pub(crate) fn key(&self) -> String {
        self.idempotency_key.clone()
    }

    /// Says how to find out.
    pub(crate) fn explain(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Unknown(why) => Failure::Unknown(format!(
                "{why}; the same command with --idempotency-key {} makes nothing twice",
                self.idempotency_key
            )),
            other => other,
        }
    }
}
