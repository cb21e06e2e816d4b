//! The settings of a realm in a body.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use woad_http::Problem;
use woad_identity::keys::SigningAlg;
use woad_identity::realm::{Settings, SettingsPatch};
use woad_identity::token::Profile;

use crate::call::given;

/// Settings to set; those that are `None` stay, or are the defaults of a new realm.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WantedSettings {
    #[serde(deserialize_with = "given")]
    access_token_alg: Option<String>,
    #[serde(deserialize_with = "given")]
    grace_ms: Option<u64>,
    #[serde(deserialize_with = "given")]
    default_profile: Option<String>,
    #[serde(deserialize_with = "given")]
    include_nbf: Option<bool>,
    #[serde(deserialize_with = "given")]
    include_authn_info: Option<bool>,
    #[serde(deserialize_with = "given")]
    nbf_offset_seconds: Option<u32>,
    #[serde(deserialize_with = "given")]
    jwks_max_age_seconds: Option<u32>,
    #[serde(deserialize_with = "given")]
    access_token_seconds: Option<u32>,
    #[serde(deserialize_with = "given")]
    max_access_token_seconds: Option<u32>,
    #[serde(deserialize_with = "given")]
    email_unique: Option<bool>,
    #[serde(deserialize_with = "given")]
    password_min_length: Option<u32>,
    #[serde(deserialize_with = "given")]
    password_pattern: Option<String>,
    #[serde(deserialize_with = "given")]
    session_idle_seconds: Option<u32>,
    #[serde(deserialize_with = "given")]
    session_absolute_seconds: Option<u32>,
    #[serde(deserialize_with = "given")]
    refresh_token_seconds: Option<u32>,
    #[serde(deserialize_with = "given")]
    id_token_seconds: Option<u32>,
}

fn invalid(text: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, text).of_kind("invalid-realm")
}

impl WantedSettings {
    /// Understands the words. Whether the numbers are possible is the domain's to say.
    pub(super) fn parse(self) -> Result<SettingsPatch, Problem> {
        let alg = self
            .access_token_alg
            .map(|name| SigningAlg::by_name(&name).ok_or_else(|| invalid("access_token_alg must be ES256 or RS256")));
        let profile = self
            .default_profile
            .map(|name| Profile::by_name(&name).ok_or_else(|| invalid("default_profile must be iam or wlcg")));
        Ok(SettingsPatch {
            access_token_alg: alg.transpose()?,
            default_profile: profile.transpose()?,
            grace_ms: self.grace_ms,
            include_nbf: self.include_nbf,
            include_authn_info: self.include_authn_info,
            nbf_offset_seconds: self.nbf_offset_seconds,
            jwks_max_age_seconds: self.jwks_max_age_seconds,
            access_token_seconds: self.access_token_seconds,
            max_access_token_seconds: self.max_access_token_seconds,
            email_unique: self.email_unique,
            password_min_length: self.password_min_length,
            password_pattern: self.password_pattern,
            session_idle_seconds: self.session_idle_seconds,
            session_absolute_seconds: self.session_absolute_seconds,
            refresh_token_seconds: self.refresh_token_seconds,
            id_token_seconds: self.id_token_seconds,
        })
    }
}

/// Settings as they are shown.
#[derive(Serialize)]
pub(super) struct SettingsView {
    access_token_alg: &'static str,
    grace_ms: u64,
    default_profile: &'static str,
    include_nbf: bool,
    include_authn_info: bool,
    nbf_offset_seconds: u32,
    jwks_max_age_seconds: u32,
    access_token_seconds: u32,
    max_access_token_seconds: u32,
    email_unique: bool,
    password_min_length: u32,
    password_pattern: String,
    session_idle_seconds: u32,
    session_absolute_seconds: u32,
    refresh_token_seconds: u32,
    id_token_seconds: u32,
}

impl From<Settings> for SettingsView {
    fn from(settings: Settings) -> Self {
        Self {
            access_token_alg: settings.access_token_alg.name(),
            grace_ms: settings.grace_ms,
            default_profile: settings.default_profile.name(),
            include_nbf: settings.include_nbf,
            include_authn_info: settings.include_authn_info,
            nbf_offset_seconds: settings.nbf_offset_seconds,
            jwks_max_age_seconds: settings.jwks_max_age_seconds,
            access_token_seconds: settings.access_token_seconds,
            max_access_token_seconds: settings.max_access_token_seconds,
            email_unique: settings.email_unique,
            password_min_length: settings.password_min_length,
            password_pattern: settings.password_pattern,
            session_idle_seconds: settings.session_idle_seconds,
            session_absolute_seconds: settings.session_absolute_seconds,
            refresh_token_seconds: settings.refresh_token_seconds,
            id_token_seconds: settings.id_token_seconds,
        }
    }
}
