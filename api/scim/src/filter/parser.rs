//! The grammar of RFC 7644 figure 1. `not` binds more than `and`, `and` more than `or`.

use super::FilterError;
use super::lexer::{Token, tokens};
use super::syntax::{Literal, Op, Syntax};
use crate::limits::{MAX_FILTER_BYTES, MAX_FILTER_DEPTH, MAX_FILTER_TERMS};
use crate::path::is_name;

/// Parses a filter. Recurses at most [`MAX_FILTER_DEPTH`] levels.
///
/// # Errors
/// See [`FilterError`].
pub(crate) fn parse(text: &str) -> Result<Syntax, FilterError> {
    let mut parser = Parser::new(text)?;
    let filter = parser.or()?;
    if parser.peek().is_some() { Err(parser.fault()) } else { Ok(filter) }
}

/// Parses the path of a PATCH: `members`, `name.givenName`, `emails[type eq "work"]`, `emails[type eq "work"].value`.
/// Answers the name, the filter, and the name behind it.
///
/// # Errors
/// See [`FilterError`].
pub(crate) fn parse_value_path(text: &str) -> Result<(String, Option<Syntax>, Option<String>), FilterError> {
    let mut parser = Parser::new(text)?;
    let Some(Token::Word(path)) = parser.next() else { return Err(FilterError::Syntax(0)) };
    let filter = if parser.take(&Token::OpenBracket) { Some(parser.within()?) } else { None };
    let sub = match (&filter, parser.next()) {
        (_, None) => None,
        (Some(_), Some(Token::Word(word))) => {
            let name = word.strip_prefix('.').filter(|name| is_name(name)).ok_or_else(|| parser.fault())?;
            Some(name.to_owned())
        }
        _ => return Err(parser.fault()),
    };
    if parser.peek().is_some() { Err(parser.fault()) } else { Ok((path, filter, sub)) }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    at: usize,
    length: usize,
    depth: usize,
    terms: usize,
}

impl Parser {
    fn new(text: &str) -> Result<Self, FilterError> {
        if text.len() > MAX_FILTER_BYTES {
            return Err(FilterError::TooLong);
        }
        Ok(Self { tokens: tokens(text)?, at: 0, length: text.len(), depth: 0, terms: 0 })
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += usize::from(token.is_some());
        token
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    fn fault(&self) -> FilterError {
        FilterError::Syntax(self.tokens.get(self.at).map_or(self.length, |(at, _)| *at))
    }

    fn or(&mut self) -> Result<Syntax, FilterError> {
        self.chain("or", Self::and, Syntax::Or)
    }

    fn and(&mut self) -> Result<Syntax, FilterError> {
        self.chain("and", Self::term, Syntax::And)
    }

    fn chain(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Syntax, FilterError>,
        join: fn(Vec<Syntax>) -> Syntax,
    ) -> Result<Syntax, FilterError> {
        let first = part(self)?;
        if !self.take_word(word) {
            return Ok(first);
        }
        let mut all = vec![first, part(self)?];
        while self.take_word(word) {
            all.push(part(self)?);
        }
        Ok(join(all))
    }

    fn deeper(&mut self, close: &Token) -> Result<Syntax, FilterError> {
        if self.depth == MAX_FILTER_DEPTH {
            return Err(FilterError::TooDeep);
        }
        self.depth += 1;
        let inner = self.or()?;
        if !self.take(close) {
            return Err(self.fault());
        }
        self.depth -= 1;
        Ok(inner)
    }

    fn within(&mut self) -> Result<Syntax, FilterError> {
        self.deeper(&Token::CloseBracket)
    }

    fn term(&mut self) -> Result<Syntax, FilterError> {
        if self.take(&Token::Open) {
            return self.deeper(&Token::Close);
        }
        let Some(Token::Word(word)) = self.peek().cloned() else { return Err(self.fault()) };
        self.at += 1;
        if word.eq_ignore_ascii_case("not") && self.take(&Token::Open) {
            return Ok(Syntax::Not(Box::new(self.deeper(&Token::Close)?)));
        }
        if self.take(&Token::OpenBracket) {
            return Ok(Syntax::Within(word, Box::new(self.within()?)));
        }
        self.comparison(word)
    }

    fn comparison(&mut self, path: String) -> Result<Syntax, FilterError> {
        if self.terms == MAX_FILTER_TERMS {
            return Err(FilterError::TooManyTerms);
        }
        self.terms += 1;
        if self.take_word("pr") {
            return Ok(Syntax::Present(path));
        }
        let op = match self.peek() {
            Some(Token::Word(word)) => Op::parse(word).ok_or_else(|| self.fault())?,
            _ => return Err(self.fault()),
        };
        self.at += 1;
        let value = match self.peek() {
            Some(Token::Text(text)) => Literal::String(text.clone()),
            Some(Token::Word(word)) => literal(word).ok_or_else(|| self.fault())?,
            _ => return Err(self.fault()),
        };
        self.at += 1;
        Ok(Syntax::Compare(path, op, value))
    }
}

fn literal(word: &str) -> Option<Literal> {
    match word.to_ascii_lowercase().as_str() {
        // As JSON has them; some clients write them as their language does.
        "true" => Some(Literal::Boolean(true)),
        "false" => Some(Literal::Boolean(false)),
        "null" => Some(Literal::Null),
        _ => serde_json::from_str(word).ok().map(Literal::Number),
    }
}
