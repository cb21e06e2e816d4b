//! An HTTP answer, read whole.

use anyhow::{Context as _, Result, ensure};
use http::HeaderMap;
use serde_json::Value;

/// Status, headers and body.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// The body, as far as it is UTF-8.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("not JSON: {} {}", self.status, self.body))
    }

    /// This answer, if it has that status.
    ///
    /// # Errors
    /// When it has another one.
    pub fn expect(self, status: u16) -> Result<Self> {
        ensure!(self.status == status, "{status} expected: {} {}", self.status, self.body);
        Ok(self)
    }

    /// A header's value, empty where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The `error` member of an OAuth error.
    #[must_use]
    pub fn error(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body.get("error").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// What introspection says; `None` when it says nothing.
    #[must_use]
    pub fn active(&self) -> Option<bool> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        if self.status == 200 { body.get("active")?.as_bool() } else { None }
    }
}
