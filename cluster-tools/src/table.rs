//! Answers as tables.

use std::fmt::Write as _;

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Rows below their headings, each column as wide as its widest cell.
pub(crate) fn columns(headings: &[&str], rows: &[Vec<String>]) -> String {
    let headings: Vec<String> = headings.iter().map(|text| (*text).to_owned()).collect();
    let all = || std::iter::once(&headings).chain(rows);
    let width = |column: usize| {
        all().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let mut out = String::new();
    for row in all() {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Names and values, a line each; what has no value is left out.
pub(crate) fn fields(object: &Value, names: &[(&str, &str)]) -> String {
    let shown: Vec<(&str, String)> =
        names.iter().map(|(label, name)| (*label, cell(object, name))).filter(|(_, value)| value != NONE).collect();
    let width = shown.iter().map(|(label, _)| label.chars().count()).max().unwrap_or_default();
    shown.iter().fold(String::new(), |mut out, (label, value)| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{label:width$}  {value}");
        out
    })
}

const NONE: &str = "-";

/// A member of an object, as a cell.
pub(crate) fn cell(object: &Value, name: &str) -> String {
    let value = object.get(name).unwrap_or(&Value::Null);
    if name.ends_with("_ms") && name != "last_ack_ms" && name != "grace_ms" || name == "created_at" {
        return moment(value);
    }
    text(value)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => NONE.to_owned(),
        Value::Bool(yes) => (if *yes { "yes" } else { "no" }).to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.is_empty() => NONE.to_owned(),
        Value::String(text) => printable(text),
        Value::Array(values) if values.is_empty() => NONE.to_owned(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(" "),
        Value::Object(_) => printable(&value.to_string()),
    }
}

/// Milliseconds since the epoch, as RFC 3339.
fn moment(value: &Value) -> String {
    let read = || {
        let nanos = i128::from(value.as_u64()?).checked_mul(1_000_000)?;
        OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?.format(&Rfc3339).ok()
    };
    read().unwrap_or_else(|| text(value))
}

/// Without characters that could move a terminal's cursor.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// The objects in an array member.
pub(crate) fn list<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Rows of an array member, by names of the objects' members.
pub(crate) fn rows(answer: &Value, name: &str, members: &[&str]) -> Vec<Vec<String>> {
    list(answer, name).iter().map(|object| members.iter().map(|member| cell(object, member)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_line_up() {
        let answer = json!({"x": [{"id": "a", "n": 1}, {"id": "long", "n": null}]});
        let table = columns(&["ID", "N"], &rows(&answer, "x", &["id", "n"]));
        assert_eq!(table, "ID    N\na     1\nlong  -\n");
    }

    #[test]
    fn fields_without_value_are_left_out() {
        let object = json!({"a": "x", "b": null, "created_ms": 0, "list": ["p", "q"]});
        let shown = fields(&object, &[("a", "a"), ("none", "b"), ("created", "created_ms"), ("list", "list")]);
        assert_eq!(shown, "a        x\ncreated  1970-01-01T00:00:00Z\nlist     p q\n");
    }

    #[test]
    fn a_terminal_is_not_moved() {
        assert_eq!(cell(&json!({"name": "a\u{1b}[2Jb\n"}), "name"), "a?[2Jb?");
    }
}
