//! Whether a policy's scopes match one that is asked for.

use std::sync::Arc;

use raft_store_core::Abort;
use regex::{Regex, RegexBuilder};

use super::compiled::compiled;
use super::kinds::{Matching, Rule};
use super::limits::{MAX_COMPILED_PATTERN, MAX_PATTERN_DEPTH, MAX_POLICY_SCOPE};
use super::record::ScopePolicy;
use crate::scope::{Scope, ScopeFault, ScopePath, canonical};

/// Why a regular expression is none. Says nothing of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    /// It does not follow the syntax; look-around and back-references are not in it.
    #[error("not a regular expression, or one that looks around or back")]
    Syntax,
    /// Compiled it would be too large.
    #[error("regular expression too large")]
    TooLarge,
}

/// Why a policy's scope is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyScopeFault {
    /// Longer than [`MAX_POLICY_SCOPE`].
    #[error("longer than {MAX_POLICY_SCOPE} bytes")]
    TooLong,
    /// Without a character.
    #[error("empty")]
    Empty,
    /// A `PATH` scope without `:` and a path that begins with `/`.
    #[error("a PATH scope is a name, `:` and an absolute path")]
    NoPath,
    /// Not a scope.
    #[error(transparent)]
    Scope(#[from] ScopeFault),
    /// Not a regular expression.
    #[error(transparent)]
    Pattern(#[from] InvalidPattern),
}

/// A policy's scope in the one form in which it is kept and compared.
pub(super) fn stored_form(matching: Matching, text: &str) -> Result<String, PolicyScopeFault> {
    if text.is_empty() {
        return Err(PolicyScopeFault::Empty);
    }
    match matching {
        Matching::Equal => Ok(canonical(&Scope::parse(text)?)?.as_str().to_owned()),
        Matching::Path => {
            let scope = Scope::parse(text)?;
            let (prefix, path) = split(scope.as_str()).ok_or(PolicyScopeFault::NoPath)?;
            Ok(format!("{prefix}:{}", ScopePath::parse(path)?.as_str()))
        }
        Matching::Regexp => {
            pattern(text)?;
            Ok(text.to_owned())
        }
    }
}

/// Compiles a regular expression that matches a whole scope.
pub(super) fn pattern(text: &str) -> Result<Regex, InvalidPattern> {
    let compiled = |text: &str| {
        RegexBuilder::new(text)
            .size_limit(MAX_COMPILED_PATTERN)
            .dfa_size_limit(MAX_COMPILED_PATTERN)
            .nest_limit(MAX_PATTERN_DEPTH)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => InvalidPattern::TooLarge,
                _ => InvalidPattern::Syntax,
            })
    };
    // By itself first: `a)|(b` is none, and would be one between the anchors.
    compiled(text)?;
    compiled(&format!(r"\A(?:{text})\z"))
}

/// A scope's name and path; `None` where it has no absolute path.
fn split(scope: &str) -> Option<(&str, &str)> {
    let colon = scope.find(":/")?;
    let (prefix, path) = scope.split_at(colon);
    (!prefix.is_empty()).then(|| (prefix, path.trim_start_matches(':')))
}

/// A policy's scopes, made ready.
pub(super) enum Matcher {
    All,
    Equal(Vec<String>),
    Path(Vec<(String, ScopePath)>),
    Regexp(Vec<Arc<Regex>>),
}

impl Matcher {
    /// What cannot be read any more is a fault of the store: a denial must not be lost in silence.
    pub(super) fn of(row: &ScopePolicy) -> Result<Self, Abort> {
        let corrupt = || Abort::corrupt("policy scope");
        if row.all_scopes {
            return Ok(Self::All);
        }
        Ok(match row.matching()? {
            Matching::Equal => Self::Equal(row.scopes.clone()),
            Matching::Path => {
                let parsed = row.scopes.iter().map(|scope| {
                    let (prefix, path) = split(scope).ok_or_else(corrupt)?;
                    Ok((prefix.to_owned(), ScopePath::parse(path).map_err(|_| corrupt())?))
                });
                Self::Path(parsed.collect::<Result<_, Abort>>()?)
            }
            Matching::Regexp => {
                let compiled = row.scopes.iter().map(|scope| compiled(scope).map_err(|_| corrupt()));
                Self::Regexp(compiled.collect::<Result<_, Abort>>()?)
            }
        })
    }

    /// Whether it matches a canonical scope. A path that is not normal lies below no path that is permitted, and may
    /// lie below every one that is denied.
    pub(super) fn matches(&self, rule: Rule, asked: &Scope) -> bool {
        match self {
            Self::All => true,
            Self::Equal(scopes) => scopes.iter().any(|scope| scope == asked.as_str()),
            Self::Path(paths) => split(asked.as_str()).is_some_and(|(prefix, path)| {
                let mut same = paths.iter().filter(|(held, _)| held == prefix);
                match ScopePath::parse(path) {
                    Ok(path) => same.any(|(_, held)| held.holds(&path)),
                    Err(_) => rule == Rule::Deny && same.next().is_some(),
                }
            }),
            Self::Regexp(patterns) => patterns.iter().any(|pattern| pattern.is_match(asked.as_str())),
        }
    }
}
/// Whether a policy over this one scope speaks of `asked`; `None` when there can't be such a policy.
pub(crate) fn scope_matches(matching: Matching, rule: Rule, scope: &str, asked: &Scope) -> Option<bool> {
    let scopes = vec![stored_form(matching, scope).ok()?];
    let row = ScopePolicy { matching: matching.stored(), scopes, ..ScopePolicy::default() };
    Matcher::of(&row).ok().map(|matcher| matcher.matches(rule, asked))
}
