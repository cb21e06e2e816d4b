//! A filter in pieces.

use super::FilterError;

/// A piece.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// A string, without its quotes and escapes.
    Text(String),
    /// Anything else up to a space or one of the above.
    Word(String),
}

/// The pieces of `text`, each with the byte it begins at.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, FilterError> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(first) = rest.chars().next() else { break };
        let (token, length) = match first {
            ' ' => {
                at += 1;
                continue;
            }
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '[' => (Token::OpenBracket, 1),
            ']' => (Token::CloseBracket, 1),
            '"' => string(rest).ok_or(FilterError::Syntax(at))?,
            _ => {
                let length = rest.find([' ', '(', ')', '[', ']', '"']).unwrap_or(rest.len());
                (Token::Word(rest.get(..length).unwrap_or_default().to_owned()), length)
            }
        };
        out.push((at, token));
        at += length;
    }
    Ok(out)
}

/// A JSON string at the beginning of `text`, and its length there.
fn string(text: &str) -> Option<(Token, usize)> {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find_map(|(place, c)| match c {
        _ if escaped => {
            escaped = false;
            None
        }
        '\\' => {
            escaped = true;
            None
        }
        '"' => Some(place + 1),
        _ => None,
    })?;
    let value: String = serde_json::from_str(text.get(..end)?).ok()?;
    // No attribute holds one, and what is done with it further on is nobody's guess.
    (!value.contains('\0')).then_some((Token::Text(value), end))
}
