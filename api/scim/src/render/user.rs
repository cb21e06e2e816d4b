//! A person's record.

use raft_store_core::{Abort, Stored};
use serde_json::{Map, Value, json};
use woad_identity::group;
use woad_identity::user::{Address, Certificate, Email, LinkedIdentity, Phone, Photo, SshKey, Status, User, Users};

use super::{Renderer, Shown, TooManyMembers, moment, put, put_all, put_fields, user_revision};
use crate::schema::{GROUPS, USERS};

impl Renderer<'_> {
    /// A user, before the projection.
    ///
    /// # Errors
    /// Inner: the groups are too many for this answer. Outer: when storage fails.
    pub(crate) fn user(&self, stored: &Stored<Users>) -> Result<Result<Shown, TooManyMembers>, Abort> {
        let (row, id) = (&stored.row, stored.key.1.to_string());
        let mut revision = stored.revision;
        let mut fields = some_fields(row, |name| self.wants(name))?;
        let extension = fields.remove(USERS.extension.id);
        let mut body = Map::new();
        body.insert("schemas".into(), vec![USERS.core.id, USERS.extension.id].into());
        body.insert("id".into(), id.as_str().into());
        body.append(&mut fields);
        if self.needs.groups {
            let groups = group::groups_of(self.view, self.realm, stored.key.1)?;
            if let Err(too_many) = self.spend(groups.len()) {
                return Ok(Err(too_many));
            }
            let group = |group: group::GroupOf| {
                let id = group.id.to_string();
                json!({ "value": id, "$ref": self.location(&GROUPS, &id), "display": group.full_name, "type": "direct" })
            };
            put_all(&mut body, "groups", groups.into_iter().map(group).collect());
        }
        if let Some(extension) = extension {
            body.insert(USERS.extension.id.into(), extension);
        }
        if self.wants("meta") {
            revision = user_revision(self.view, self.realm, stored.key.1, stored.revision)?;
            body.insert("meta".into(), self.meta(&USERS, &id, row.created_ms, row.modified_ms, revision));
        }
        Ok(Ok(Shown { body, revision }))
    }
}

/// What stands in the record itself.
///
/// # Errors
/// When the record holds what this version does not know.
pub(crate) fn fields(row: &User) -> Result<Map<String, Value>, Abort> {
    some_fields(row, |_| true)
}

/// The same without some of what costs time.
fn some_fields(row: &User, wants: impl Fn(&str) -> bool) -> Result<Map<String, Value>, Abort> {
    let mut out = Map::new();
    put(&mut out, "externalId", &row.external_id);
    put(&mut out, "userName", &row.user_name);
    if let Some(name) = row.name.as_ref().filter(|_| wants("name")) {
        let mut parts = Map::new();
        put(&mut parts, "formatted", &name.formatted);
        put(&mut parts, "familyName", &name.family);
        put(&mut parts, "givenName", &name.given);
        put(&mut parts, "middleName", &name.middle);
        put(&mut parts, "honorificPrefix", &name.prefix);
        put(&mut parts, "honorificSuffix", &name.suffix);
        out.insert("name".into(), parts.into());
    }
    put(&mut out, "displayName", &row.display_name);
    put(&mut out, "nickName", &row.nick_name);
    put(&mut out, "profileUrl", &row.profile_url);
    put(&mut out, "title", &row.title);
    put(&mut out, "userType", &row.user_type);
    put(&mut out, "preferredLanguage", &row.preferred_language);
    put(&mut out, "locale", &row.locale);
    put(&mut out, "timezone", &row.timezone);
    out.insert("active".into(), (row.status()? == Status::Active).into());
    if wants("emails") {
        put_all(&mut out, "emails", row.emails.iter().map(email).collect());
    }
    if wants("phoneNumbers") {
        put_all(&mut out, "phoneNumbers", row.phones.iter().map(phone).collect());
    }
    if wants("photos") {
        put_all(&mut out, "photos", row.photos.iter().map(photo).collect());
    }
    if wants("addresses") {
        put_all(&mut out, "addresses", row.addresses.iter().map(address).collect());
    }
    if wants(USERS.extension.id) {
        put_fields(&mut out, USERS.extension.id, extension(row));
    }
    Ok(out)
}

