//! Order-preserving key encoding.
//!
//! The bytes of a tuple are the bytes of its parts in turn, and every part ends itself, so the encoding of a
//! tuple's first parts is a true prefix of the encoding of the whole.

use crate::read::Abort;

/// Ends a string; sorts before every escaped or ordinary byte.
const END: u8 = 0x01;
/// Follows a literal NUL inside a string.
const ESCAPED: u8 = 0xff;

/// Collects the parts of a key.
#[derive(Default)]
pub struct KeyWriter(Vec<u8>);

impl KeyWriter {
    /// Bytes of a fixed width, as they are.
    pub fn fixed(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Bytes of any length, escaped and terminated.
    pub fn variable(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0.push(*byte);
            if *byte == 0 {
                self.0.push(ESCAPED);
            }
        }
        self.0.extend_from_slice(&[0, END]);
    }

    /// The finished key.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Takes a key apart again.
pub struct KeyReader<'a>(&'a [u8]);

impl<'a> KeyReader<'a> {
    /// Reads `bytes` from the start.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Abort> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or_else(|| Abort::corrupt("short key"))?;
        self.0 = rest;
        Ok(*head)
    }

    /// The next escaped byte string.
    ///
    /// # Errors
    /// When it has no end.
    pub fn variable(&mut self) -> Result<Vec<u8>, Abort> {
        let mut out = Vec::new();
        loop {
            match self.0 {
                [0, END, rest @ ..] => {
                    self.0 = rest;
                    return Ok(out);
                }
                [0, ESCAPED, rest @ ..] => {
                    out.push(0);
                    self.0 = rest;
                }
                [0, ..] | [] => return Err(Abort::corrupt("unterminated key")),
                [byte, rest @ ..] => {
                    out.push(*byte);
                    self.0 = rest;
                }
            }
        }
    }

    /// Whether every byte was read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A typed key. `write` and `read` are inverse, and the byte order is the key's order.
pub trait Key: Sized + Clone {
    /// Appends this key's bytes.
    fn write(&self, to: &mut KeyWriter);
    /// Reads it back.
    ///
    /// # Errors
    /// When the bytes are not a key of this type.
    fn read(from: &mut KeyReader<'_>) -> Result<Self, Abort>;

    /// The bytes of this key alone.
    fn to_bytes(&self) -> Vec<u8> {
        let mut writer = KeyWriter::default();
        self.write(&mut writer);
        writer.into_bytes()
    }

    /// The key that `bytes` are, wholly.
    ///
    /// # Errors
    /// When they are not, or bytes are left over.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Abort> {
        let mut reader = KeyReader::new(bytes);
        let key = Self::read(&mut reader)?;
        if reader.is_empty() { Ok(key) } else { Err(Abort::corrupt("key has a tail")) }
    }
}

impl Key for String {
    fn write(&self, to: &mut KeyWriter) {
        to.variable(self.as_bytes());
    }
    fn read(from: &mut KeyReader<'_>) -> Result<Self, Abort> {
        Self::from_utf8(from.variable()?).map_err(|_| Abort::corrupt("key is not UTF-8"))
    }
}

impl Key for Vec<u8> {
    fn write(&self, to: &mut KeyWriter) {
        to.variable(self);
    }
    fn read(from: &mut KeyReader<'_>) -> Result<Self, Abort> {
        from.variable()
    }
}

impl<const N: usize> Key for [u8; N] {
    fn write(&self, to: &mut KeyWriter) {
        to.fixed(self);
    }
    fn read(from: &mut KeyReader<'_>) -> Result<Self, Abort> {
        from.fixed()
    }
}

macro_rules! integers {
    ($($int:ty),*) => {$(
        impl Key for $int {
            fn write(&self, to: &mut KeyWriter) {
                to.fixed(&self.to_be_bytes());
            }
            fn read(from: &mut KeyReader<'_>) -> Result<Self, Abort> {
                Ok(Self::from_be_bytes(from.fixed()?))
            }
        }
    )*};
}
integers!(u8, u16, u32, u64);

macro_rules! tuples {
    ($(($($part:ident),*)),*) => {$(
        #[allow(non_snake_case, clippy::unused_unit, unused_variables, reason = "one macro for every arity")]
        impl<$($part: Key),*> Key for ($($part,)*) {
            fn write(&self, to: &mut KeyWriter) {
                let ($($part,)*) = self;
                $($part.write(to);)*
            }
            fn read(from: &mut KeyReader<'_>) -> Result<Self, Abort> {
                Ok(($($part::read(from)?,)*))
            }
        }
    )*};
}
tuples!((), (A), (A, B), (A, B, C), (A, B, C, D));

/// Makes a newtype over a [`Key`] a key as well.
#[macro_export]
macro_rules! key_newtype {
    ($($name:ty),* $(,)?) => {$(
        impl $crate::Key for $name {
            fn write(&self, to: &mut $crate::KeyWriter) {
                $crate::Key::write(&self.0, to);
            }
            fn read(from: &mut $crate::KeyReader<'_>) -> Result<Self, $crate::Abort> {
                Ok(Self($crate::Key::read(from)?))
            }
        }
    )*};
}
