//! Names of X.509 subjects and issuers in the form of RFC 2253.

use x509_parser::der_parser::asn1_rs::{Any, Tag, ToDer};
use x509_parser::prelude::X509Name;

/// Bytes of a name: more than any authority issues.
const MAX_NAME_BYTES: usize = 1024;
/// The keywords of RFC 2253 and the object ids they stand for. Everything else is written by its id.
const KEYWORDS: [(&str, &str); 9] = [
    ("CN", "2.5.4.3"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("C", "2.5.4.6"),
    ("STREET", "2.5.4.9"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("UID", "0.9.2342.19200300.100.1.1"),
];

/// What programs call the attribute for e-mail addresses in text, though RFC 2253 has no keyword for it.
const EMAIL_KEYWORDS: [&str; 3] = ["EMAILADDRESS", "EMAIL", "E"];
const EMAIL: &str = "1.2.840.113549.1.9.1";

/// A distinguished name, in one form for each name: RFC 2253, without spaces around its separators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistinguishedName(String);

/// Text that is no distinguished name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a distinguished name of RFC 2253")]
pub struct InvalidName;

/// What an attribute has for a value.
enum Value {
    Text(String),
    /// Hexadecimal digits of its DER.
    Der(String),
}

impl DistinguishedName {
    /// Parses text, and writes it in the one form.
    ///
    /// # Errors
    /// When it is empty, too long, or not of RFC 2253.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        if text.len() > MAX_NAME_BYTES || crate::text::check(text, 1, MAX_NAME_BYTES).is_err() {
            return Err(InvalidName);
        }
        let mut out = String::new();
        let mut rest = text;
        loop {
            let (key, after_key) = rest.split_once('=').ok_or(InvalidName)?;
            let (value, separator, after_value) = value(after_key)?;
            let key = keyword(key.trim_matches(' '))?;
            match value {
                Value::Text(text) if key == EMAIL => write(&mut out, &key, &address(&text)?),
                value => write(&mut out, &key, &value),
            }
            match separator {
                None if out.len() > MAX_NAME_BYTES => return Err(InvalidName),
                None => return Ok(Self(out)),
                Some(separator) => out.push(separator),
            }
            rest = after_value;
        }
    }

    /// The name in a certificate.
    ///
    /// # Errors
    /// When it is empty, or too long.
    pub fn of(name: &X509Name<'_>) -> Result<Self, InvalidName> {
        let mut out = String::new();
        let relative: Vec<_> = name.iter_rdn().collect();
        for (place, one) in relative.into_iter().rev().enumerate() {
            for (part, attribute) in one.iter().enumerate() {
                if part > 0 {
                    out.push('+');
                } else if place > 0 {
                    out.push(',');
                }
                let id = attribute.attr_type().to_id_string();
                let known = KEYWORDS.iter().find(|(_, of)| *of == id);
                match (known, string(attribute.attr_value())) {
                    (Some((keyword, _)), Some(text)) => write(&mut out, keyword, &Value::Text(text)),
                    (Some((keyword, _)), None) => write(&mut out, keyword, &der(attribute.attr_value())?),
                    // What is no type of an attribute could not be written here either.
                    (None, _) => write(&mut out, &keyword(&id)?, &der(attribute.attr_value())?),
                }
            }
        }
        if out.is_empty() || out.len() > MAX_NAME_BYTES || crate::text::check(&out, 1, MAX_NAME_BYTES).is_err() {
            return Err(InvalidName);
        }
        Ok(Self(out))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn string(value: &Any<'_>) -> Option<String> {
    match value.tag() {
        Tag::PrintableString | Tag::Utf8String | Tag::Ia5String | Tag::NumericString => {
            std::str::from_utf8(value.data).ok().map(str::to_owned)
        }
        Tag::BmpString => {
            let units = value.data.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok());
            let units: Vec<u16> = units.map(u16::from_be_bytes).collect();
            String::from_utf16(&units).ok()
        }
        // Every byte of Latin-1 is the code point of the same number; so authorities use T.61, too.
        Tag::T61String => Some(value.data.iter().map(|byte| char::from(*byte)).collect()),
        _ => None,
    }
}

fn der(value: &Any<'_>) -> Result<Value, InvalidName> {
    let bytes = value.to_der_vec().map_err(|_| InvalidName)?;
    Ok(Value::Der(bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))))
}

