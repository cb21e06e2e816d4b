//! I1: what was acknowledged is there, at every node, when all is over.

use std::sync::Arc;

use anyhow::{Result, ensure};
use http::Method;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::oracle::Known;
use crate::traffic::{Parties, Place, Records};
use crate::verdict::Violation;

/// Requests at once.
const AT_ONCE: usize = 24;

/// What must be there.
#[derive(Debug, Default)]
pub(crate) struct Owed {
    /// Ids of people.
    people: Vec<String>,
    /// Tokens that are dead.
    revoked: Vec<String>,
}

impl Owed {
    /// What the nodes have acknowledged.
    pub(crate) fn of(records: &mut Records) -> Self {
        let creations = records.names.values().flatten().filter(|(_, known, _)| *known == Known::Done);
        let people = creations.filter_map(|(_, _, id)| id.clone()).collect();
        let revoked =
            records.lives.iter().filter(|life| life.dead().is_some()).map(|life| life.token.clone()).collect();
        Self { people, revoked }
    }
}

/// Reads everything at every node; how many acknowledged writes are lost.
pub(crate) async fn read(parties: &Arc<Parties>, owed: &Owed, found: &mut Vec<Violation>) -> Result<usize> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut reads: JoinSet<Result<Option<Violation>>> = JoinSet::new();
    for place in &parties.places {
        for id in &owed.people {
            let (place, id, turns) = (place.clone(), id.clone(), Arc::clone(&turns));
            reads.spawn(async move {
                let _turn = turns.acquire().await?;
                person(&place, &id).await
            });
        }
        for token in &owed.revoked {
            let (place, token, turns) = (place.clone(), token.clone(), Arc::clone(&turns));
            let client = parties.client.clone();
            reads.spawn(async move {
                let _turn = turns.acquire().await?;
                let answer = place.https.introspect(&client, &token).await?.expect(200)?;
                let alive = answer.active() == Some(true);
                let seen = || format!("node {} calls a token active that was revoked", place.number + 1);
                Ok(alive.then(|| Violation::new("I1", seen())))
            });
        }
    }
    let mut lost = 0;
    while let Some(read) = reads.join_next().await {
        if let Some(violation) = read?? {
            lost += 1;
            found.push(violation);
        }
    }
    Ok(lost)
}

async fn person(place: &Place, id: &str) -> Result<Option<Violation>> {
    let status = place.scim.send(Method::GET, &format!("/Users/{id}"), None).await?.status;
    ensure!(status == 200 || status == 404, "node {}: somebody reads {status}", place.number + 1);
    let seen = || format!("node {} has lost somebody whose making was acknowledged", place.number + 1);
    Ok((status == 404).then(|| Violation::new("I1", seen())))
}
