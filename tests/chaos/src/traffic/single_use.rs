//! People's applications: they redeem codes and rotate refresh tokens, and present some of them twice at once.

use std::time::Duration;

use anyhow::Result;
use woad_tests::{Answer, Application, Browser, Person, Tokens};

use super::{Actor, SCOPE, timed};
use crate::oracle::single_use::{Answered, Kind, Presented};
use crate::oracle::{Known, Span};

const PAUSE: Duration = Duration::from_millis(60);
/// Between two codes.
const CODES: Duration = Duration::from_millis(150);
/// Each so-manieth refresh token is presented at two nodes at once.
const TWICE: usize = 4;

fn answered(answer: &Result<Answer>) -> Answered {
    match (Known::of(answer), answer) {
        (Known::Done, Ok(answer)) => match Tokens::of(answer.clone()) {
            Ok(tokens) => Answered::Given(tokens.refresh),
            Err(_) => Answered::Unknown,
        },
        (Known::Refused, _) => Answered::Refused,
        _ => Answered::Unknown,
    }
}

impl Actor {
    fn note(&self, kind: Kind, presented: &str, span: Span, answered: &Answered) {
        let mut book = self.book.open();
        let entry = Presented { kind, answers: Vec::new() };
        book.presented.entry(presented.to_owned()).or_insert(entry).answers.push((span, answered.clone()));
    }

    /// Keeps a family going; begins another when it ended.
    pub(super) async fn refreshes(self, application: Application, person: Person, mut browser: Browser, strict: bool) {
        let kind = if strict { Kind::Strict } else { Kind::Graceful };
        let mut token: Option<String> = None;
        for number in usize::from(!strict).. {
            if !self.goes_on(PAUSE).await {
                return;
            }
            let Some(current) = token.take() else {
                token = self.begins(&application, &person, &mut browser, number).await.ok();
                continue;
            };
            let one = self.refresh(&application, kind, &current, number);
            let answer = if number % TWICE == 0 {
                let (one, two) = tokio::join!(one, self.refresh(&application, kind, &current, number + 1));
                if matches!(one, Answered::Given(_)) { one } else { two }
            } else {
                one.await
            };
            if let Answered::Given(next) = answer {
                token = Some(next);
            }
        }
    }

    async fn begins(&self, app: &Application, person: &Person, browser: &mut Browser, node: usize) -> Result<String> {
        let code = app.code(browser, person, SCOPE).await?;
        let place = self.place(node)?;
        let (span, answer) = timed(app.redeem(&place.https, &code)).await;
        self.book.wrote(place.number, span, &answer);
        self.note(Kind::Code, &code, span, &answered(&answer));
        Ok(Tokens::of(answer?)?.refresh)
    }

    async fn refresh(&self, application: &Application, kind: Kind, token: &str, node: usize) -> Answered {
        let Ok(place) = self.place(node) else { return Answered::Unknown };
        let (span, answer) = timed(application.refresh(&place.https, token)).await;
        self.book.wrote(place.number, span, &answer);
        let answered = answered(&answer);
        self.note(kind, token, span, &answered);
        answered
    }

    /// Presents each code at two nodes at once.
    pub(super) async fn redeems(self, person: Person, mut browser: Browser) {
        let application = self.parties.public.clone();
        for number in 0.. {
            if !self.goes_on(CODES).await {
                return;
            }
            let Ok(code) = application.code(&mut browser, &person, SCOPE).await else { continue };
            let (this, application, code) = (&self, &application, &code);
            let each = [number, number + 1].map(|node| async move {
                let Ok(place) = this.place(node) else { return };
                let (span, answer) = timed(application.redeem(&place.https, code)).await;
                this.book.wrote(place.number, span, &answer);
                this.note(Kind::Code, code, span, &answered(&answer));
            });
            let [one, two] = each;
            tokio::join!(one, two);
        }
    }
}
