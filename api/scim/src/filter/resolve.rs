//! A filter over the attributes of a resource type.

use serde_json::{Map, Value};

use super::FilterError;
use super::eval::{Wanted, moment};
use super::syntax::{Literal, Op, Syntax};
use crate::path::{self, Named, PathError, Place};
use crate::schema::{Attribute, Kind, ResourceType};

/// What a comparison looks at.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    /// Where: `None` within a value path, whose one value is looked at.
    pub(crate) place: Option<Place>,
    /// The sub-attribute, or the attribute itself.
    pub(crate) sub: Option<&'static Attribute>,
}

impl Term {
    /// What decides how values are compared.
    pub(super) fn attribute(&self) -> Option<&'static Attribute> {
        self.sub.or_else(|| self.place.as_ref().map(|place| place.attribute))
    }
}

/// A filter whose attributes there are, with values that fit them.
#[derive(Clone, Debug)]
pub(crate) enum Filter {
    /// All of them.
    And(Vec<Self>),
    /// Any of them.
    Or(Vec<Self>),
    /// Not it.
    Not(Box<Self>),
    /// A comparison.
    Compare(Term, Op, Wanted),
    /// Whether there is a value.
    Present(Term),
    /// One value of an attribute that fulfils all.
    Within(Place, Box<Self>),
    /// Holds of nothing: it asks for what resources of this type don't have.
    Never,
}

impl Filter {
    /// Finds the attributes.
    ///
    /// # Errors
    /// See [`FilterError`].
    pub(crate) fn resolve(syntax: &Syntax, kind: &ResourceType) -> Result<Self, FilterError> {
        Resolver { kind, within: None, lenient: false }.filter(syntax)
    }

    /// The same for a search over several types: an attribute that this one lacks is one without value (RFC 7644
    /// §3.4.2.1).
    ///
    /// # Errors
    /// See [`FilterError`].
    pub(crate) fn resolve_any(syntax: &Syntax, kind: &ResourceType) -> Result<Self, FilterError> {
        Resolver { kind, within: None, lenient: true }.filter(syntax)
    }

    /// The same for the values of one attribute.
    ///
    /// # Errors
    /// See [`FilterError`].
    pub(crate) fn resolve_within(
        syntax: &Syntax,
        kind: &ResourceType,
        attribute: &'static Attribute,
    ) -> Result<Self, FilterError> {
        Resolver { kind, within: Some(attribute), lenient: false }.filter(syntax)
    }

    /// The value that it describes, if it is a value path's and does nothing else: `type eq "work" and primary eq true`.
    pub(crate) fn as_value(&self) -> Option<Map<String, Value>> {
        match self {
            Self::And(all) => {
                let mut out = Map::new();
                for one in all {
                    for (name, value) in one.as_value()? {
                        if out.insert(name, value).is_some() {
                            return None;
                        }
                    }
                }
                Some(out)
            }
            Self::Compare(Term { place: None, sub: Some(sub) }, Op::Eq, wanted) => {
                Some(Map::from_iter([(sub.name.to_owned(), wanted.as_value()?)]))
            }
            _ => None,
        }
    }

    /// Every attribute that it looks at.
    pub(crate) fn places(&self, out: &mut Vec<Place>) {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().for_each(|one| one.places(out)),
            Self::Not(one) => one.places(out),
            Self::Compare(term, ..) | Self::Present(term) => out.extend(term.place),
            Self::Within(place, _) => out.push(*place),
            Self::Never => {}
        }
    }
}

struct Resolver<'a> {
    kind: &'a ResourceType,
    within: Option<&'static Attribute>,
    lenient: bool,
}

impl Resolver<'_> {
    fn filter(&self, syntax: &Syntax) -> Result<Filter, FilterError> {
        let all = |all: &[Syntax]| all.iter().map(|one| self.filter(one)).collect::<Result<Vec<_>, _>>();
        Ok(match syntax {
            Syntax::And(parts) => Filter::And(all(parts)?),
            Syntax::Or(parts) => Filter::Or(all(parts)?),
            Syntax::Not(one) => Filter::Not(Box::new(self.filter(one)?)),
            Syntax::Present(path) => self.term(path)?.map_or(Filter::Never, Filter::Present),
            Syntax::Compare(path, op, value) => match self.term(path)? {
                Some(term) => compare(term, *op, value)?,
                None => Filter::Never,
            },
            Syntax::Within(path, inner) => {
                let place = match self.term(path)? {
                    Some(Term { place: Some(place), sub: None }) => place,
                    Some(_) => return Err(FilterError::UnknownAttribute),
                    None => return Ok(Filter::Never),
                };
                if place.attribute.subs().is_empty() {
                    return Err(FilterError::WrongType(place.attribute.name));
                }
                let inner =
                    Self { kind: self.kind, within: Some(place.attribute), lenient: self.lenient }.filter(inner)?;
                Filter::Within(place, Box::new(inner))
            }
        })
    }

    fn term(&self, text: &str) -> Result<Option<Term>, FilterError> {
        let found = match self.within {
            Some(attribute) if path::is_name(text) => match attribute.sub(text) {
                Some(sub) => Ok(Term { place: None, sub: Some(sub) }),
                None => Err(PathError::Unknown),
            },
            Some(_) => Err(PathError::Malformed),
            None => match path::resolve(self.kind, text) {
                Ok(Named::Attribute { place, sub }) => Ok(Term { place: Some(place), sub }),
                Ok(Named::Extension(_)) => Err(PathError::Unknown),
                Err(error) => Err(error),
            },
        };
        match found {
            Ok(term) if term.attribute().is_some_and(Attribute::is_secret) => Err(FilterError::Sensitive),
            Ok(term) => Ok(Some(term)),
            Err(PathError::Unknown) if self.lenient => Ok(None),
            Err(_) => Err(FilterError::UnknownAttribute),
        }
    }
}

/// A complex attribute is compared by its `value`.
fn compare(mut term: Term, op: Op, value: &Literal) -> Result<Filter, FilterError> {
    let Some(mut attribute) = term.attribute() else { return Err(FilterError::UnknownAttribute) };
    let wrong = Err(FilterError::WrongType(attribute.name));
    if *value == Literal::Null {
        return match op {
            Op::Eq => Ok(Filter::Not(Box::new(Filter::Present(term)))),
            Op::Ne => Ok(Filter::Present(term)),
            _ => wrong,
        };
    }
    if let (Kind::Complex(_), None) = (attribute.kind, term.sub) {
        let Some(value) = attribute.sub("value") else { return wrong };
        term.sub = Some(value);
        attribute = value;
    }
    let wanted = match (attribute.kind, value) {
        (Kind::String | Kind::Reference(_), Literal::String(text)) => Wanted::text(attribute, text),
        (Kind::Boolean, Literal::Boolean(value)) if matches!(op, Op::Eq | Op::Ne) => Wanted::Boolean(*value),
        (Kind::DateTime, Literal::String(text)) if !matches!(op, Op::Co | Op::Sw | Op::Ew) => {
            let Some(moment) = moment(text) else { return wrong };
            Wanted::Moment(moment)
        }
        _ => return wrong,
    };
    Ok(Filter::Compare(term, op, wanted))
}
