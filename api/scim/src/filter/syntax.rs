//! A filter as it is written.

use std::fmt;

/// An operator between an attribute and a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Op {
    const ALL: [Self; 9] = [Self::Eq, Self::Ne, Self::Co, Self::Sw, Self::Ew, Self::Gt, Self::Ge, Self::Lt, Self::Le];

    const fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }

    /// In any case.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.name().eq_ignore_ascii_case(word))
    }
}

/// A value in a filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    /// Text.
    String(String),
    /// A number; no attribute is one.
    Number(serde_json::Number),
    /// True or false.
    Boolean(bool),
    /// No value.
    Null,
}

/// A filter whose attributes nobody has looked at yet. Never deeper than [`crate::limits::MAX_FILTER_DEPTH`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Syntax {
    /// All of them, two at least.
    And(Vec<Self>),
    /// Any of them, two at least.
    Or(Vec<Self>),
    /// Not it.
    Not(Box<Self>),
    /// A comparison.
    Compare(String, Op, Literal),
    /// Whether there is a value.
    Present(String),
    /// One value of an attribute that fulfils all.
    Within(String, Box<Self>),
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => serde_json::Value::from(text.as_str()).fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Boolean(value) => value.fmt(f),
            Self::Null => f.write_str("null"),
        }
    }
}

impl fmt::Display for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |f: &mut fmt::Formatter<'_>, all: &[Self], word: &str| {
            for (place, one) in all.iter().enumerate() {
                if place > 0 {
                    write!(f, " {word} ")?;
                }
                match one {
                    Self::And(_) | Self::Or(_) => write!(f, "({one})")?,
                    _ => one.fmt(f)?,
                }
            }
            Ok(())
        };
        match self {
            Self::And(all) => join(f, all, "and"),
            Self::Or(all) => join(f, all, "or"),
            Self::Not(one) => write!(f, "not ({one})"),
            Self::Compare(path, op, value) => write!(f, "{path} {} {value}", op.name()),
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Within(path, one) => write!(f, "{path}[{one}]"),
        }
    }
}
