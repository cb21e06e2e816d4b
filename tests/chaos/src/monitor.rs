//! I13, as far as it shows from outside: terms never run back, a term has one leader, and no log is purged beyond its
//! snapshot. Looks at every node ten times a second, whatever happens to it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;
use woad_tests::{Admin, Node};

use crate::verdict::Violation;

const EVERY: Duration = Duration::from_millis(100);

#[derive(Debug, Default)]
struct Seen {
    /// The highest term of each node, by its id.
    terms: BTreeMap<u64, u64>,
    /// Who led each term.
    leaders: BTreeMap<u64, u64>,
    found: Vec<Violation>,
}

impl Seen {
    fn look(&mut self, status: &Value) -> Option<()> {
        let figure = |name: &str| status.get(name).and_then(Value::as_u64);
        let (node, term) = (figure("node")?, figure("term")?);
        let highest = self.terms.entry(node).or_insert(term);
        if term < *highest {
            self.found
                .push(Violation::new("I13", format!("the term of node {node} went from {highest} back to {term}")));
        }
        *highest = term.max(*highest);
        // A node that leads names itself.
        let leads =
            status.get("state").and_then(Value::as_str).is_some_and(|state| state.eq_ignore_ascii_case("leader"));
        if leads && figure("leader") == Some(node) {
            let leader = self.leaders.entry(term).or_insert(node);
            if *leader != node {
                self.found.push(Violation::new("I13", format!("nodes {leader} and {node} both lead term {term}")));
            }
        }
        let (purged, snapshot) = (figure("purged")?, figure("snapshot")?);
        if purged > snapshot {
            self.found
                .push(Violation::new("I13", format!("node {node} purged {purged}, its snapshot is at {snapshot}")));
        }
        Some(())
    }
}

/// Watches nodes until dropped.
pub(crate) struct Monitor {
    seen: Arc<Mutex<Seen>>,
    _tasks: JoinSet<()>,
}

impl Monitor {
    /// Watches these.
    pub(crate) fn start(nodes: &[Node]) -> Self {
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let mut tasks = JoinSet::new();
        for node in nodes {
            tasks.spawn(watch(node.admin.clone(), Arc::clone(&seen)));
        }
        Self { seen, _tasks: tasks }
    }

    /// What was wrong since the last call.
    pub(crate) fn found(&self) -> Vec<Violation> {
        std::mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner).found)
    }

    /// A new life of the cluster begins: terms may begin anew, too.
    pub(crate) fn forget(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::default();
    }

    /// The highest term seen.
    pub(crate) fn term(&self) -> u64 {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).terms.values().copied().max().unwrap_or_default()
    }
}

async fn watch(admin: Admin, seen: Arc<Mutex<Seen>>) {
    loop {
        if let Ok(status) = admin.show("/v1/cluster").await {
            seen.lock().unwrap_or_else(PoisonError::into_inner).look(&status);
        }
        tokio::time::sleep(EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(statuses: &[(u64, u64, &str)]) -> usize {
        let mut seen = Seen::default();
        for (node, term, state) in statuses {
            let status = json!({"node": node, "term": term, "state": state, "leader": node,
                "purged": 1, "snapshot": 2});
            seen.look(&status);
        }
        seen.found.len()
    }

    #[test]
    fn terms_that_run_back_and_two_leaders_of_a_term_are_seen() {
        assert_eq!(found(&[(1, 1, "leader"), (2, 1, "follower"), (2, 2, "leader"), (1, 2, "follower")]), 0);
        assert_eq!(found(&[(1, 2, "follower"), (1, 1, "follower")]), 1);
        assert_eq!(found(&[(1, 1, "leader"), (2, 1, "leader")]), 1);
    }
}
