//! The one place that decides: may this token be issued with these scopes to this client for this user now?

use raft_store_core::{Abort, Read, Revision, Stored, Timestamp};

use super::jti::GrantId;
use super::profile::Profile;
use crate::audience::Audience;
use crate::client::{AuthMethod, AuthenticatedClient, GrantType};
use crate::ids::ClientId;
use crate::realm::Realms;
use crate::scope::{ScopeList, ScopeRefused, grant};

/// About whom the token speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// The client itself.
    Client,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Who asks.
    pub client: &'a AuthenticatedClient,
    /// About whom.
    pub subject: Subject,
    /// By which grant.
    pub grant: GrantType,
    /// Which scopes; none asked: see [`crate::scope::grant`].
    pub scopes: Option<&'a ScopeList>,
    /// For whom.
    pub audience: &'a Audience,
    /// For how long, s (see [`parse_expires_in`]); may only shorten.
    pub expires_in: Option<u32>,
}

/// Why no token is issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueRefused {
    /// The client is disabled.
    #[error("client suspended")]
    Suspended,
    /// The client may not use this grant.
    #[error("Unauthorized grant type: {}", .0.name())]
    Grant(GrantType),
    /// A client that proves nothing asks for a token about itself (RFC 6749 §4.4).
    #[error("a public client cannot use this grant")]
    PublicClient,
    /// The scopes.
    #[error(transparent)]
    Scope(#[from] ScopeRefused),
    /// The client's scopes choose a profile that is not served.
    #[error("profile '{0}' is not available")]
    Profile(&'static str),
    /// With so many scopes and audiences the token would be too large to be used.
    #[error("the token would be too large: ask for fewer scopes or audiences")]
    TooLarge,
}

/// A decision that a token may be issued, at one state and time. Can only be had from [`decide`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    pub(super) issuer: String,
    pub(super) client: ClientId,
    pub(super) subject: Subject,
    pub(super) grant: Option<GrantId>,
    pub(super) scopes: ScopeList,
    pub(super) audience: Audience,
    pub(super) lifetime: u32,
    pub(super) profile: Profile,
    pub(super) nbf_offset: Option<u32>,
    pub(super) now: Timestamp,
    pub(super) revision: Revision,
}

impl Permit {
    /// The scopes that were granted.
    #[must_use]
    pub const fn scopes(&self) -> &ScopeList {
        &self.scopes
    }
}

/// `expires_in` was no number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expires_in is not a positive number of seconds")]
pub struct InvalidExpiresIn;

/// Reads the `expires_in` parameter: a positive decimal number.
///
/// # Errors
/// When it is anything else.
pub fn parse_expires_in(text: &str) -> Result<u32, InvalidExpiresIn> {
    if text.is_empty() || text.len() > 10 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidExpiresIn);
    }
    let seconds: u64 = text.parse().map_err(|_| InvalidExpiresIn)?;
    // What exceeds the type exceeds every lifetime, and the parameter may only shorten.
    if seconds == 0 { Err(InvalidExpiresIn) } else { Ok(u32::try_from(seconds).unwrap_or(u32::MAX)) }
}

/// Decides. `realm` and the client are of the same `read`.
///
/// # Errors
/// Inner: see [`IssueRefused`]. Outer: when storage fails.
pub fn decide(read: &impl Read, realm: &Stored<Realms>, ask: &Ask<'_>) -> Result<Result<Permit, IssueRefused>, Abort> {
    let (client, settings) = (ask.client.record(), &realm.row);
    if ask.client.realm() != &realm.key {
        return Err(Abort::corrupt("client of another realm"));
    }
    if !client.active {
        return Ok(Err(IssueRefused::Suspended));
    }
    if ask.grant != GrantType::ClientCredentials || !client.may_use(ask.grant) {
        return Ok(Err(IssueRefused::Grant(ask.grant)));
    }
    if ask.client.method() == AuthMethod::None {
        return Ok(Err(IssueRefused::PublicClient));
    }
    let held = client.scopes()?;
    let scopes = match grant(&held, ask.scopes) {
        Ok(scopes) => scopes,
        Err(refused) => return Ok(Err(refused.into())),
    };
    let profile = match Profile::choose(&held, settings.default_profile()?) {
        Ok(profile) => profile,
        Err(name) => return Ok(Err(IssueRefused::Profile(name))),
    };
    let own = match client.access_token_validity_seconds {
        0 => settings.access_token_seconds,
        seconds => seconds,
    };
    let lifetime = own.min(settings.max_access_token_seconds).min(ask.expires_in.unwrap_or(u32::MAX));
    let nbf = profile == Profile::Wlcg || settings.include_nbf;
    Ok(Ok(Permit {
        issuer: settings.issuer.clone(),
        client: ask.client.id().clone(),
        subject: ask.subject,
        grant: None,
        scopes,
        audience: ask.audience.clone(),
        lifetime,
        profile,
        nbf_offset: nbf.then_some(settings.nbf_offset_seconds),
        now: read.now(),
        revision: read.revision(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expires_in_is_a_positive_number() {
        assert_eq!(parse_expires_in("1"), Ok(1));
        assert_eq!(parse_expires_in("9999999999"), Ok(u32::MAX));
        for bad in ["", "0", "00", "-1", "+1", "1.5", "abc", "1e3", " 1", "99999999999", "١"] {
            assert_eq!(parse_expires_in(bad), Err(InvalidExpiresIn), "{bad:?}");
        }
    }
}
