//! Attributes and their characteristics (RFC 7643 §2.2, §7).

/// A data type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// A time, RFC 3339.
    DateTime,
    /// A URI, of these types.
    Reference(&'static [&'static str]),
    /// Sub-attributes.
    Complex(&'static [Attribute]),
}

/// Who may write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutability {
    /// We alone.
    ReadOnly,
    /// Clients.
    ReadWrite,
    /// Clients, and nobody reads it.
    WriteOnly,
    /// Clients, once.
    Immutable,
}

/// When it is in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Returned {
    /// Whatever is asked for.
    Always,
    /// Never.
    Never,
    /// Unless it is excluded, or others are asked for.
    Default,
    /// When it is asked for by name.
    Request,
}

/// Whether two resources may have the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Uniqueness {
    /// They may.
    None,
    /// Not in one realm.
    Server,
}

/// An attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Attribute {
    /// Its name; compared without regard to case.
    pub(crate) name: &'static str,
    /// Its data type.
    pub(crate) kind: Kind,
    /// Whether it has several values.
    pub(crate) multi: bool,
    /// For people.
    pub(crate) description: &'static str,
    /// Whether it always has a value.
    pub(crate) required: bool,
    /// Whether values are compared with regard to case.
    pub(crate) case_exact: bool,
    /// Who may write it.
    pub(crate) mutability: Mutability,
    /// When it is in an answer.
    pub(crate) returned: Returned,
    /// Whether two resources may have the same value.
    pub(crate) uniqueness: Uniqueness,
    /// Suggested values.
    pub(crate) canonical: &'static [&'static str],
}

impl Attribute {
    const fn new(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            kind,
            multi: false,
            description,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            canonical: &[],
        }
    }

    /// Text that clients may write.
    pub(super) const fn string(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::String, description)
    }

    /// True or false.
    pub(super) const fn boolean(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::Boolean, description)
    }

    /// A whole number.
    pub(super) const fn integer(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::Integer, description)
    }

    /// A time.
    pub(super) const fn date_time(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::DateTime, description)
    }

    /// A URI.
    pub(super) const fn reference(
        name: &'static str,
        types: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        Self { case_exact: true, ..Self::new(name, Kind::Reference(types), description) }
    }

    /// With sub-attributes.
    pub(super) const fn complex(name: &'static str, subs: &'static [Self], description: &'static str) -> Self {
        Self::new(name, Kind::Complex(subs), description)
    }

    /// With several values.
    pub(super) const fn many(self) -> Self {
        Self { multi: true, ..self }
    }

    /// That always has a value.
    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// Compared with regard to case.
    pub(super) const fn exact(self) -> Self {
        Self { case_exact: true, ..self }
    }

    /// That we alone write.
    pub(super) const fn read_only(self) -> Self {
        Self { mutability: Mutability::ReadOnly, ..self }
    }

    /// That is written once.
    pub(super) const fn immutable(self) -> Self {
        Self { mutability: Mutability::Immutable, ..self }
    }

    /// That nobody reads.
    pub(super) const fn secret(self) -> Self {
        Self { mutability: Mutability::WriteOnly, returned: Returned::Never, case_exact: true, ..self }
    }

    /// That is in every answer.
    pub(super) const fn always(self) -> Self {
        Self { returned: Returned::Always, ..self }
    }

    /// That is shown when it is asked for by name.
    pub(super) const fn on_request(self) -> Self {
        Self { returned: Returned::Request, ..self }
    }

    /// That no two resources share.
    pub(super) const fn unique(self) -> Self {
        Self { uniqueness: Uniqueness::Server, ..self }
    }

    /// With suggested values.
    pub(super) const fn suggests(self, canonical: &'static [&'static str]) -> Self {
        Self { canonical, ..self }
    }

    /// Its sub-attributes.
    pub(crate) const fn subs(&self) -> &'static [Self] {
        match self.kind {
            Kind::Complex(subs) => subs,
            _ => &[],
        }
    }

    /// The sub-attribute of this name, in any case.
    pub(crate) fn sub(&self, name: &str) -> Option<&'static Self> {
        self.subs().iter().find(|sub| sub.name.eq_ignore_ascii_case(name))
    }

    /// Whether what a client sends of it is dropped.
    pub(crate) const fn is_read_only(&self) -> bool {
        matches!(self.mutability, Mutability::ReadOnly)
    }

    /// Whether it holds a secret.
    pub(crate) const fn is_secret(&self) -> bool {
        matches!(self.mutability, Mutability::WriteOnly)
    }
}
