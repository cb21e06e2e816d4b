//! Names and descriptions that people read.

pub mod fold;

/// Why text that people will read was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// Fewer or more characters than allowed.
    #[error("wrong length")]
    Length,
    /// A control character, a change of writing direction, or an invisible character.
    #[error("character not allowed")]
    Character,
}

/// Checks that text of `min` to `max` characters shows as what it is.
///
/// # Errors
/// See [`TextFault`].
pub fn check(text: &str, min: usize, max: usize) -> Result<(), TextFault> {
    if !(min..=max).contains(&text.chars().count()) {
        return Err(TextFault::Length);
    }
    if text.chars().any(deceives) { Err(TextFault::Character) } else { Ok(()) }
}

/// Control characters, bidirectional controls, and what Unicode calls default-ignorable.
fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_deceives_is_refused() {
        assert_eq!(check("Grüße, 世界", 1, 20), Ok(()));
        for bad in ["a\0", "a\u{202e}gpj", "a\u{200b}b", "a\nb", "\u{feff}a", "a\u{e0041}"] {
            assert_eq!(check(bad, 1, 20), Err(TextFault::Character), "{bad:?}");
        }
        assert_eq!(check("", 1, 20), Err(TextFault::Length));
        assert_eq!(check("ääää", 1, 3), Err(TextFault::Length));
    }
}
