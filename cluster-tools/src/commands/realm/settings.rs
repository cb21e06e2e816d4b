//! The settings of a realm, as options.

use clap::Args;
use serde_json::{Map, Value};

/// How a realm behaves.
#[derive(Args)]
pub(super) struct Settings {
    /// What signs access tokens: ES256 or RS256.
    #[arg(long, value_name = "ALG")]
    access_token_alg: Option<String>,
    /// Profile of the tokens of clients that choose none: iam or wlcg.
    #[arg(long, value_name = "PROFILE")]
    default_profile: Option<String>,
    /// How long tokens are issued without a quorum, ms.
    #[arg(long, value_name = "MS")]
    grace_ms: Option<u64>,
    /// Lifetime of access tokens of clients that name none, s.
    #[arg(long, value_name = "SECONDS")]
    access_token_seconds: Option<u32>,
    /// The longest lifetime that a client's access tokens may have, s.
    #[arg(long, value_name = "SECONDS")]
    max_access_token_seconds: Option<u32>,
    /// Lifetime of refresh tokens of clients that name none, s.
    #[arg(long, value_name = "SECONDS")]
    refresh_token_seconds: Option<u32>,
    /// Lifetime of ID tokens of clients that name none, s.
    #[arg(long, value_name = "SECONDS")]
    id_token_seconds: Option<u32>,
    /// How long a session lives that nobody uses, s.
    #[arg(long, value_name = "SECONDS")]
    session_idle_seconds: Option<u32>,
    /// How long any session lives, s.
    #[arg(long, value_name = "SECONDS")]
    session_absolute_seconds: Option<u32>,
    /// Shortest password, in characters.
    #[arg(long, value_name = "NUMBER")]
    password_min_length: Option<u32>,
    /// A regular expression that passwords must match as a whole; an empty text unsets.
    #[arg(long, value_name = "REGEX")]
    password_pattern: Option<String>,
    /// Whether access tokens say when and how a person signed in.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    include_authn_info: Option<bool>,
    /// Whether no two people may have the same e-mail address.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    email_unique: Option<bool>,
}

impl Settings {
    /// Those that are named.
    pub(super) fn read(&self) -> Map<String, Value> {
        let text = |value: &Option<String>| value.as_deref().map(Value::from);
        let settings = [
            ("access_token_alg", text(&self.access_token_alg)),
            ("default_profile", text(&self.default_profile)),
            ("grace_ms", self.grace_ms.map(Value::from)),
            ("access_token_seconds", self.access_token_seconds.map(Value::from)),
            ("max_access_token_seconds", self.max_access_token_seconds.map(Value::from)),
            ("refresh_token_seconds", self.refresh_token_seconds.map(Value::from)),
            ("id_token_seconds", self.id_token_seconds.map(Value::from)),
            ("session_idle_seconds", self.session_idle_seconds.map(Value::from)),
            ("session_absolute_seconds", self.session_absolute_seconds.map(Value::from)),
            ("password_min_length", self.password_min_length.map(Value::from)),
            ("password_pattern", text(&self.password_pattern)),
            ("include_authn_info", self.include_authn_info.map(Value::from)),
            ("email_unique", self.email_unique.map(Value::from)),
        ];
        settings.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}