/// An e-mail address as certificates hold it: an IA5 string.
fn address(text: &str) -> Result<Value, InvalidName> {
    let length = u8::try_from(text.len()).ok().filter(|length| *length < 0x80 && text.is_ascii()).ok_or(InvalidName)?;
    let bytes = [0x16, length].into_iter().chain(text.bytes());
    Ok(Value::Der(bytes.fold(String::new(), |text, byte| text + &format!("{byte:02x}"))))
}

/// A keyword in capitals, or an object id; an object id that has a keyword is it.
fn keyword(key: &str) -> Result<String, InvalidName> {
    let upper = key.to_ascii_uppercase();
    let id = upper.strip_prefix("OID.").unwrap_or(&upper);
    if let Some((keyword, _)) = KEYWORDS.iter().find(|(keyword, of)| *keyword == upper || *of == id) {
        return Ok((*keyword).to_owned());
    }
    if EMAIL_KEYWORDS.contains(&id) {
        return Ok(EMAIL.to_owned());
    }
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = id.split('.').all(|part| number(part) && (part == "0" || !part.starts_with('0')));
    if numbers && id.contains('.') { Ok(id.to_owned()) } else { Err(InvalidName) }
}

/// A value, the separator behind it, and what comes then.
fn value(text: &str) -> Result<(Value, Option<char>, &str), InvalidName> {
    let text = text.trim_start_matches(' ');
    let end = end_of_value(text)?;
    let (raw, rest) = text.split_at_checked(end).ok_or(InvalidName)?;
    let mut after = rest.chars();
    // RFC 2253 reads a semicolon as a comma.
    let separator = after.next().map(|c| if c == ';' { ',' } else { c });
    let value = if let Some(hex) = raw.trim_matches(' ').strip_prefix('#') {
        let digits = hex.len() % 2 == 0 && !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits {
            return Err(InvalidName);
        }
        Value::Der(hex.to_ascii_lowercase())
    } else {
        Value::Text(unescaped(raw)?)
    };
    Ok((value, separator, after.as_str()))
}

/// Where the first separator is that is neither escaped nor quoted; the length if there is none.
fn end_of_value(text: &str) -> Result<usize, InvalidName> {
    let (mut escaped, mut quoted) = (false, false);
    for (place, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ',' | ';' | '+' if !quoted => return Ok(place),
            _ => {}
        }
    }
    if escaped || quoted { Err(InvalidName) } else { Ok(text.len()) }
}

fn unescaped(raw: &str) -> Result<String, InvalidName> {
    let quoted = raw.trim_matches(' ').strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let text = quoted.unwrap_or_else(|| raw.trim_start_matches(' '));
    let mut out: Vec<u8> = Vec::new();
    // Up to where spaces at the end are part of the value.
    let mut kept = 0;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            let next = chars.next().ok_or(InvalidName)?;
            if let Some(high) = next.to_digit(16) {
                let low = chars.next().and_then(|c| c.to_digit(16)).ok_or(InvalidName)?;
                out.push(u8::try_from(high * 16 + low).map_err(|_| InvalidName)?);
            } else if r#",=+<>#;\" "#.contains(next) {
                out.push(u8::try_from(next).map_err(|_| InvalidName)?);
            } else {
                return Err(InvalidName);
            }
            kept = out.len();
        } else if c == '"' || (quoted.is_none() && matches!(c, '<' | '>')) {
            return Err(InvalidName);
        } else {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            if c != ' ' || quoted.is_some() {
                kept = out.len();
            }
        }
    }
    out.truncate(kept);
    let text = String::from_utf8(out).map_err(|_| InvalidName)?;
    // An escape may have brought what the check of the whole did not see.
    if text.is_empty() || crate::text::check(&text, 1, MAX_NAME_BYTES).is_ok() { Ok(text) } else { Err(InvalidName) }
}

