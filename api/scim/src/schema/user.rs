//! `User` (RFC 7643 §4.1), and what INDIGO IAM adds to it.

use super::Schema;
use super::attribute::Attribute;

const NAME: [Attribute; 6] = [
    Attribute::string("formatted", "The whole name, where it was given as such"),
    Attribute::string("familyName", "The family name"),
    Attribute::string("givenName", "The given name"),
    Attribute::string("middleName", "The middle names"),
    Attribute::string("honorificPrefix", "What stands before the name, such as a title"),
    Attribute::string("honorificSuffix", "What stands behind the name"),
];

const PRIMARY: Attribute = Attribute::boolean("primary", "Whether it is the one that counts; true once at most");
const DISPLAY: Attribute = Attribute::string("display", "For people");

const EMAILS: [Attribute; 4] = [
    Attribute::string("value", "The address (RFC 5321)").required(),
    DISPLAY,
    Attribute::string("type", "What it is for").suggests(&["work", "home", "other"]),
    PRIMARY,
];

const PHONES: [Attribute; 4] = [
    Attribute::string("value", "The number").required(),
    DISPLAY,
    Attribute::string("type", "What it is for").suggests(&["work", "home", "mobile", "fax", "pager", "other"]),
    PRIMARY,
];

const PHOTOS: [Attribute; 4] = [
    Attribute::reference("value", &["external"], "The picture's http or https URL").required(),
    DISPLAY,
    Attribute::string("type", "What it is for").suggests(&["photo", "thumbnail"]),
    PRIMARY,
];

const ADDRESSES: [Attribute; 8] = [
    Attribute::string("formatted", "The whole address, in lines"),
    Attribute::string("streetAddress", "Street and number"),
    Attribute::string("locality", "The town"),
    Attribute::string("region", "The state or region"),
    Attribute::string("postalCode", "The postal code"),
    Attribute::string("country", "The country, as an ISO 3166-1 alpha-2 code"),
    Attribute::string("type", "What it is for").suggests(&["work", "home", "other"]),
    PRIMARY,
];

const USER_GROUPS: [Attribute; 4] = [
    Attribute::string("value", "The group's id").read_only().exact(),
    Attribute::reference("$ref", &["Group"], "The group's URI").read_only(),
    Attribute::string("display", "The group's full name").read_only(),
    Attribute::string("type", "Always direct: whoever is in a group is also in those above it")
        .read_only()
        .suggests(&["direct"]),
];

/// The core schema.
pub(crate) static USER: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    description: "A person",
    attributes: &[
        Attribute::string(
            "userName",
            "What they sign in as; unique in any case, width and normal form; at most 128 characters",
        )
        .required()
        .unique(),
        Attribute::complex("name", &NAME, "The parts of the name"),
        Attribute::string("displayName", "The name to show"),
        Attribute::string("nickName", "How they are called"),
        Attribute::reference("profileUrl", &["external"], "The http or https URL of a page about them"),
        Attribute::string("title", "Their title, such as \"Vice President\""),
        Attribute::string("userType", "Their relation to the organisation, such as \"Contractor\""),
        Attribute::string("preferredLanguage", "Their languages, as in Accept-Language"),
        Attribute::string("locale", "Their locale, as a language tag (RFC 5646)"),
        Attribute::string("timezone", "Their time zone, by its IANA name"),
        Attribute::boolean(
            "active",
            "Whether they may sign in and hold tokens. True if a create does not say; kept if a replacement does not",
        )
        .required(),
        Attribute::string("password", "Their password; setting it ends their sessions and tokens").secret(),
        Attribute::complex("emails", &EMAILS, "Their e-mail addresses, at most 10").many(),
        Attribute::complex("phoneNumbers", &PHONES, "Their telephone numbers, at most 10").many(),
        Attribute::complex("photos", &PHOTOS, "Pictures of them, at most 10").many(),
        Attribute::complex("addresses", &ADDRESSES, "Their postal addresses, at most 10").many(),
        Attribute::complex("groups", &USER_GROUPS, "The groups they are in now; changed at the groups")
            .many()
            .read_only(),
    ],
};

const OIDC_IDS: [Attribute; 2] = [
    Attribute::string("issuer", "The provider's issuer").read_only().exact(),
    Attribute::string("subject", "The subject there").read_only().exact(),
];

const SAML_IDS: [Attribute; 3] = [
    Attribute::string("idpId", "The provider's entity id").read_only().exact(),
    Attribute::string("attributeId", "The SAML attribute that tells people apart there").read_only().exact(),
    Attribute::string("userId", "Its value").read_only().exact(),
];

const SSH_KEYS: [Attribute; 6] = [
    Attribute::string("display", "For people").read_only(),
    Attribute::boolean("primary", "Whether it is the one that counts").read_only(),
    Attribute::string("value", "Type and key, without comment").read_only().exact(),
    Attribute::string("fingerprint", "Base64 of the key's SHA-256").read_only().exact(),
    Attribute::date_time("created", "When it was added").read_only(),
    Attribute::date_time("lastModified", "When it was changed last").read_only(),
];

const CERTIFICATES: [Attribute; 7] = [
    Attribute::boolean("primary", "Whether it is the one that counts").read_only(),
    Attribute::string("subjectDn", "The subject (RFC 2253)").read_only().exact(),
    Attribute::string("issuerDn", "The issuer (RFC 2253)").read_only().exact(),
    Attribute::string("pemEncodedCertificate", "The certificate, where it was given").read_only().exact().on_request(),
    Attribute::string("display", "For people").read_only(),
    Attribute::date_time("created", "When it was added").read_only(),
    Attribute::date_time("lastModified", "When it was changed last").read_only(),
];

const USER_ATTRIBUTES: [Attribute; 2] = [
    Attribute::string("name", "Its name, unique in the record").read_only().exact(),
    Attribute::string("value", "Its value").read_only().exact(),
];

/// Labels of people and of groups.
pub(super) const LABELS: [Attribute; 3] = [
    Attribute::string("prefix", "A domain name, or nothing").read_only().exact(),
    Attribute::string("name", "With the prefix unique in the record").read_only().exact(),
    Attribute::string("value", "Its value, or nothing").read_only().exact(),
];

/// What INDIGO IAM adds. All but the affiliation is changed elsewhere.
pub(crate) static INDIGO_USER: Schema = Schema {
    id: "urn:indigo-dc:scim:schemas:IndigoUser",
    name: "IndigoUser",
    description: "What INDIGO IAM adds to a user",
    attributes: &[
        Attribute::string("affiliation", "Their institute"),
        Attribute::boolean("serviceAccount", "True for a program with an account; absent for a person").read_only(),
        Attribute::date_time("endTime", "When the account ends").read_only(),
        Attribute::date_time("aupSignatureTime", "When they last signed the usage policy").read_only(),
        Attribute::complex("oidcIds", &OIDC_IDS, "Their identities at OpenID providers").many().read_only(),
        Attribute::complex("samlIds", &SAML_IDS, "Their identities at SAML providers").many().read_only(),
        Attribute::complex("sshKeys", &SSH_KEYS, "Their SSH public keys").many().read_only(),
        Attribute::complex("certificates", &CERTIFICATES, "Their X.509 identities").many().read_only(),
        Attribute::complex("attributes", &USER_ATTRIBUTES, "Their attributes by name").many().read_only(),
        Attribute::complex("labels", &LABELS, "Their labels").many().read_only(),
        Attribute::string("authorities", "What they may do here: ROLE_USER, ROLE_READER, ROLE_ADMIN")
            .many()
            .read_only()
            .exact()
            .on_request(),
    ],
};
