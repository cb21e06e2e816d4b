//! Refresh families, begun as an application begins them: a person who is signed in, a code, its redemption.

use std::cell::{Cell, RefCell};
use std::net::Ipv4Addr;

use anyhow::ensure;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::world::{Application, Browser, Cluster, Person};

/// Sign-ins under way: their hashes take the machine.
const SIGN_INS: usize = 6;
/// Code flows under way.
const FLOWS: usize = 64;
/// Families of one person with one application that a node keeps; for another the oldest goes.
pub(crate) const MOST_OF_A_PERSON: usize = 100;

/// Signs everybody in, at all nodes alike.
pub(crate) async fn sign_in(cluster: &Cluster, people: &[Person]) -> anyhow::Result<Vec<Browser>> {
    let places = people.iter().zip(cluster.nodes.iter().cycle()).zip(1_u32..);
    let browsers = stream::iter(places).map(async |((person, node), number)| {
        // From everywhere, as people come.
        let from = Ipv4Addr::from_bits(Ipv4Addr::new(127, 2, 0, 0).to_bits() + number);
        let mut browser = Browser::new(node.https, from, &cluster.realm.host);
        browser.sign_in(person).await?;
        browser.rest();
        anyhow::Ok(browser)
    });
    browsers.buffered(SIGN_INS).try_collect().await
}

/// Live families with one application, by their current tokens.
pub(crate) struct Families {
    pub(crate) application: Application,
    pub(crate) tokens: RefCell<Vec<String>>,
    /// Runs over them so far: each begins elsewhere.
    pub(crate) runs: Cell<usize>,
}

impl Families {
    /// None yet.
    pub(crate) const fn new(application: Application) -> Self {
        Self { application, tokens: RefCell::new(Vec::new()), runs: Cell::new(0) }
    }

    pub(crate) fn count(&self) -> usize {
        self.tokens.borrow().len()
    }

    /// Begins more until there are at least so many, everybody having as many as everybody else.
    pub(crate) async fn grow(&self, browsers: &mut [Browser], count: usize) -> anyhow::Result<()> {
        let (have, each) = (self.count() / browsers.len(), count.div_ceil(browsers.len()));
        ensure!(each <= MOST_OF_A_PERSON, "{each} families of a person: more people are needed");
        self.begin(browsers, each - have.min(each)).await
    }

    /// Begins so many for everybody.
    pub(crate) async fn begin(&self, browsers: &mut [Browser], each: usize) -> anyhow::Result<()> {
        stream::iter(browsers.iter_mut().map(anyhow::Ok))
            .try_for_each_concurrent(FLOWS, async |browser| {
                for _ in 0..each {
                    let tokens = self.application.tokens(browser).await?;
                    self.tokens.borrow_mut().push(tokens.refresh);
                }
                browser.rest();
                Ok(())
            })
            .await
    }
}