fn typed(value: &str, display: &str, kind: &str, primary: bool) -> Value {
    let mut out = Map::new();
    put(&mut out, "value", value);
    put(&mut out, "display", display);
    put(&mut out, "type", kind);
    out.insert("primary".into(), primary.into());
    out.into()
}

fn email(email: &Email) -> Value {
    typed(&email.value, &email.display, &email.kind, email.primary)
}

fn phone(phone: &Phone) -> Value {
    typed(&phone.value, &phone.display, &phone.kind, phone.primary)
}

fn photo(photo: &Photo) -> Value {
    typed(&photo.value, &photo.display, &photo.kind, photo.primary)
}

fn address(address: &Address) -> Value {
    let mut out = Map::new();
    put(&mut out, "formatted", &address.formatted);
    put(&mut out, "streetAddress", &address.street);
    put(&mut out, "locality", &address.locality);
    put(&mut out, "region", &address.region);
    put(&mut out, "postalCode", &address.postal_code);
    put(&mut out, "country", &address.country);
    put(&mut out, "type", &address.kind);
    out.insert("primary".into(), address.primary.into());
    out.into()
}

fn extension(row: &User) -> Map<String, Value> {
    let mut out = Map::new();
    put(&mut out, "affiliation", &row.affiliation);
    if row.service_account {
        out.insert("serviceAccount".into(), true.into());
    }
    if row.end_time_ms != 0 {
        out.insert("endTime".into(), moment(row.end_time_ms).into());
    }
    if row.aup_signed_ms != 0 {
        out.insert("aupSignatureTime".into(), moment(row.aup_signed_ms).into());
    }
    let linked = |of: fn(&LinkedIdentity) -> Option<Value>| row.linked.iter().filter_map(of).collect();
    put_all(&mut out, "oidcIds", linked(oidc));
    put_all(&mut out, "samlIds", linked(saml));
    put_all(&mut out, "sshKeys", row.ssh_keys.iter().map(ssh_key).collect());
    put_all(&mut out, "certificates", row.certificates.iter().map(certificate).collect());
    let attribute = |name: &str, value: &str| json!({ "name": name, "value": value });
    let attributes = row.attributes.iter().map(|it| attribute(&it.name, &it.value)).collect();
    put_all(&mut out, "attributes", attributes);
    put_all(&mut out, "labels", row.labels.iter().map(super::group::label).collect());
    // Shown only when asked for by name, so that a person with nothing else of INDIGO's has no extension.
    let roles = [(row.administrator, "ROLE_ADMIN"), (row.reader, "ROLE_READER")];
    let roles = roles.into_iter().filter(|(held, _)| *held).map(|(_, name)| name);
    put_all(&mut out, "authorities", std::iter::once("ROLE_USER").chain(roles).map(Value::from).collect());
    out
}

/// Kinds of linked identities, as they are stored.
const OIDC: i32 = 1;

fn oidc(linked: &LinkedIdentity) -> Option<Value> {
    (linked.kind == OIDC).then(|| json!({ "issuer": linked.issuer, "subject": linked.subject }))
}

fn saml(linked: &LinkedIdentity) -> Option<Value> {
    let (attribute, value) = (linked.kind != OIDC).then(|| linked.subject.split_once(':'))??;
    Some(json!({ "idpId": linked.issuer, "attributeId": attribute, "userId": value }))
}

fn ssh_key(key: &SshKey) -> Value {
    let mut out = Map::new();
    put(&mut out, "display", &key.label);
    out.insert("primary".into(), key.primary.into());
    put(&mut out, "value", &key.value);
    put(&mut out, "fingerprint", &key.fingerprint);
    out.insert("created".into(), moment(key.created_ms).into());
    out.insert("lastModified".into(), moment(key.modified_ms).into());
    out.into()
}

fn certificate(certificate: &Certificate) -> Value {
    let mut out = Map::new();
    out.insert("primary".into(), certificate.primary.into());
    put(&mut out, "subjectDn", &certificate.subject);
    put(&mut out, "issuerDn", &certificate.issuer);
    put(&mut out, "pemEncodedCertificate", &certificate.pem);
    put(&mut out, "display", &certificate.label);
    out.insert("created".into(), moment(certificate.created_ms).into());
    out.insert("lastModified".into(), moment(certificate.modified_ms).into());
    out.into()
}
