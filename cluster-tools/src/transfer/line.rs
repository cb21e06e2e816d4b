//! Lines that are read.

use std::io::{self, BufRead, BufReader, Read};

use serde_json::{Map, Value};

/// Bytes of a line: the node takes no larger request.
const MAX_LINE: u64 = 1024 * 1024;

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

/// A record, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) kind: Kind,
    /// Without its kind.
    pub(crate) record: Map<String, Value>,
}

impl Line {
    /// A text of the record; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.record.get(name).and_then(Value::as_str).unwrap_or_default()
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
        if bytes.len() as u64 > MAX_LINE {
            bad.push(BadLine { number, why: format!("longer than {MAX_LINE} bytes") });
            skip_line(&mut from)?;
            continue;
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        match parse(&bytes) {
            Ok((kind, record)) => lines.push(Line { number, kind, record }),
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
    let parsed = serde_json::from_slice::<Map<String, Value>>(bytes);
    let mut record = parsed.map_err(|error| format!("not a JSON object (column {})", error.column()))?;
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
        assert_eq!(seen, [(1, Kind::User, "a"), (4, Kind::Group, "")]);
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
