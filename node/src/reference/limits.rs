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
    let rows = node().into_iter().chain(peers()).chain(transactions()).chain(people()).chain(sign_in()).chain(grants());
    let rows = rows.chain(watch());
    let rows = rows.map(|(name, value, reason)| Limit { name: name.to_owned(), value, reason: reason.to_owned() });
    let fixed = woad_http::limits::TABLE.iter().chain(woad_scim::limits::TABLE).map(|(name, value, reason)| Limit {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
        reason: (*reason).to_owned(),
    });
    rows.chain(fixed).collect()
}

type Row = (&'static str, String, &'static str);

fn node() -> Vec<Row> {
    use crate::health::{MAX_APPLY_LAG, MAX_CLOCK_OFFSET_MS, MAX_QUORUM_AGE};
    use crate::resources::{FEWEST_FILES, HARD_PERCENT, SOFT_PERCENT};
    use crate::runtime::{DRAIN, OPERATIONS_CONNECTIONS};
    vec![
        ("Ready: last answer of a quorum", span(MAX_QUORUM_AGE), "a cut-off node leaves the load balancer within 2 s"),
        ("Ready: committed entries not applied", MAX_APPLY_LAG.to_string(), "well under a second's worth"),
        ("Ready: clock off the voters' median", millis(MAX_CLOCK_OFFSET_MS), "tokens' times would be wrong"),
        ("Requests under way at stop", span(DRAIN), "the whole stop takes less than 3 s"),
        ("Flush that ends the process", span(raft_store::DISK_HUNG), "leadership was given away long before"),
        ("Connections of an operations listener", OPERATIONS_CONNECTIONS.to_string(), "a few monitors and operators"),
        ("Open files without which a node does not start", FEWEST_FILES.to_string(), "Raft and database keep theirs"),
        ("Memory in use from which on fewer requests are let in", format!("{SOFT_PERCENT} %"), "503 before the killer"),
        ("Memory in use from which on only the fewest are", format!("{HARD_PERCENT} %"), "what runs must still end"),
    ]
}

fn watch() -> Vec<Row> {
    use raft_store_core::agreement::{EVERY_MS, LASTS_MS};
    use raft_store_core::audit::MAX_PRUNED;
    use woad_identity::{audit, refusal};
    vec![
        ("Between two comparisons of the replicas", millis(EVERY_MS), "the longest that damage goes unseen"),
        ("Time for a comparison's answers", millis(LASTS_MS), "a large state takes minutes to read"),
        ("Between two counts of refused operations", span(crate::refusals::EVERY), "what a crash can lose of them"),
        (
            "Subjects and networks that such a count tells apart",
            refusal::MAX_COUNTED.to_string(),
            "a flood must not fill the log",
        ),
        ("Chains counted for at once", refusal::MAX_CHAINS.to_string(), "bounds memory"),
        ("Characters of a refused subject", refusal::MAX_SUBJECT.to_string(), "bounds memory and log"),
        (
            "Audit events after which a head is signed",
            audit::AFTER_EVENTS.to_string(),
            "what could be rewritten unseen",
        ),
        ("Time after which a head is signed", millis(audit::AFTER_MS), "an entry a minute at most"),
        ("Audit events pruned at once", MAX_PRUNED.to_string(), "apply removes each by its key"),
        ("Longest retention of audit events", format!("{} days", audit::MAX_KEEP_DAYS), "longer is for ever"),
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
        ("Requests of a node that wait to write", store::MAX_WAITING.to_string(), "what waits is memory: 503 beyond"),
        ("Reads of a node that wait for a quorum", store::MAX_READERS.to_string(), "what waits is memory: 503 beyond"),
        ("Records a sweep removes at once", store::SWEEP_STEP.to_string(), "others' transactions go between"),
    ]
}

fn peers() -> Vec<Row> {
    use raft_store::limits::{FAILED_JOINS, HANDSHAKE, JOINS, MEMBERS, STRANGER_BYTES, STRANGERS};
    let joins = format!("{}, {} more a minute", FAILED_JOINS.burst, FAILED_JOINS.per_minute);
    vec![
        ("Connections at the peer port", MEMBERS.total.to_string(), "members hold a handful each"),
        ("Handshakes at the peer port at once", MEMBERS.fresh.to_string(), "the oldest goes for a new one"),
        ("Time for a handshake at the peer port", span(HANDSHAKE), "members take milliseconds"),
        ("Connections without certificate there", STRANGERS.total.to_string(), "they can only join"),
        ("The same, of one address", STRANGERS.per_source.to_string(), "the oldest goes for a new one"),
        ("Bytes of a join request", STRANGER_BYTES.to_string(), "a certificate request and a token"),
        ("Joins looked at at once", JOINS.to_string(), "others ask another member"),
        ("Failed joins of one address", joins, "a token can't be guessed, but looking costs"),
    ]
}

