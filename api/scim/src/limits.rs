//! Every limit of this protocol, with its reason.

/// Bytes of a filter: no client writes a tenth of it.
pub(crate) const MAX_FILTER_BYTES: usize = 8 * 1024;
/// Parentheses and brackets within each other: the parser and the evaluation recurse as deep.
pub(crate) const MAX_FILTER_DEPTH: usize = 32;
/// Comparisons in a filter: each is tried on every resource that is looked at.
pub(crate) const MAX_FILTER_TERMS: usize = 64;
/// Bytes of one path or attribute name: the longest that is served has a third of this.
pub(crate) const MAX_PATH_BYTES: usize = 1024;
/// Resources in a page: a user with everything has some 10 KiB.
pub(crate) const MAX_COUNT: usize = 100;
/// Attributes that one request names: there are not so many.
pub(crate) const MAX_ATTRIBUTES: usize = 100;
/// Resources that are looked at for a filter or an order that no index serves: some 100 ms of a core.
pub(crate) const MAX_SCANNED: usize = 10_000;
/// Lists that are made at once: each holds a core for a while, and a node has other things to do. The others wait.
pub(crate) const MAX_LISTS: usize = 4;
/// Resources that are counted for a list without either: some 500 ms of a core. Beyond, pages are had by cursor.
pub(crate) const MAX_COUNTED: usize = 100_000;
/// Members of a group that is shown without being asked for them.
pub(crate) const MAX_MEMBERS_SHOWN: usize = 1000;
/// Members shown in one answer at most: some 2 MiB.
pub(crate) const MAX_MEMBERS: usize = 10_000;
/// Memberships that are looked at for a filter or an order, in all: some 200 ms of a core.
pub(crate) const MAX_MEMBERSHIPS_SCANNED: usize = 30_000;
/// Memberships that one request may add or remove: a transaction holds 512 guards and mutations, and each takes four
/// of them or, deep in the tree, more. One that takes too many is refused whole.
pub(crate) const MAX_MEMBER_CHANGES: usize = 100;
/// Operations of a PATCH: more than twice as many as there are attributes to change and members to add.
pub(crate) const MAX_OPERATIONS: usize = 200;
/// Values of one attribute while a PATCH is applied: ten times as many as a record holds, since each is compared with
/// all.
pub(crate) const MAX_VALUES: usize = 100;
/// Values and objects within each other in a body: no resource has a third of this.
pub(crate) const MAX_JSON_DEPTH: usize = 16;
/// Steps of a deletion that its request waits for; a job does the rest.
pub(crate) const MAX_PURGE_STEPS: usize = 4;

/// Everything above, for the configuration reference: name, value, reason.
pub const TABLE: &[(&str, &str, &str)] = &[
    ("SCIM: bytes of a filter", "8 KiB", "no client writes a tenth of it"),
    ("SCIM: depth of a filter", "32", "parser and evaluation recurse as deep"),
    ("SCIM: comparisons of a filter", "64", "each is tried on every resource that is looked at"),
    ("SCIM: bytes of a path or attribute name", "1 KiB", "the longest that is served has a third of this"),
    ("SCIM: resources in a page", "100", "a user with everything has some 10 KiB"),
    ("SCIM: attributes that a request names", "100", "there are not so many"),
    ("SCIM: resources looked at without an index", "10000", "some 100 ms of a core; beyond, a cursor leads on"),
    ("SCIM: lists made at once without an index", "4", "a node has other things to do; the others wait"),
    ("SCIM: resources counted", "100000", "some 500 ms of a core; beyond, pages are had by cursor"),
    ("SCIM: members shown unasked", "1000", "a group is read more often than its members"),
    ("SCIM: members shown in an answer", "10000", "some 2 MiB"),
    ("SCIM: memberships looked at without an index", "30000", "some 200 ms of a core"),
    ("SCIM: members added or removed at once", "100", "each takes four or more of a transaction's 512 records"),
    ("SCIM: operations of a PATCH", "200", "twice as many as there are attributes and members to change"),
    ("SCIM: values of an attribute in a PATCH", "100", "each is compared with all; a record holds 10"),
    ("SCIM: depth of a body", "16", "no resource has a third of this"),
    ("SCIM: steps of a person's deletion that are waited for", "4", "a job does the rest"),
];

#[cfg(test)]
mod tests {
    #[test]
    fn no_limit_is_missing_in_the_table() {
        let source = include_str!("limits.rs");
        let constants = source.lines().filter(|line| line.starts_with("pub(crate) const MAX_")).count();
        assert_eq!(super::TABLE.len(), constants);
    }
}
