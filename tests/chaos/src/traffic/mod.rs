//! The workload: what an organisation's programs and people do all day, at every node, and what came of each request.

mod asking;
mod people;
mod record;
mod registers;
mod revoking;
mod single_use;
mod suspending;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use woad_tests::{Application, Browser, Client, Endpoint, Person, Realm, Scim};

pub(crate) use people::person;
use record::Asked;
pub(crate) use record::{Book, Records, timed};

/// What people sign in for.
pub(crate) const SCOPE: &str = "openid profile offline_access";

/// A node as its users see it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) number: usize,
    pub(crate) https: Endpoint,
    /// The provisioning program here.
    pub(crate) scim: Scim,
}

/// Everybody who takes part.
#[derive(Clone, Debug)]
pub(crate) struct Parties {
    /// The nodes that serve.
    pub(crate) places: Vec<Place>,
    pub(crate) realm: Realm,
    /// Asks for tokens, revokes and inspects them.
    pub(crate) client: Client,
    /// Its refresh tokens are good once.
    pub(crate) public: Application,
    /// Its refresh tokens may be presented again within a grace.
    pub(crate) confidential: Application,
    /// Who is signed in, with a browser each.
    pub(crate) people: Vec<(Person, Browser)>,
    /// Counts runs of the workload, so that names are never used twice.
    pub(crate) run: usize,
}

impl Parties {
    /// A node; numbers go round.
    fn place(&self, number: usize) -> Result<&Place> {
        self.places.get(number % self.places.len().max(1)).context("no place")
    }
}

/// What each task of the workload has.
#[derive(Clone)]
struct Actor {
    parties: Arc<Parties>,
    book: Arc<Book>,
    stop: CancellationToken,
    /// A number for a name, given out once.
    fresh: Arc<AtomicUsize>,
}

impl Actor {
    fn place(&self, number: usize) -> Result<&Place> {
        self.parties.place(number)
    }

    /// Waits, and says whether to go on.
    async fn goes_on(&self, pause: Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(pause) => !self.stop.is_cancelled(),
        }
    }
}

/// A workload under way.
pub(crate) struct Traffic {
    tasks: JoinSet<()>,
    stop: CancellationToken,
    pub(crate) book: Arc<Book>,
    pub(crate) parties: Arc<Parties>,
}

impl Traffic {
    /// Starts everything at every node.
    pub(crate) fn start(parties: Parties) -> Self {
        let (parties, book, stop) = (Arc::new(parties), Arc::new(Book::default()), CancellationToken::new());
        let actor =
            Actor { parties: Arc::clone(&parties), book: Arc::clone(&book), stop: stop.clone(), fresh: Arc::default() };
        let mut tasks = JoinSet::new();
        for place in &parties.places {
            tasks.spawn(actor.clone().asks(place.number));
            tasks.spawn(actor.clone().looks_for_keys(place.number));
            tasks.spawn(actor.clone().revokes(place.number));
            tasks.spawn(actor.clone().makes_people(place.number));
            tasks.spawn(actor.clone().registers(place.number));
        }
        let mut people = parties.people.iter();
        if let Some((person, browser)) = people.next() {
            tasks.spawn(actor.clone().refreshes(parties.public.clone(), person.clone(), browser.clone(), true));
        }
        if let Some((person, browser)) = people.next() {
            tasks.spawn(actor.clone().refreshes(parties.confidential.clone(), person.clone(), browser.clone(), false));
        }
        if let Some((person, browser)) = people.next() {
            tasks.spawn(actor.clone().redeems(person.clone(), browser.clone()));
        }
        if let Some((person, _)) = people.next() {
            tasks.spawn(actor.suspends(person.clone()));
        }
        Self { tasks, stop, book, parties }
    }

    /// How many writes were acknowledged so far.
    pub(crate) fn acknowledged(&self) -> usize {
        self.book.open().acknowledged.len()
    }

    /// Stops, and waits for what is under way.
    pub(crate) async fn stop(&mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}
