//! Lines that are read.

use std::io::{self, BufRead, BufReader, Read};

use serde_json::{Map, Value};

use super::strict::Strict;

/// Bytes of a line: the node takes no larger request.
const MAX_LINE: u64 = 1024 * 1024;

/// What some editors begin a file with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a record is about. In the order in which they are made: each rests on those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Group,
    User,
    Membership,
    Manager,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Group, Self::User, Self::Membership, Self::Manager];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::User => "user",
            Self::Membership => "membership",
            Self::Manager => "manager",
        }
    }

    /// For people.
    pub(super) const fn plural(self) -> &'static str {
        match self {
            Self::Group => "groups",
            Self::User => "people",
            Self::Membership => "memberships",
            Self::Manager => "managers",
        }
    }

    fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A record, and where it stands. Kept as text, which takes a tenth of the memory. Has no `Debug`: it may hold a password.
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) kind: Kind,
    /// Without its kind.
    text: Box<str>,
}

impl Line {
    /// A record without its kind.
    pub(crate) fn new(number: usize, kind: Kind, record: Map<String, Value>) -> Self {
        Self { number, kind, text: Value::Object(record).to_string().into() }
    }

    /// The record.
    pub(crate) fn record(&self) -> Map<String, Value> {
        // It was written from one.
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// A text of the record; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> String {
        self.record().get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// A line that is no record. Never quotes it: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadLine {
    pub(crate) number: usize,
    pub(crate) why: String,
}

/// Reads lines until the end. Empty ones count and are passed over.
pub(crate) fn read(from: impl Read) -> io::Result<(Vec<Line>, Vec<BadLine>)> {
    let mut from = BufReader::new(from);
    let (mut lines, mut bad) = (Vec::new(), Vec::new());
    for number in 1.. {
        let mut bytes = Vec::new();
        if (&mut from).take(MAX_LINE + 1).read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        let ended = bytes.last() == Some(&b'\n');
        if !ended && bytes.len() as u64 > MAX_LINE {
            bad.push(BadLine { number, why: format!("longer than {MAX_LINE} bytes") });
            skip_line(&mut from)?;
            continue;
        }
        let bytes = if number == 1 { bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes) } else { &bytes };
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        match parse(bytes) {
            Ok((kind, record)) => lines.push(Line::new(number, kind, record)),
            Err(why) => bad.push(BadLine { number, why }),
        }
    }
    Ok((lines, bad))
}

fn skip_line(from: &mut impl BufRead) -> io::Result<()> {
    loop {
        let (used, done) = {
            let buffer = from.fill_buf()?;
            match buffer.iter().position(|byte| *byte == b'\n') {
                Some(end) => (end + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            }
        };
        from.consume(used);
        if done {
            return Ok(());
        }
    }
}

fn parse(bytes: &[u8]) -> Result<(Kind, Map<String, Value>), String> {
    let parsed = serde_json::from_slice::<Strict>(bytes);
    let Strict(value) = parsed.map_err(|error| {
        // The parser's message may quote, its place does not; a fault of the data is ours and says what it is.
        let why = if error.is_data() { "a member is named twice" } else { "not a JSON object" };
        format!("{why} (column {})", error.column())
    })?;
    let Value::Object(mut record) = value else { return Err("not a JSON object".to_owned()) };
    let kind = record.shift_remove("kind");
    let kind = kind.as_ref().and_then(Value::as_str).and_then(Kind::by_name);
    let names = Kind::ALL.map(Kind::name).join(", ");
    Ok((kind.ok_or_else(|| format!("its kind is none of {names}"))?, record))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_as_an_editor_does() {
        let text = "{\"kind\":\"user\",\"user_name\":\"a\"}\r\n\n  \n{\"kind\":\"group\",\"full_name\":\"g\"}";
        let (lines, bad) = read(text.as_bytes()).unwrap();
        assert_eq!(bad, []);
        let seen: Vec<_> = lines.iter().map(|line| (line.number, line.kind, line.text("user_name"))).collect();
        assert_eq!(seen, [(1, Kind::User, "a".to_owned()), (4, Kind::Group, String::new())]);
    }

    #[test]
    fn a_byte_order_mark_is_passed_over_at_the_beginning_alone() {
        let line = "\u{feff}{\"kind\":\"user\"}\r\n";
        let (lines, bad) = read(line.repeat(2).as_bytes()).unwrap();
        assert_eq!((lines.len(), bad.iter().map(|bad| bad.number).collect::<Vec<_>>()), (1, vec![2]));
    }

    #[test]
    fn the_longest_line_is_taken_and_a_longer_one_takes_no_other_with_it() {
        let most = usize::try_from(MAX_LINE).unwrap();
        let of = |length: usize| {
            let (before, after) = (r#"{"kind":"user","x":""#, r#""}"#);
            format!("{before}{}{after}", "x".repeat(length - before.len() - after.len()))
        };
        for (length, taken) in [(most - 1, true), (most, true), (most + 1, false), (most * 10, false)] {
            let text = format!("{}\n{{\"kind\":\"user\"}}\n", of(length));
            let (lines, bad) = read(text.as_bytes()).unwrap();
            let numbers: Vec<_> = lines.iter().map(|line| line.number).collect();
            assert_eq!(numbers, if taken { vec![1, 2] } else { vec![2] }, "{length}: {bad:?}");
            assert_eq!(bad.len(), usize::from(!taken));
        }
    }

    #[test]
    fn what_is_named_twice_is_refused() {
        for text in [
            r#"{"kind":"user","user_name":"a","user_name":"b"}"#,
            r#"{"kind":"user","kind":"group"}"#,
            r#"{"kind":"user","name":{"given":"a","given":"b"}}"#,
            r#"{"kind":"user","emails":[{"value":"a","value":"b"}]}"#,
        ] {
            let (lines, bad) = read(text.as_bytes()).unwrap();
            assert!(lines.is_empty() && bad[0].why.starts_with("a member is named twice (column"), "{bad:?}");
        }
        let (lines, _) = read(r#"{"kind":"user","x":[null,true,-1,1,1.5,"\u0041",{}]}"#.as_bytes()).unwrap();
        assert_eq!(Value::Object(lines[0].record()).to_string(), r#"{"x":[null,true,-1,1,1.5,"A",{}]}"#);
    }

    #[test]
    fn what_is_no_record_is_told_by_its_line_and_not_quoted() {
        let long = format!("{{\"kind\":\"user\",\"x\":\"{}\"}}", "s3cret".repeat(200_000));
        for bad in
            ["s3cret", "[\"s3cret\"]", "{\"password\":\"s3cret\"", "{\"kind\":\"s3cret\"}", "{}", "{\"kind\":1}", &long]
        {
            let text = format!("{{\"kind\":\"user\"}}\n{bad}\n{{\"kind\":\"user\"}}\n");
            let (lines, bad) = read(text.as_bytes()).unwrap();
            assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 3], "{text:.80}");
            assert_eq!(bad.len(), 1);
            assert!(bad[0].number == 2 && !bad[0].why.contains("s3cret"), "{bad:?}");
        }
    }
}
