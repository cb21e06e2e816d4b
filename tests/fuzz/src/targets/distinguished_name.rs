//! X.509 names as people write them (RFC 2253).

use woad_identity::user::DistinguishedName;

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "distinguished_name",
    run: target,
    seeds: || crate::texts(&["CN=Ada Lovelace,O=INFN,C=IT", "cn = Ada , OU=\"a, b\"+L=x;DC=org", "EMAILADDRESS=ada@example.org,CN=x", "2.5.4.3=#0c0141,1.2.3=\\41\\,\\ ", "O=\\#x,CN=\\ a\\ "]),
    words: &["CN=", ",", "+", ";", "\\", "\"", "#0c01", "\\2C", "OID.2.5.4.3=", "E=", "=", " ", "\\C3\\A9"],
    rounds: 20_000,
};

/// Any text. A name that is understood has one form, and is understood so again.
pub fn target(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    let Ok(name) = DistinguishedName::parse(text) else { return };
    assert_eq!(DistinguishedName::parse(name.as_str()).as_ref(), Ok(&name), "{name:?} is its own form");
}
