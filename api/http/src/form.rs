//! A strict `application/x-www-form-urlencoded` parser.

use crate::limits::{MAX_PARAMETER_NAME, MAX_PARAMETERS};

/// Parameters that may stand more than once (RFC 8707 §2, RFC 8693 §2.1).
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// Why a body is no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// A `%` without two hexadecimal digits.
    #[error("malformed percent-encoding")]
    Encoding,
    /// A name or value that is not UTF-8.
    #[error("a parameter is not UTF-8")]
    NotUtf8,
    /// A name or value with a control character.
    #[error("a parameter holds a control character")]
    Control,
    /// A parameter that stands twice.
    #[error("a parameter is repeated")]
    Repeated,
    /// Too many, or too long a name.
    #[error("too many parameters, or too long a parameter name")]
    TooMany,
}

/// The parameters of a form, in their order. One sent without a value counts as not sent (RFC 6749 §3.2).
///
/// It may hold secrets, so it can't be printed.
#[derive(Clone, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Parses a body, or the query of a URI.
    ///
    /// # Errors
    /// See [`FormError`].
    pub fn parse(body: &[u8]) -> Result<Self, FormError> {
        let mut all = pairs(body)?;
        if all.iter().flat_map(|(name, value)| [name, value]).any(|text| text.chars().any(char::is_control)) {
            return Err(FormError::Control);
        }
        let repeats = |place: usize, name: &str| all.iter().take(place).any(|(before, _)| before == name);
        let mut names = all.iter().enumerate();
        if names.any(|(place, (name, _))| !REPEATABLE.contains(&name.as_str()) && repeats(place, name)) {
            return Err(FormError::Repeated);
        }
        all.retain(|(_, value)| !value.is_empty());
        Ok(Self(all))
    }

    /// The value of a parameter; the first one, where it may be repeated.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Whether a parameter was sent with a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// The parameters as they were sent, repeated and empty ones and those with control characters too: for whoever has to
/// answer those in its own way.
///
/// # Errors
/// See [`FormError`]; never [`FormError::Repeated`] nor [`FormError::Control`].
pub fn pairs(body: &[u8]) -> Result<Vec<(String, String)>, FormError> {
    let mut all: Vec<(String, String)> = Vec::new();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = text(halves.next().unwrap_or_default())?;
        let value = text(halves.next().unwrap_or_default())?;
        if all.len() == MAX_PARAMETERS || name.len() > MAX_PARAMETER_NAME {
            return Err(FormError::TooMany);
        }
        all.push((name, value));
    }
    Ok(all)
}

fn text(encoded: &[u8]) -> Result<String, FormError> {
    String::from_utf8(decode(encoded)?).map_err(|_| FormError::NotUtf8)
}

/// Undoes form encoding: `+` is a space, `%41` an `A`. Also what RFC 6749 §2.3.1 puts inside Basic.
///
/// # Errors
/// [`FormError::Encoding`].
pub(crate) fn decode(encoded: &[u8]) -> Result<Vec<u8>, FormError> {
    let mut out = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (b'+', _) => {
                out.push(b' ');
                tail
            }
            (b'%', [high, low, tail @ ..]) => {
                let digits = [*high, *low].map(|digit| char::from(digit).to_digit(16));
                let [Some(high), Some(low)] = digits else { return Err(FormError::Encoding) };
                out.push(u8::try_from(high * 16 + low).map_err(|_| FormError::Encoding)?);
                tail
            }
            (b'%', _) => return Err(FormError::Encoding),
            (byte, _) => {
                out.push(*byte);
                tail
            }
        };
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parameters_are_decoded() {
        let form = Form::parse(b"a=1+2%2B3&b=%C3%A9&empty=&flag&resource=x&resource=y&=z").unwrap();
        assert_eq!(form.get("a"), Some("1 2+3"));
        assert_eq!(form.get("b"), Some("\u{e9}"));
        assert!(!form.has("empty") && !form.has("flag"));
        assert_eq!(form.all("resource"), ["x", "y"]);
    }

    #[test]
    fn malformed_forms_are_refused() {
        let many = "a=1&".repeat(2);
        let crowd: String = (0..=MAX_PARAMETERS).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
        let long = format!("{}=1", "n".repeat(MAX_PARAMETER_NAME + 1));
        let table: [(&[u8], FormError); 15] = [
            (b"a=%", FormError::Encoding),
            (b"a=%4", FormError::Encoding),
            (b"a=%zz", FormError::Encoding),
            (b"a=%+1", FormError::Encoding),
            (b"a=%FF", FormError::NotUtf8),
            (b"a=%C0%AF", FormError::NotUtf8),
            (b"a=%ED%A0%80", FormError::NotUtf8),
            (b"a=\xff", FormError::NotUtf8),
            (b"a=%00", FormError::Control),
            (b"a%0A=1", FormError::Control),
            (b"a=%7F", FormError::Control),
            (many.as_bytes(), FormError::Repeated),
            (b"scope=&scope=x", FormError::Repeated),
            (crowd.as_bytes(), FormError::TooMany),
            (long.as_bytes(), FormError::TooMany),
        ];
        for (body, error) in table {
            assert_eq!(Form::parse(body).err(), Some(error), "{}", String::from_utf8_lossy(body));
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body: Vec<u8>) {
            let _ = Form::parse(&body);
        }

        #[test]
        fn encoded_values_come_back(value in "[^\\p{Cc}]{1,40}") {
            let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
            let form = Form::parse(format!("v={encoded}").as_bytes()).unwrap();
            prop_assert_eq!(form.get("v"), Some(value.as_str()));
        }
    }
}
