//! What is wrong with a form's fields.

/// One field's fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The field's name, and its id in the page.
    pub(crate) field: &'static str,
    /// In words.
    pub(crate) words: String,
}

/// The faults of a form, at most one a field, in the order of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// None.
    pub(crate) const fn none() -> Self {
        Self(Vec::new())
    }

    /// One alone.
    pub(crate) fn one(field: &'static str, words: String) -> Self {
        Self(vec![Fault { field, words }])
    }

    pub(crate) fn add(&mut self, field: &'static str, words: String) {
        if !self.has(field) {
            self.0.push(Fault { field, words });
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }

    pub(crate) fn has(&self, field: &str) -> bool {
        self.of(field).is_some()
    }

    pub(crate) fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|fault| fault.field == field).map(|fault| fault.words.as_str())
    }

    /// The ids of the elements that describe a field.
    pub(crate) fn describing(&self, field: &str, hinted: bool) -> Option<String> {
        match (hinted, self.has(field)) {
            (false, false) => None,
            (true, false) => Some(format!("{field}-hint")),
            (false, true) => Some(format!("{field}-fault")),
            (true, true) => Some(format!("{field}-hint {field}-fault")),
        }
    }
}
