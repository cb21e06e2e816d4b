//! Lists that come in pages.

use serde_json::Value;

use super::{Admin, Call, segment};
use crate::failure::Failure;

/// A list that is read page by page.
pub(crate) struct Pages<'a> {
    admin: &'a Admin,
    path: String,
    member: &'static str,
    next: Option<String>,
}

impl<'a> Pages<'a> {
    /// The list at `path`, whose entries are in `member` of each answer.
    pub(crate) fn new(admin: &'a Admin, path: impl Into<String>, member: &'static str) -> Self {
        let path = path.into();
        Self { admin, next: Some(path.clone()), path, member }
    }

    /// The entries of the next page; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Value>>, Failure> {
        let Some(page) = self.next.take() else { return Ok(None) };
        let mut answer = self.admin.call(Call::get(page)).await?;
        let Some(Value::Array(entries)) = answer.get_mut(self.member).map(Value::take) else {
            return Err(Failure::Answer);
        };
        // A page that leads nowhere would be asked for ever.
        let after = answer.get("next").and_then(Value::as_str).filter(|_| !entries.is_empty());
        let joint = if self.path.contains('?') { '&' } else { '?' };
        self.next = after.map(|after| format!("{}{joint}after={}", self.path, segment(after)));
        Ok(Some(entries))
    }

    /// The entries of all pages.
    pub(crate) async fn all(mut self) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        while let Some(entries) = self.next().await? {
            all.extend(entries);
        }
        Ok(all)
    }
}
