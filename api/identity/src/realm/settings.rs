//! How a realm behaves: chosen at its creation, changed one by one.

use raft_store_core::Abort;
use regex::RegexBuilder;

use super::record::Realm;
use crate::keys::SigningAlg;
use crate::token::Profile;

/// A realm's settings, as they are chosen at creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// See [`Realm::access_token_alg`].
    pub access_token_alg: SigningAlg,
    /// See [`Realm::grace_ms`]; at most [`Settings::MAX_GRACE_MS`].
    pub grace_ms: u64,
    /// See [`Realm::default_profile`].
    pub default_profile: Profile,
    /// See [`Realm::include_nbf`].
    pub include_nbf: bool,
    /// See [`Realm::nbf_offset_seconds`]; at most [`Settings::MAX_NBF_OFFSET`].
    pub nbf_offset_seconds: u32,
    /// See [`Realm::jwks_max_age_seconds`].
    pub jwks_max_age_seconds: u32,
    /// See [`Realm::access_token_seconds`].
    pub access_token_seconds: u32,
    /// See [`Realm::max_access_token_seconds`]; at most [`Settings::MAX_ACCESS_TOKEN`].
    pub max_access_token_seconds: u32,
    /// See [`Realm::email_unique`]. Addresses that are already shared stay so.
    pub email_unique: bool,
    /// See [`Realm::password_min_length`]; [`Settings::MIN_PASSWORD`] to [`Settings::MAX_MIN_PASSWORD`].
    pub password_min_length: u32,
    /// See [`Realm::password_pattern`]; at most [`Settings::MAX_PATTERN`] bytes. Binds the next password, not those
    /// that are set.
    pub password_pattern: String,
    /// See [`Realm::session_idle_seconds`]; at most the absolute lifetime.
    pub session_idle_seconds: u32,
    /// See [`Realm::session_absolute_seconds`]; at most [`Settings::MAX_SESSION`].
    pub session_absolute_seconds: u32,
    /// See [`Realm::refresh_token_seconds`]; at most [`Settings::MAX_REFRESH_TOKEN`].
    pub refresh_token_seconds: u32,
    /// See [`Realm::id_token_seconds`]; at most [`Settings::MAX_ID_TOKEN`].
    pub id_token_seconds: u32,
    /// See [`Realm::include_authn_info`].
    pub include_authn_info: bool,
}

/// The settings to change; those that are `None` stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Settings`, which documents them")]
pub struct SettingsPatch {
    pub access_token_alg: Option<SigningAlg>,
    pub grace_ms: Option<u64>,
    pub default_profile: Option<Profile>,
    pub include_nbf: Option<bool>,
    pub nbf_offset_seconds: Option<u32>,
    pub jwks_max_age_seconds: Option<u32>,
    pub access_token_seconds: Option<u32>,
    pub max_access_token_seconds: Option<u32>,
    pub email_unique: Option<bool>,
    pub password_min_length: Option<u32>,
    pub password_pattern: Option<String>,
    pub session_idle_seconds: Option<u32>,
    pub session_absolute_seconds: Option<u32>,
    pub refresh_token_seconds: Option<u32>,
    pub id_token_seconds: Option<u32>,
    pub include_authn_info: Option<bool>,
}

impl Settings {
    /// A minute: the time in which a suspension may be missed at a cut-off replica.
    pub const MAX_GRACE_MS: u64 = 60_000;
    /// Ten minutes: more than any sane clock differs.
    pub const MAX_NBF_OFFSET: u32 = 600;
    /// A day: relying parties must learn of a new key within the time it waits before it signs.
    pub const MAX_JWKS_AGE: u32 = 86_400;
    /// 30 days: revocations are kept until the token's end.
    pub const MAX_ACCESS_TOKEN: u32 = 2_592_000;
    /// The least that NIST SP 800-63B allows.
    pub const MIN_PASSWORD: u32 = 8;
    /// NIST SP 800-63B: passwords of 64 characters must be possible.
    pub const MAX_MIN_PASSWORD: u32 = 64;
    /// Bytes of a pattern: it is compiled for every password that is set.
    pub const MAX_PATTERN: usize = 512;
    /// Bytes of the compiled pattern: bounds its memory.
    pub(crate) const MAX_COMPILED_PATTERN: usize = 64 * 1024;
    /// 30 days: NIST SP 800-63B's longest time between two logins.
    pub const MAX_SESSION: u32 = 2_592_000;
    /// 400 days: the longest refresh token of the WLCG profile.
    pub const MAX_REFRESH_TOKEN: u32 = 34_560_000;
    /// A day: what a client takes from an ID token, it takes at once.
    pub const MAX_ID_TOKEN: u32 = 86_400;

