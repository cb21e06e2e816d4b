//! Moments on the command line.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A moment in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) u64);

/// A moment, or the lack of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Then.
    At(Moment),
    /// There is none.
    Never,
}

/// Reads a moment as RFC 3339 writes it.
pub(crate) fn moment(text: &str) -> Result<Moment, String> {
    let wrong = || "a moment such as 2027-01-31T12:00:00Z is needed".to_owned();
    let read = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| wrong())?;
    let millis = read.unix_timestamp_nanos() / 1_000_000;
    // Zero means "not set" in the records.
    u64::try_from(millis).ok().filter(|millis| *millis > 0).map(Moment).ok_or_else(wrong)
}

/// Reads a moment, or `never`.
pub(crate) fn end(text: &str) -> Result<End, String> {
    if text == "never" { Ok(End::Never) } else { moment(text).map(End::At) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_rfc_3339() {
        assert_eq!(moment("1970-01-01T00:00:01.5Z"), Ok(Moment(1500)));
        assert_eq!(moment("1970-01-01T01:00:01+01:00"), Ok(Moment(1000)));
        for bad in ["", "never", "2027-01-31", "1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z", "12"] {
            assert!(moment(bad).is_err(), "{bad}");
        }
        assert_eq!(end("never"), Ok(End::Never));
    }
}
