//! Lines of JSON, written straight into the buffer: tracing-subscriber's own build a map of values for each span, keep it
//! as text, and parse that text again for each event. Two lines a token are an eighth of its cost.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Text inside a JSON string (RFC 8259 §7).
struct Escaped<'a>(&'a mut dyn fmt::Write);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
            let (plain, special) = rest.split_at(at);
            self.0.write_str(plain)?;
            let mut letters = special.chars();
            match letters.next() {
                Some('\n') => self.0.write_str("\\n")?,
                Some('\r') => self.0.write_str("\\r")?,
                Some('\t') => self.0.write_str("\\t")?,
                Some(letter @ ('"' | '\\')) => {
                    self.0.write_char('\\')?;
                    self.0.write_char(letter)?;
                }
                Some(letter) => write!(self.0, "\\u{:04x}", u32::from(letter))?,
                None => {}
            }
            rest = letters.as_str();
        }
        self.0.write_str(rest)
    }
}

/// Writes members of an object, without its braces.
struct Members<'a> {
    out: &'a mut dyn fmt::Write,
    first: bool,
    result: fmt::Result,
}

impl<'a> Members<'a> {
    const fn new(out: &'a mut dyn fmt::Write, first: bool) -> Self {
        Self { out, first, result: Ok(()) }
    }

    fn member(&mut self, field: &Field, value: impl FnOnce(&mut dyn fmt::Write) -> fmt::Result) {
        if self.result.is_err() {
            return;
        }
        let comma = if std::mem::replace(&mut self.first, false) { "" } else { "," };
        // Names of fields are identifiers, or literals of ours.
        let name = field.name();
        let name = name.strip_prefix("r#").unwrap_or(name);
        self.result = write!(self.out, "{comma}\"{name}\":").and_then(|()| value(self.out));
    }

    fn quoted(&mut self, field: &Field, text: impl FnOnce(&mut Escaped<'_>) -> fmt::Result) {
        self.member(field, |out| {
            out.write_char('"')?;
            text(&mut Escaped(out))?;
            out.write_char('"')
        });
    }

    fn plain(&mut self, field: &Field, value: impl fmt::Display) {
        self.member(field, |out| write!(out, "{value}"));
    }
}

impl Visit for Members<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() { self.plain(field, value) } else { self.plain(field, "null") }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.plain(field, value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.plain(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.quoted(field, |out| out.write_str(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.quoted(field, |out| write!(out, "{value:?}"));
    }
}

/// Fields of spans, kept as members without braces.
#[derive(Clone, Copy, Debug)]
pub struct Fields;

impl<'writer> FormatFields<'writer> for Fields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut members = Members::new(&mut writer, true);
        fields.record(&mut members);
        members.result
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        let first = current.fields.is_empty();
        let mut writer = current.as_writer();
        let mut members = Members::new(&mut writer, first);
        fields.record(&mut members);
        members.result
    }
}

/// Events: their own fields flat, the span around them as one member.
#[derive(Clone, Copy, Debug)]
pub struct Lines;

impl<S> FormatEvent<S, Fields> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, Fields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let about = event.metadata();
        writer.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut writer)?;
        write!(writer, "\",\"level\":\"{}\"", about.level())?;
        let mut members = Members::new(&mut writer, false);
        event.record(&mut members);
        members.result?;
        write!(writer, ",\"target\":\"{}\"", about.target())?;
        let parent = event.parent().and_then(|id| context.span(id)).or_else(|| context.lookup_current());
        if let Some(span) = parent {
            writer.write_str(",\"span\":{")?;
            let extensions = span.extensions();
            if let Some(fields) = extensions.get::<FormattedFields<Fields>>().filter(|fields| !fields.is_empty()) {
                write!(writer, "{fields},")?;
            }
            write!(writer, "\"name\":\"{}\"}}", span.name())?;
        }
        writer.write_str("}\n")
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Kept {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    /// What is written, parsed by somebody else.
    fn lines(said: impl FnOnce()) -> Vec<Value> {
        let kept = Kept::default();
        let builder = tracing_subscriber::fmt().fmt_fields(Fields).event_format(Lines).with_writer(kept.clone());
        tracing::subscriber::with_default(builder.finish(), said);
        let bytes = kept.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.ends_with('\n'));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn every_kind_of_value_is_json() {
        let odd = "a \"b\" \\ c\n\r\t\u{1}\u{7f} ä 🦀";
        let found = lines(|| {
            let error: &dyn std::error::Error = &io::Error::other("no \"way\"");
            tracing::warn!(
                odd,
                debug = ?odd,
                display = %odd,
                minus = -3,
                large = u64::MAX,
                half = 0.5,
                none = f64::NAN,
                yes = true,
                r#type = "t",
                error,
                absent = Option::<u8>::None,
                "said {odd}"
            );
        });
        let line = &found[0];
        for (name, value) in [
            ("level", json!("WARN")),
            ("odd", json!(odd)),
            ("debug", json!(format!("{odd:?}"))),
            ("display", json!(odd)),
            ("minus", json!(-3)),
            ("large", json!(u64::MAX)),
            ("half", json!(0.5)),
            ("none", Value::Null),
            ("yes", json!(true)),
            ("type", json!("t")),
            ("error", json!("no \"way\"")),
            ("message", json!(format!("said {odd}"))),
            ("target", json!(module_path!())),
        ] {
            assert_eq!(line[name], value, "{name}");
        }
        assert!(line.get("absent").is_none() && line.get("span").is_none());
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    fn the_span_around_an_event_is_one_member() {
        let found = lines(|| {
            let span = tracing::info_span!("request", id = "a\"b", later = tracing::field::Empty);
            span.in_scope(|| tracing::info!("before"));
            span.record("later", 7);
            span.in_scope(|| tracing::info!("after"));
            tracing::info_span!("bare").in_scope(|| tracing::info!("in"));
        });
        assert_eq!(found[0]["span"], json!({"id": "a\"b", "name": "request"}));
        assert_eq!(found[1]["span"], json!({"id": "a\"b", "later": 7, "name": "request"}));
        assert_eq!(found[2]["span"], json!({"name": "bare"}));
    }
}
