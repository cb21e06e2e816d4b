//! For whom a token is: `resource` (RFC 8707), `aud` and `audience`.

use url::Url;

/// Audiences in one token: a bound on its size.
pub const MAX_AUDIENCES: usize = 32;
/// Longest audience, in bytes.
pub const MAX_AUDIENCE_LEN: usize = 1024;

/// The audiences asked for, in order, none twice. Empty: none was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience(Vec<String>);

/// Why an audience was refused. All but [`AudienceFault::Malformed`] are RFC 8707's `invalid_target`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AudienceFault {
    /// A `resource` that is no absolute URI.
    #[error("Not a valid URI")]
    NotAUri,
    /// A `resource` with a query.
    #[error("The resource indicator contains a query component")]
    Query,
    /// A `resource` with a fragment.
    #[error("The resource indicator contains a fragment component")]
    Fragment,
    /// Too many values, or one too long.
    #[error("too many audiences, or one too long")]
    TooLarge,
    /// A character that has no place in an audience.
    #[error("audience holds a character that is not allowed")]
    Malformed,
}

impl Audience {
    /// Chooses among a request's parameters: the first of `resource`, `aud` and `audience` that is not empty. Each may
    /// be given several times, and each value is split at spaces.
    ///
    /// # Errors
    /// See [`AudienceFault`]. A `resource` must be an absolute URI without query or fragment.
    pub fn choose(resource: &[&str], aud: &[&str], audience: &[&str]) -> Result<Self, AudienceFault> {
        let resource = Self::collect(resource)?;
        for value in &resource.0 {
            check_resource(value)?;
        }
        if !resource.0.is_empty() {
            return Ok(resource);
        }
        let aud = Self::collect(aud)?;
        if aud.0.is_empty() { Self::collect(audience) } else { Ok(aud) }
    }

    fn collect(values: &[&str]) -> Result<Self, AudienceFault> {
        let mut out: Vec<String> = Vec::new();
        for value in values.iter().flat_map(|text| text.split(' ')).filter(|value| !value.is_empty()) {
            if value.len() > MAX_AUDIENCE_LEN || out.len() == MAX_AUDIENCES {
                return Err(AudienceFault::TooLarge);
            }
            if value.chars().any(|c| c.is_control() || c.is_whitespace()) {
                return Err(AudienceFault::Malformed);
            }
            if !out.iter().any(|seen| seen == value) {
                out.push(value.to_owned());
            }
        }
        Ok(Self(out))
    }

    /// What was chosen and granted before, from a record.
    pub(crate) fn granted(values: &[String]) -> Self {
        Self(values.to_vec())
    }

    /// The values.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.0
    }
}

fn check_resource(value: &str) -> Result<(), AudienceFault> {
    if value.contains('#') {
        return Err(AudienceFault::Fragment);
    }
    if value.contains('?') {
        return Err(AudienceFault::Query);
    }
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(AudienceFault::NotAUri);
    }
    Url::parse(value).map(|_| ()).map_err(|_| AudienceFault::NotAUri)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chosen(resource: &[&str], aud: &[&str], audience: &[&str]) -> Result<String, AudienceFault> {
        Audience::choose(resource, aud, audience).map(|chosen| chosen.values().join(" "))
    }

    #[test]
    fn the_first_that_is_not_empty_counts() {
        assert_eq!(chosen(&["https://a"], &["b"], &["c"]).unwrap(), "https://a");
        assert_eq!(chosen(&[""], &["b d"], &["c"]).unwrap(), "b d");
        assert_eq!(chosen(&[], &[" "], &["c", "e c"]).unwrap(), "c e");
        assert_eq!(chosen(&[], &[], &[]).unwrap(), "");
        assert_eq!(chosen(&["https://a", "condor://h"], &[], &[]).unwrap(), "https://a condor://h");
    }

    #[test]
    fn resources_are_absolute_uris_without_query_and_fragment() {
        for (bad, why) in [
            ("a", AudienceFault::NotAUri),
            ("//a", AudienceFault::NotAUri),
            ("https://a?b", AudienceFault::Query),
            ("https://a#b", AudienceFault::Fragment),
            ("https://ä", AudienceFault::NotAUri),
        ] {
            assert_eq!(chosen(&[bad], &["x"], &[]), Err(why), "{bad}");
        }
    }

    #[test]
    fn size_is_bounded() {
        let many = vec!["a"; 40].iter().enumerate().map(|(i, a)| format!("{a}{i}")).collect::<Vec<_>>().join(" ");
        assert_eq!(chosen(&[], &[&many], &[]), Err(AudienceFault::TooLarge));
        assert_eq!(chosen(&[], &[], &[&"a".repeat(MAX_AUDIENCE_LEN + 1)]), Err(AudienceFault::TooLarge));
        assert_eq!(chosen(&[], &["a\nb"], &[]), Err(AudienceFault::Malformed));
    }

    proptest! {
        #[test]
        fn any_audience_is_a_list_of_single_words_or_refused(resource in ".{0,60}", aud in ".{0,60}", other in ".{0,60}") {
            if let Ok(chosen) = Audience::choose(&[&resource], &[&aud], &[&other]) {
                prop_assert!(chosen.values().iter().all(|value| !value.is_empty() && !value.contains(char::is_whitespace)));
            }
        }
    }
}
