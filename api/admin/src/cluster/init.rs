//! `POST /v1/cluster/init`: makes a cluster of this node. Answers the recovery bundle, once.

use http::StatusCode;
use woad_http::Problem;

use super::rotate::bundle;
use crate::Admin;
use crate::call::{Answer, NodeCall};
use crate::lifecycle::InitError;

impl From<InitError> for Problem {
    fn from(error: InitError) -> Self {
        let text = error.to_string();
        match error {
            InitError::Initialised => Self::new(StatusCode::CONFLICT, text).of_kind("initialised"),
            InitError::Failed(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, text).of_kind("init-failed"),
        }
    }
}

pub(crate) async fn handle(admin: Admin, call: NodeCall) -> Answer {
    let bundle_text = admin.lifecycle.init().await?;
    tracing::info!(by = ?call.actor.who, "cluster made; its recovery bundle was shown");
    bundle(StatusCode::CREATED, &bundle_text)
}
