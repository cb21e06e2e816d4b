//! Which index finds the resources that a filter can hold of.

use super::resolve::{Filter, Term};
use super::syntax::Op;
use crate::path::Place;

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

/// The members that a filter asks for, if it asks for some by id and not for any other: then no other need be read to
/// know whether it holds. `None`: it may look at each.
pub(crate) fn members_named(filter: &Filter) -> Option<Vec<String>> {
    let is_members = |place: &Place| place.is("members");
    match filter {
        Filter::And(all) | Filter::Or(all) => {
            all.iter().map(members_named).collect::<Option<Vec<_>>>().map(|all| all.concat())
        }
        Filter::Not(one) => members_named(one),
        Filter::Compare(Term { place: Some(place), sub: Some(sub) }, Op::Eq | Op::Ne, wanted) if is_members(place) => {
            if sub.name == "value" {
                wanted.as_text().map(|id| vec![id.to_owned()])
            } else {
                None
            }
        }
        Filter::Within(place, _) if is_members(place) => {
            let ids = lookups(filter)?.into_iter().map(|lookup| match lookup {
                Lookup::WithMember(id) => Some(id),
                _ => None,
            });
            ids.collect()
        }
        Filter::Compare(Term { place: Some(place), .. }, ..) | Filter::Present(Term { place: Some(place), .. })
            if is_members(place) =>
        {
            None
        }
        Filter::Compare(..) | Filter::Present(_) | Filter::Within(..) | Filter::Never => Some(Vec::new()),
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
