//! How many policies there may be and how large one: every token of a person asks all that concern them.

/// Policies of a realm: all of them are read for each token of a person.
pub const MAX_POLICIES: usize = 1_000;
/// Scopes that one policy names.
pub const MAX_POLICY_SCOPES: usize = 128;
/// Bytes of one scope of a policy: INDIGO's column.
pub const MAX_POLICY_SCOPE: usize = 255;
/// Characters of a description: INDIGO's column.
pub const MAX_DESCRIPTION: usize = 512;
/// Regular expressions in all policies of a realm together: those that concern a person are tried on each scope of
/// each of their tokens.
pub const MAX_PATTERNS: usize = 64;
/// Bytes that one compiled regular expression may take, and the cache of its automaton as much again.
pub(super) const MAX_COMPILED_PATTERN: usize = 64 * 1024;
/// Compiled regular expressions that are kept: those of four realms full of them, in 16 MiB, and as much again for the
/// automata of each thread that tries them, where all are as large as can be.
pub(super) const MAX_COMPILED: usize = 4 * MAX_PATTERNS;
/// Groups in one regular expression that may stand in each other: its parser goes as deep.
pub(super) const MAX_PATTERN_DEPTH: u32 = 32;