fn people() -> Vec<Row> {
    use woad_identity::group::{MAX_DEPTH, MAX_FULL_NAME, MAX_LEAF, MAX_MANAGERS, MAX_MEMBERSHIPS};
    use woad_identity::password::MAX_PASSWORD_BYTES;
    use woad_identity::policy::{MAX_PATTERNS, MAX_POLICIES, MAX_POLICY_SCOPE, MAX_POLICY_SCOPES};
    use woad_identity::realm::MAX_LOGO_BYTES;
    use woad_identity::user::limits;
    vec![
        ("Characters of a user name", limits::USER_NAME.to_string(), "INDIGO's column"),
        ("Characters of a name or text of a person", limits::TEXT.to_string(), "more is no name"),
        ("Bytes of such a text", limits::TEXT_BYTES.to_string(), "the same, whatever the script"),
        ("Characters of an e-mail address", limits::EMAIL.to_string(), "RFC 5321"),
        ("E-mail addresses of a person", limits::EMAILS.to_string(), "each is an index entry"),
        ("Attributes of a person", limits::ATTRIBUTES.to_string(), "a record is read with each token"),
        ("Labels of a person or group", limits::LABELS.to_string(), "a record is read with each token"),
        ("Certificates, keys, linked identities of a person, each", limits::IDENTITIES.to_string(), "index entries"),
        ("Groups of a person, those above included", MAX_MEMBERSHIPS.to_string(), "a transaction guards each"),
        ("Levels of groups", MAX_DEPTH.to_string(), "each is read with a member's token"),
        ("Characters of a group's name", MAX_LEAF.to_string(), "INDIGO's column"),
        ("Characters of a group's full name", MAX_FULL_NAME.to_string(), "INDIGO's column"),
        ("Managers of a group", MAX_MANAGERS.to_string(), "more is no management"),
        ("Bytes of a password", MAX_PASSWORD_BYTES.to_string(), "hashing must not be work for attackers"),
        ("Scope policies of a realm", MAX_POLICIES.to_string(), "all are read with a person's token"),
        ("Scopes of a policy", MAX_POLICY_SCOPES.to_string(), "each is compared"),
        ("Characters of a policy's scope", MAX_POLICY_SCOPE.to_string(), "INDIGO's column"),
        ("Policies with patterns", MAX_PATTERNS.to_string(), "each is compiled"),
        ("Bytes of a realm's logo", MAX_LOGO_BYTES.to_string(), "it is in the replicated state"),
    ]
}

fn sign_in() -> Vec<Row> {
    use woad_identity::signin::{
        ACCOUNT_FREE, DEVICE_FREE, DEVICE_REMEMBERED, LONGEST_DELAY_MS, PAIR_FREE, REMEMBERED_MS, SOURCE_FREE,
    };
    use woad_identity::{authorize, csrf, link, session};
    vec![
        ("Login attempts without delay: name and network", PAIR_FREE.to_string(), "people mistype"),
        ("Login attempts without delay: known browser", DEVICE_FREE.to_string(), "people mistype"),
        ("Login attempts without delay: account", ACCOUNT_FREE.to_string(), "at most 100 in twelve hours"),
        ("Login attempts without delay: network", SOURCE_FREE.to_string(), "an institute behind one address"),
        ("Longest delay of a login", millis(LONGEST_DELAY_MS), "nobody is locked out for good"),
        ("Login attempts are remembered", millis(REMEMBERED_MS), "then typing errors are forgotten"),
        ("A browser is known", span(DEVICE_REMEMBERED), "half a year without a login makes it strange again"),
        ("Sessions of a person", session::MAX_SESSIONS.to_string(), "the least recently used goes for a new one"),
        ("Life of a one-time link", span(link::MAX_LIFETIME), "it lies in somebody's mail"),
        ("Life of a form", span(csrf::MAX_FORM_AGE), "a page left open over the day still works"),
        ("Wait of an authorization request for the person", span(authorize::MAX_WAIT), "clients forget their side"),
    ]
}

fn grants() -> Vec<Row> {
    use woad_identity::{code, refresh};
    vec![
        ("Life of an authorization code", millis(code::CODE_LIFE_MS), "RFC 9700: it is used at once or stolen"),
        ("A used code is remembered", millis(code::USED_CODE_KEPT_MS), "its second use ends what it gave"),
        ("Grace of a replaced refresh token", millis(refresh::GRACE_MS), "a lost answer is asked for again"),
        (
            "Refresh families of a person at a client",
            refresh::MAX_FAMILIES_PER_CLIENT.to_string(),
            "the oldest goes for a new one",
        ),
        ("Refresh families of a person", refresh::MAX_FAMILIES.to_string(), "the oldest goes for a new one"),
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
