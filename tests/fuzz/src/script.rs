//! Bytes read as decisions, for targets whose inputs have a structure that random bytes never have.

/// Decisions; when the bytes are used up, all are zero.
pub(crate) struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    pub(crate) const fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    pub(crate) const fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub(crate) fn below(&mut self, end: u8) -> u8 {
        self.byte() % end
    }

    /// Up to `most` bytes, their number first.
    pub(crate) fn bytes(&mut self, most: u8) -> &'a [u8] {
        let length = usize::from(self.byte()) % (usize::from(most) + 1);
        let length = length.min(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }
}
