//! Proof Key for Code Exchange (RFC 7636), S256 alone.

/// Whether a text may be a challenge or a verifier: 43 to 128 unreserved characters (§4.1, §4.2).
pub(crate) fn is_well_formed(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_and_verifiers_have_43_to_128_unreserved_characters() {
        assert!(is_well_formed(&"a".repeat(43)) && is_well_formed(&"~".repeat(128)));
        for bad in ["a".repeat(42), "a".repeat(129), "=".repeat(43), "+".repeat(43), "ä".repeat(43), String::new()] {
            assert!(!is_well_formed(&bad), "{bad}");
        }
    }
}
