//! Programs that change and read one person's display name at all nodes at once: histories for the linearizability
//! checker.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context as _, Result};
use http::Method;
use serde_json::{Value, json};

use super::people::person;
use super::{Actor, Place, timed};
use crate::oracle::linearizable::{Access, MOST};
use crate::oracle::{Known, Span};

const PAUSE: Duration = Duration::from_millis(25);
/// Registers in use at a time: every node's program uses all of them.
const REGISTERS: usize = 2;
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

impl Actor {
    pub(super) async fn registers(self, node: usize) {
        let Ok(place) = self.place(node) else { return };
        for number in 0_u32.. {
            if !self.goes_on(PAUSE).await {
                return;
            }
            let slot = usize::try_from(number).unwrap_or_default() % REGISTERS;
            let Some(register) = self.register(place, slot).await else { continue };
            // Each value is used by one write alone.
            let value = 1 + number * 16 + u32::try_from(node).unwrap_or_default();
            let done = if number % 4 < 2 {
                self.writes(place, &register, value).await
            } else {
                self.reads(place, &register).await
            };
            if let (Some(access), Some((_, accesses))) =
                (done, self.book.open().registers.iter_mut().find(|(id, _)| *id == register))
            {
                accesses.push(access);
            }
        }
    }

    /// The id of the register in a slot; a new one when there is none or it has been used enough.
    async fn register(&self, place: &Place, slot: usize) -> Option<String> {
        {
            let book = self.book.open();
            let open: Vec<&String> =
                book.registers.iter().filter(|(_, accesses)| accesses.len() < MOST).map(|(id, _)| id).collect();
            if let Some(id) = open.get(slot) {
                return Some((*id).clone());
            }
        }
        let name = format!("r{}-{}-{}", self.parties.run, place.number, self.fresh.fetch_add(1, Ordering::Relaxed));
        let (span, answer) = timed(place.scim.send(Method::POST, "/Users", Some(&person(&name, "v0")))).await;
        let known = self.book.wrote(place.number, span, &answer);
        let id = answer.ok()?.json().ok()?.get("id")?.as_str()?.to_owned();
        let mut book = self.book.open();
        book.names.entry(name).or_default().push((span, known, Some(id.clone())));
        (known == Known::Done).then(|| book.registers.push((id.clone(), Vec::new())));
        Some(id)
    }

    async fn writes(&self, place: &Place, id: &str, value: u32) -> Option<(Span, Access)> {
        let operation = json!({"op": "replace", "path": "displayName", "value": format!("v{value}")});
        let body = json!({"schemas": [PATCH], "Operations": [operation]});
        let (span, answer) = timed(place.scim.send(Method::PATCH, &format!("/Users/{id}"), Some(&body))).await;
        Some((span, Access::Write(value, self.book.wrote(place.number, span, &answer))))
    }

    async fn reads(&self, place: &Place, id: &str) -> Option<(Span, Access)> {
        let (span, answer) = timed(place.scim.send(Method::GET, &format!("/Users/{id}"), None)).await;
        self.book.read(&answer);
        Some((span, Access::Read(value(&answer.ok()?.expect(200).ok()?.json().ok()?).ok()?)))
    }
}

/// The value of a register, as SCIM shows it.
fn value(shown: &Value) -> Result<u32> {
    let text = shown.get("displayName").and_then(Value::as_str).context("no displayName")?;
    text.strip_prefix('v').and_then(|digits| digits.parse().ok()).with_context(|| format!("not a value: {text}"))
}
