//! The one place that decides: may this token be issued with these scopes to this client for this user now?

use raft_store_core::{Abort, Read, Revision, Stored, Timestamp};

use super::jti::GrantId;
use super::judge::{Asked, Case, OPENID, judge};
use super::person::Person;
use super::profile::Profile;
use crate::audience::Audience;
use crate::client::{AuthenticatedClient, Client, GrantType};
use crate::ids::{ClientId, UserId};
use crate::realm::{Realm, Realms};
use crate::scope::{ScopeList, ScopeRefused};
use crate::session::Amr;

/// About whom the token speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// The client itself.
    Client,
    /// A person who signed in.
    User(UserSubject),
}

/// A person who allowed a client to act for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSubject {
    /// Who.
    pub user: UserId,
    /// The grant that the token hangs on: it ends with it.
    pub grant: GrantId,
    /// When they proved who they are, cluster time in ms.
    pub auth_time_ms: u64,
    /// How they proved it.
    pub amr: Vec<Amr>,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// Who asks.
    pub client: &'a AuthenticatedClient,
    /// About whom.
    pub subject: Subject,
    /// By which grant.
    pub grant: GrantType,
    /// Which scopes. About the client itself: those asked for, none being all that [`crate::scope::offer`] has. About a
    /// person: those that the grant was made with (see [`super::preview`]), and an empty list is no scope at all.
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
    /// There is no such person any more.
    #[error("User is not active.")]
    UserGone,
    /// The person, by user name, is suspended, or their end time has passed.
    #[error("User {0} is not active.")]
    UserInactive(String),
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
    pub(super) signed_in: Option<SignedIn>,
    pub(super) scopes: ScopeList,
    pub(super) audience: Audience,
    pub(super) lifetime: u32,
    pub(super) profile: Profile,
    pub(super) nbf_offset: Option<u32>,
    pub(super) authn_info: bool,
    pub(super) id_lifetime: u32,
    pub(super) require_auth_time: bool,
    pub(super) now: Timestamp,
    pub(super) revision: Revision,
}

/// The person that a token is about, and how they signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SignedIn {
    pub(super) person: Person,
    pub(super) subject: UserSubject,
}

impl Permit {
    /// The scopes that were granted.
    #[must_use]
    pub const fn scopes(&self) -> &ScopeList {
        &self.scopes
    }

    /// Whether an ID token belongs to it: `openid` was granted, about a person.
    #[must_use]
    pub fn has_id_token(&self) -> bool {
        self.signed_in.is_some() && self.scopes.has(OPENID)
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

/// How long an access token lives, s.
pub(super) fn lifetime(client: &Client, realm: &Realm, expires_in: Option<u32>) -> u32 {
    let own = match client.access_token_validity_seconds {
        0 => realm.access_token_seconds,
        seconds => seconds,
    };
    own.min(realm.max_access_token_seconds).min(expires_in.unwrap_or(u32::MAX))
}

/// Decides. `realm` and the client are of the same `read`.
///
/// Whether the session and the grant behind a token about a person still count is for the caller to say.
///
/// # Errors
/// Inner: see [`IssueRefused`]. Outer: when storage fails.
pub fn decide(read: &impl Read, realm: &Stored<Realms>, ask: &Ask<'_>) -> Result<Result<Permit, IssueRefused>, Abort> {
    let (client, settings) = (ask.client.record(), &realm.row);
    if ask.client.realm() != &realm.key {
        return Err(Abort::corrupt("client of another realm"));
    }
    let subject = match &ask.subject {
        Subject::Client => None,
        Subject::User(subject) => Some(subject),
    };
    let nothing = ScopeList::default();
    let case = Case {
        client: ask.client.stored(),
        method: ask.client.method(),
        user: subject.map(|subject| subject.user),
        grant: ask.grant,
        asked: match subject {
            None => Asked::Request(ask.scopes),
            Some(_) => Asked::Grant(ask.scopes.unwrap_or(&nothing)),
        },
    };
    let judged = judge(read, realm, &case)?;
    let scopes = match judged.scopes() {
        Ok(scopes) => scopes,
        Err(refused) => return Ok(Err(refused)),
    };
    let nbf = judged.profile == Profile::Wlcg || settings.include_nbf;
    Ok(Ok(Permit {
        issuer: settings.issuer.clone(),
        client: ask.client.id().clone(),
        signed_in: judged.person.zip(subject).map(|(person, subject)| SignedIn { person, subject: subject.clone() }),
        scopes,
        audience: ask.audience.clone(),
        lifetime: lifetime(client, settings, ask.expires_in),
        profile: judged.profile,
        nbf_offset: nbf.then_some(settings.nbf_offset_seconds),
        authn_info: settings.include_authn_info,
        id_lifetime: match client.id_token_validity_seconds {
            0 => settings.id_token_seconds,
            seconds => seconds,
        },
        require_auth_time: client.require_auth_time,
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
