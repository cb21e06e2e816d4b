//! The closed lists in a client's record.

use raft_store_core::Abort;

macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident, $what:literal, $($(#[$vdoc:meta])* $variant:ident = $stored:literal, $text:literal;)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// By its name on the wire, in exactly this case.
            #[must_use]
            pub fn by_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)*
                    _ => None,
                }
            }

            pub(crate) const fn stored(self) -> i32 {
                match self {
                    $(Self::$variant => $stored,)*
                }
            }

            pub(crate) fn from_stored(value: i32) -> Result<Self, Abort> {
                match value {
                    $($stored => Ok(Self::$variant),)*
                    _ => Err(Abort::corrupt($what)),
                }
            }
        }
    };
}

kinds!(
    /// How a token is asked for. All that INDIGO can store, also those that are not served.
    GrantType, "grant type",
    /// RFC 6749 §4.1.
    AuthorizationCode = 1, "authorization_code";
    /// RFC 6749 §4.2.
    Implicit = 2, "implicit";
    /// RFC 6749 §6.
    RefreshToken = 3, "refresh_token";
    /// RFC 6749 §4.4.
    ClientCredentials = 4, "client_credentials";
    /// RFC 6749 §4.3.
    Password = 5, "password";
    /// RFC 8693.
    TokenExchange = 6, "urn:ietf:params:oauth:grant-type:token-exchange";
    /// RFC 8628.
    DeviceCode = 7, "urn:ietf:params:oauth:grant-type:device_code";
    /// RFC 7523 §2.1.
    JwtBearer = 8, "urn:ietf:params:oauth:grant-type:jwt-bearer";
    /// Chained tokens of INDIGO's ancestor; its underscore is part of the name.
    Redelegate = 9, "urn:ietf:params:oauth:grant_type:redelegate";
);

kinds!(
    /// How a client proves who it is (RFC 7591 §2).
    AuthMethod, "client authentication method",
    /// HTTP Basic.
    ClientSecretBasic = 1, "client_secret_basic";
    /// In the form.
    ClientSecretPost = 2, "client_secret_post";
    /// An assertion signed with the secret.
    ClientSecretJwt = 3, "client_secret_jwt";
    /// An assertion signed with a registered key.
    PrivateKeyJwt = 4, "private_key_jwt";
    /// Not at all: a public client.
    None = 5, "none";
);

impl AuthMethod {
    /// Whether it rests on a shared secret.
    #[must_use]
    pub const fn needs_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt)
    }
}

kinds!(
    /// What the authorization endpoint answers.
    ResponseType, "response type",
    /// A code.
    Code = 1, "code";
    /// A token.
    Token = 2, "token";
    /// An id token.
    IdToken = 3, "id_token";
    /// Both tokens.
    IdTokenToken = 4, "id_token token";
    /// A code and an id token.
    CodeIdToken = 5, "code id_token";
    /// A code and a token.
    CodeToken = 6, "code token";
    /// All three.
    CodeIdTokenToken = 7, "code id_token token";
);

kinds!(
    /// Which PKCE method a client must use (RFC 7636).
    CodeChallengeMethod, "code challenge method",
    /// No requirement.
    None = 1, "none";
    /// The verifier itself.
    Plain = 2, "plain";
    /// Its SHA-256.
    S256 = 3, "S256";
);
