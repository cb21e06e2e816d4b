//! An administrator who suspends somebody, while that person's programs go on trying at every node.

use std::time::Duration;

use anyhow::{Result, ensure};
use http::Method;
use serde_json::json;
use woad_tests::{Answer, Browser, Person, Tokens};

use super::{Actor, SCOPE, timed};
use crate::oracle::suspension::Suspension;

/// Between two suspensions.
const PAUSE: Duration = Duration::from_millis(300);
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

impl Actor {
    pub(super) async fn suspends(self, person: Person) {
        for number in 0.. {
            // Somebody a fault left suspended is restored by the next turn.
            let _ = self.one_suspension(&person, number).await;
            if !self.goes_on(PAUSE).await {
                return;
            }
        }
    }

    async fn set_active(&self, person: &Person, node: usize, active: bool) -> Result<Answer> {
        let operation = json!({"op": "replace", "path": "active", "value": active});
        let body = json!({"schemas": [PATCH], "Operations": [operation]});
        self.place(node)?.scim.send(Method::PATCH, &format!("/Users/{}", person.id), Some(&body)).await
    }

    async fn one_suspension(&self, person: &Person, number: usize) -> Result<()> {
        let restored = self.set_active(person, number, true).await?.status;
        ensure!(restored < 300, "restoring is answered {restored}");
        let ends: Vec<_> = self.parties.places.iter().map(|place| place.https.clone()).collect();
        let mut browser = Browser::new(&ends, &self.parties.realm.issuer);
        let application = &self.parties.confidential;
        let tokens = application.sign_in(&mut browser, &self.place(number)?.https, person, SCOPE).await?;
        let at = {
            let mut book = self.book.open();
            book.suspensions.push(Suspension::default());
            book.suspensions.len() - 1
        };
        // Beside it, and after it.
        let suspend = async {
            let (span, answer) = timed(self.set_active(person, number + 1, false)).await;
            let known = self.book.wrote(self.place(number + 1)?.number, span, &answer);
            if let Some(suspension) = self.book.open().suspensions.get_mut(at) {
                suspension.suspended = Some((span, known));
            }
            anyhow::Ok(())
        };
        let (done, ()) = tokio::join!(suspend, self.tries(&tokens, at, number));
        done?;
        for node in number..number + self.parties.places.len() {
            self.tries(&tokens, at, node).await;
        }
        Ok(())
    }

    /// Uses what the person holds at a node.
    async fn tries(&self, tokens: &Tokens, at: usize, node: usize) {
        let Ok(place) = self.place(node) else { return };
        let (client, application) = (&self.parties.client, &self.parties.confidential);
        let (info, seen, given) = tokio::join!(
            timed(place.https.get_as("/userinfo", &tokens.access)),
            timed(place.https.introspect(client, &tokens.access)),
            timed(application.refresh(&place.https, &tokens.refresh)),
        );
        let used = [
            ("userinfo", info.0, info.1.is_ok_and(|answer| answer.status == 200)),
            ("an access token", seen.0, seen.1.is_ok_and(|answer| answer.active() == Some(true))),
            ("a refresh token", given.0, given.1.is_ok_and(|answer| answer.status == 200)),
        ];
        let mut book = self.book.open();
        book.operations += used.len();
        if let Some(suspension) = book.suspensions.get_mut(at) {
            suspension.used.extend(used.map(|(what, span, worked)| (place.number, what, span, worked)));
        }
    }
}