fn write(out: &mut String, key: &str, value: &Value) {
    out.push_str(key);
    out.push('=');
    match value {
        Value::Der(hex) => {
            out.push('#');
            out.push_str(hex);
        }
        Value::Text(text) => {
            let last = text.chars().count().saturating_sub(1);
            for (place, c) in text.chars().enumerate() {
                let edge = (c == ' ' && (place == 0 || place == last)) || (c == '#' && place == 0);
                if edge || r#",+"\<>;"#.contains(c) {
                    out.push('\\');
                }
                out.push(c);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Result<String, InvalidName> {
        DistinguishedName::parse(text).map(|name| name.0)
    }

    #[test]
    fn a_name_with_a_type_that_is_none_is_refused() {
        use x509_parser::prelude::FromDer;
        // One attribute each, NULL: of a type without a number, and of a common name.
        for name in
            [&b"\x30\x08\x31\x06\x30\x04\x06\x00\x05\x00"[..], b"\x30\x0b\x31\x09\x30\x07\x06\x03\x55\x04\x03\x05\x00"]
        {
            let (_, parsed) = X509Name::from_der(name).unwrap();
            let known = name.contains(&0x55);
            assert_eq!(DistinguishedName::of(&parsed).map(|name| name.0).ok().as_deref(), known.then_some("CN=#0500"));
        }
    }

    #[test]
    fn one_name_has_one_form() {
        for (given, kept) in [
            ("CN=Alice,O=Example,C=IT", "CN=Alice,O=Example,C=IT"),
            ("cn = Alice , o=Example; c=IT", "CN=Alice,O=Example,C=IT"),
            ("CN=Alice Liddell+UID=al,DC=example,DC=org", "CN=Alice Liddell+UID=al,DC=example,DC=org"),
            (r"CN=Liddell\, Alice", r"CN=Liddell\, Alice"),
            (r#"CN="Liddell, Alice""#, r"CN=Liddell\, Alice"),
            (r"CN=Liddell\2c Alice", r"CN=Liddell\, Alice"),
            (r"CN=Lu\C4\8Di\C4\87", "CN=Lučić"),
            (r"CN=\ x\ ", r"CN=\ x\ "),
            (r"CN=\#x", r"CN=\#x"),
            ("CN=Robot: a=b", "CN=Robot: a=b"),
            ("1.2.840.113549.1.9.1=#1603614062", "1.2.840.113549.1.9.1=#1603614062"),
            ("emailAddress=a@b", "1.2.840.113549.1.9.1=#1603614062"),
            ("oid.2.5.4.3=x", "CN=x"),
            ("CN=", "CN="),
        ] {
            assert_eq!(parsed(given).as_deref(), Ok(kept), "{given}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for bad in [
            "",
            "Alice",
            "/C=IT/CN=Alice",
            "=x",
            "CN",
            "CN=a,",
            "CN=a,,O=b",
            r"CN=a\",
            r"CN=a\x",
            r#"CN="a"#,
            "CN=#zz",
            "CN=#1",
            "X=a",
            "1=a",
            "1..2=a",
            "01.2=a",
            "CN=a\nb",
            "CN=a\0",
            r"CN=a\00",
            r"CN=a\0a",
            r"CN=\ff",
            "CN=<a>",
            "CN=a\u{202e}b",
            &format!("CN={}", "x".repeat(MAX_NAME_BYTES)),
        ] {
            assert_eq!(parsed(bad), Err(InvalidName), "{bad:.40}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_name_in_one_form_or_refused(
            text in prop_oneof![".{0,60}", r#"(CN|O|2\.5\.4\.3)=[a-z ,+;\\"\#<>=0-9]{0,12}(,[A-Z]{1,2}=[a-z\\ ]{0,6})?"#],
        ) {
            if let Ok(name) = DistinguishedName::parse(&text) {
                prop_assert_eq!(DistinguishedName::parse(name.as_str()), Ok(name.clone()));
            }
        }
    }
}