    /// The first setting that lies outside its limits.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let limits = [
            ("grace_ms", self.grace_ms <= Self::MAX_GRACE_MS),
            ("nbf_offset_seconds", self.nbf_offset_seconds <= Self::MAX_NBF_OFFSET),
            ("jwks_max_age_seconds", self.jwks_max_age_seconds <= Self::MAX_JWKS_AGE),
            ("max_access_token_seconds", (1..=Self::MAX_ACCESS_TOKEN).contains(&self.max_access_token_seconds)),
            ("access_token_seconds", (1..=self.max_access_token_seconds).contains(&self.access_token_seconds)),
            ("password_min_length", (Self::MIN_PASSWORD..=Self::MAX_MIN_PASSWORD).contains(&self.password_min_length)),
            ("password_pattern", self.password_pattern.is_empty() || pattern(&self.password_pattern).is_some()),
            ("session_absolute_seconds", (1..=Self::MAX_SESSION).contains(&self.session_absolute_seconds)),
            ("session_idle_seconds", (1..=self.session_absolute_seconds).contains(&self.session_idle_seconds)),
            ("refresh_token_seconds", (1..=Self::MAX_REFRESH_TOKEN).contains(&self.refresh_token_seconds)),
            ("id_token_seconds", (1..=Self::MAX_ID_TOKEN).contains(&self.id_token_seconds)),
        ];
        limits.iter().find(|(_, holds)| !holds).map(|(name, _)| *name)
    }

    /// Writes every setting into the record.
    pub(super) fn write_to(&self, row: &mut Realm) {
        row.access_token_alg = self.access_token_alg.stored();
        row.grace_ms = self.grace_ms;
        row.default_profile = self.default_profile.stored();
        row.include_nbf = self.include_nbf;
        row.nbf_offset_seconds = self.nbf_offset_seconds;
        row.jwks_max_age_seconds = self.jwks_max_age_seconds;
        row.access_token_seconds = self.access_token_seconds;
        row.max_access_token_seconds = self.max_access_token_seconds;
        row.email_unique = self.email_unique;
        row.password_min_length = self.password_min_length;
        row.password_pattern.clone_from(&self.password_pattern);
        row.session_idle_seconds = self.session_idle_seconds;
        row.session_absolute_seconds = self.session_absolute_seconds;
        row.refresh_token_seconds = self.refresh_token_seconds;
        row.id_token_seconds = self.id_token_seconds;
        row.include_authn_info = self.include_authn_info;
    }
}

impl Realm {
    /// Its settings, all of them.
    ///
    /// # Errors
    /// When the record holds a value this version does not know.
    pub fn settings(&self) -> Result<Settings, Abort> {
        Ok(Settings {
            access_token_alg: self.access_token_alg()?,
            grace_ms: self.grace_ms,
            default_profile: self.default_profile()?,
            include_nbf: self.include_nbf,
            nbf_offset_seconds: self.nbf_offset_seconds,
            jwks_max_age_seconds: self.jwks_max_age_seconds,
            access_token_seconds: self.access_token_seconds,
            max_access_token_seconds: self.max_access_token_seconds,
            email_unique: self.email_unique,
            password_min_length: self.password_min_length,
            password_pattern: self.password_pattern.clone(),
            session_idle_seconds: self.session_idle_seconds,
            session_absolute_seconds: self.session_absolute_seconds,
            refresh_token_seconds: self.refresh_token_seconds,
            id_token_seconds: self.id_token_seconds,
            include_authn_info: self.include_authn_info,
        })
    }
}

impl SettingsPatch {
    /// `settings` with these changed.
    #[must_use]
    pub fn over(&self, settings: Settings) -> Settings {
        Settings {
            access_token_alg: self.access_token_alg.unwrap_or(settings.access_token_alg),
            grace_ms: self.grace_ms.unwrap_or(settings.grace_ms),
            default_profile: self.default_profile.unwrap_or(settings.default_profile),
            include_nbf: self.include_nbf.unwrap_or(settings.include_nbf),
            nbf_offset_seconds: self.nbf_offset_seconds.unwrap_or(settings.nbf_offset_seconds),
            jwks_max_age_seconds: self.jwks_max_age_seconds.unwrap_or(settings.jwks_max_age_seconds),
            access_token_seconds: self.access_token_seconds.unwrap_or(settings.access_token_seconds),
            max_access_token_seconds: self.max_access_token_seconds.unwrap_or(settings.max_access_token_seconds),
            email_unique: self.email_unique.unwrap_or(settings.email_unique),
            password_min_length: self.password_min_length.unwrap_or(settings.password_min_length),
            password_pattern: self.password_pattern.clone().unwrap_or(settings.password_pattern),
            session_idle_seconds: self.session_idle_seconds.unwrap_or(settings.session_idle_seconds),
            session_absolute_seconds: self.session_absolute_seconds.unwrap_or(settings.session_absolute_seconds),
            refresh_token_seconds: self.refresh_token_seconds.unwrap_or(settings.refresh_token_seconds),
            id_token_seconds: self.id_token_seconds.unwrap_or(settings.id_token_seconds),
            include_authn_info: self.include_authn_info.unwrap_or(settings.include_authn_info),
        }
    }
}

impl Default for Settings {
    /// INDIGO's values where it has them; the WLCG profile's six hours as the longest access token.
    fn default() -> Self {
        Self {
            access_token_alg: SigningAlg::Es256,
            grace_ms: 10_000,
            default_profile: Profile::Iam,
            include_nbf: false,
            nbf_offset_seconds: 60,
            jwks_max_age_seconds: 21_600,
            access_token_seconds: 3_600,
            max_access_token_seconds: 21_600,
            email_unique: true,
            password_min_length: Self::MIN_PASSWORD,
            password_pattern: String::new(),
            session_idle_seconds: 1_800,
            session_absolute_seconds: 43_200,
            refresh_token_seconds: 2_592_000,
            id_token_seconds: 600,
            include_authn_info: false,
        }
    }
}

/// A password pattern, compiled; it must match the whole password. `None`: it is none, or too large.
pub(crate) fn pattern(text: &str) -> Option<regex::Regex> {
    if text.len() > Settings::MAX_PATTERN {
        return None;
    }
    let compiled = |text: &str| {
        RegexBuilder::new(text)
            .size_limit(Settings::MAX_COMPILED_PATTERN)
            .dfa_size_limit(Settings::MAX_COMPILED_PATTERN)
            .build()
            .ok()
    };
    // By itself first: `a)|(b` is none, and would be one between the anchors.
    compiled(text)?;
    compiled(&format!(r"\A(?:{text})\z"))
}
