//! Which index finds the resources that a filter can hold of.

use super::resolve::{Filter, Term};
use super::syntax::Op;

/// Resources that an index finds. All that the filter holds of are among them, and others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// By id.
    Id(String),
    /// By the provisioning client's id.
    ExternalId(String),
    /// A user by the folded name.
    UserName(String),
    /// Users by a folded address.
    Email(String),
    /// Users by a group that they are in.
    InGroup(String),
    /// Groups by a member.
    WithMember(String),
}

/// The indexes to look in, if some serve: of an `and` any part's, of an `or` every part's.
pub(crate) fn lookups(filter: &Filter) -> Option<Vec<Lookup>> {
    match filter {
        Filter::And(all) => all.iter().find_map(lookups),
        Filter::Or(all) => all.iter().map(lookups).collect::<Option<Vec<_>>>().map(|all| all.concat()),
        Filter::Compare(term, Op::Eq, wanted) => lookup(term, wanted.as_text()?).map(|one| vec![one]),
        Filter::Within(place, inner) => {
            // What holds of one value holds of the attribute.
            let Filter::Compare(term, Op::Eq, wanted) = conjunct(inner)? else { return None };
            let term = Term { place: Some(*place), sub: term.sub };
            lookup(&term, wanted.as_text()?).map(|one| vec![one])
        }
        Filter::Never => Some(Vec::new()),
        Filter::Not(_) | Filter::Compare(..) | Filter::Present(_) => None,
    }
}

/// A comparison of `value` that must hold.
fn conjunct(filter: &Filter) -> Option<&Filter> {
    match filter {
        Filter::And(all) => all.iter().find_map(conjunct),
        Filter::Compare(term, Op::Eq, _) if term.sub.is_some_and(|sub| sub.name == "value") => Some(filter),
        _ => None,
    }
}

fn lookup(term: &Term, text: &str) -> Option<Lookup> {
    let place = term.place.filter(|place| place.extension.is_none())?;
    let make = match (place.attribute.name, term.sub.map(|sub| sub.name)) {
        ("id", None) => Lookup::Id,
        ("externalId", None) => Lookup::ExternalId,
        ("userName", None) => Lookup::UserName,
        ("emails", Some("value")) => Lookup::Email,
        ("groups", Some("value")) => Lookup::InGroup,
        ("members", Some("value")) => Lookup::WithMember,
        _ => return None,
    };
    Some(make(text.to_owned()))
}
