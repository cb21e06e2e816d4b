//! Provisioning programs that make people, sometimes two at two nodes under one name, and look whether they are there.

use std::time::Duration;

use anyhow::Result;
use http::Method;
use serde_json::{Value, json};
use woad_tests::Answer;

use super::{Actor, Place, timed};
use crate::oracle::Known;
use crate::verdict::Violation;

const PAUSE: Duration = Duration::from_millis(60);
/// Each so-manieth name is fought for.
const FOUGHT: usize = 3;
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// The body that makes somebody without a password: hashing is another test's load.
pub(crate) fn person(name: &str, display: &str) -> Value {
    json!({
        "schemas": [USER],
        "userName": name,
        "name": {"givenName": "Test", "familyName": name},
        "displayName": display,
        "emails": [{"value": format!("{name}@example.org"), "type": "work", "primary": true}],
        "active": true,
    })
}

/// The id in an answer.
fn id(answer: &Result<Answer>) -> Option<String> {
    let body = answer.as_ref().ok()?.json().ok()?;
    Some(body.get("id")?.as_str()?.to_owned())
}

impl Actor {
    pub(super) async fn makes_people(self, node: usize) {
        for number in 0.. {
            if !self.goes_on(PAUSE).await {
                return;
            }
            let name = format!("p{}-{node}-{number}", self.parties.run);
            let Ok(here) = self.place(node) else { return };
            if number % FOUGHT == 0 {
                let Ok(there) = self.place(node + 1) else { return };
                tokio::join!(self.makes(here, &name), self.makes(there, &name));
            } else {
                self.makes(here, &name).await;
            }
        }
    }

    /// Makes somebody, and looks whether they are there: here and at the next node.
    async fn makes(&self, place: &Place, name: &str) {
        let body = person(name, "v0");
        let (span, answer) = timed(place.scim.send(Method::POST, "/Users", Some(&body))).await;
        let known = self.book.wrote(place.number, span, &answer);
        let id = id(&answer);
        let creation = (span, known, id.clone());
        self.book.open().names.entry(name.to_owned()).or_default().push(creation);
        let (Known::Done, Some(id)) = (known, id) else { return };
        let Ok(next) = self.place(place.number + 1) else { return };
        tokio::join!(self.finds(place, &id), self.finds(next, &id));
    }

    /// I10, and more: who was made is found at every node that answers.
    async fn finds(&self, place: &Place, id: &str) {
        let answer = place.scim.send(Method::GET, &format!("/Users/{id}"), None).await;
        self.book.read(&answer);
        if answer.is_ok_and(|answer| answer.status == 404) {
            let seen = format!("node {} does not find somebody who was just made", place.number + 1);
            self.book.open().found.push(Violation::new("I10", seen));
        }
    }
}
