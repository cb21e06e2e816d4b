//! Every limit that is a constant, gathered from the parts that keep it.

use std::time::Duration;

use raft_store_core::limits as store;

/// One limit.
pub(super) struct Limit {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) reason: String,
}

/// All of them, in the order of the parts.
pub(super) fn all() -> Vec<Limit> {
    let rows = node().into_iter().chain(transactions());
    let rows = rows.map(|(name, value, reason)| Limit { name: name.to_owned(), value, reason: reason.to_owned() });
    let http = woad_http::limits::TABLE.iter().map(|(name, value, reason)| Limit {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
        reason: (*reason).to_owned(),
    });
    rows.chain(http).collect()
}

type Row = (&'static str, String, &'static str);

fn node() -> Vec<Row> {
    use crate::health::{MAX_APPLY_LAG, MAX_CLOCK_OFFSET_MS, MAX_QUORUM_AGE};
    use crate::runtime::{DRAIN, OPERATIONS_CONNECTIONS};
    vec![
        ("Ready: last answer of a quorum", span(MAX_QUORUM_AGE), "a cut-off node leaves the load balancer within 2 s"),
        ("Ready: committed entries not applied", MAX_APPLY_LAG.to_string(), "well under a second's worth"),
        ("Ready: clock off the voters' median", millis(MAX_CLOCK_OFFSET_MS), "tokens' times would be wrong"),
        ("Requests under way at stop", span(DRAIN), "the whole stop takes less than 3 s"),
        ("Connections of an operations listener", OPERATIONS_CONNECTIONS.to_string(), "a few monitors and operators"),
    ]
}

fn transactions() -> Vec<Row> {
    vec![
        ("Guards of a transaction", store::MAX_GUARDS.to_string(), "bounds apply's reads"),
        ("Mutations of a transaction", store::MAX_MUTATIONS.to_string(), "bounds apply's writes"),
        ("Bytes of a transaction", store::MAX_ENTRY_BYTES.to_string(), "one append message must hold it"),
        ("Evaluations again after conflicts", store::MAX_RETRIES.to_string(), "then 503: others write the same record"),
        ("Time of a request at the store", span(store::DEFAULT_DEADLINE), "callers give up about then"),
        ("Furthest deadline a leader accepts", millis(store::MAX_DEADLINE_MS), "outcomes are kept only so long"),
        (
            "Age at which an outcome is forgotten",
            millis(store::OUTCOME_RETENTION_MS),
            "longer than deadline and resends together",
        ),
        (
            "Outcomes forgotten at once",
            store::OUTCOME_PURGE_STEP.to_string(),
            "bounds the work of one entry after a pause",
        ),
        ("Attempts of a node under way", store::MAX_IN_FLIGHT.to_string(), "latency grows beyond, throughput does not"),
        ("Records a sweep removes at once", store::SWEEP_STEP.to_string(), "others' transactions go between"),
    ]
}

fn span(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

fn millis(millis: u64) -> String {
    span(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_limit_of_the_store_is_missing() {
        let source = include_str!("../../../raft-store/core/src/limits.rs");
        let constants = source.lines().filter(|line| line.starts_with("pub const")).count();
        assert_eq!(super::transactions().len(), constants);
    }
}
