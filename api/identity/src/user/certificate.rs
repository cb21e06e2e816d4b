//! X.509 identities: always subject and issuer.

use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::distinguished_name::DistinguishedName;
use super::fields::limits;

/// Whom a certificate names, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateIdentity {
    /// The subject.
    pub subject: DistinguishedName,
    /// The issuer.
    pub issuer: DistinguishedName,
    /// The certificate in PEM, if one was given; else empty.
    pub pem: String,
}

/// Why a certificate was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// More than [`limits::PEM`] bytes.
    #[error("the certificate is too large")]
    TooLarge,
    /// Not exactly one certificate in PEM.
    #[error("not one certificate in PEM")]
    NotPem,
    /// A subject or issuer that is empty, or not of RFC 2253.
    #[error("subject or issuer is not a distinguished name")]
    Name,
}

impl CertificateIdentity {
    /// Reads both names from a certificate in PEM. Neither its signature nor its times are looked at: what it says is
    /// proven when somebody presents it.
    ///
    /// # Errors
    /// See [`CertificateFault`].
    pub fn from_pem(text: &str) -> Result<Self, CertificateFault> {
        if text.len() > limits::PEM {
            return Err(CertificateFault::TooLarge);
        }
        let (rest, pem) = parse_x509_pem(text.trim().as_bytes()).map_err(|_| CertificateFault::NotPem)?;
        let begins = text.trim_start().starts_with("-----BEGIN CERTIFICATE-----");
        if pem.label != "CERTIFICATE" || !begins || !rest.trim_ascii().is_empty() {
            return Err(CertificateFault::NotPem);
        }
        let (rest, certificate) = X509Certificate::from_der(&pem.contents).map_err(|_| CertificateFault::NotPem)?;
        if !rest.is_empty() {
            return Err(CertificateFault::NotPem);
        }
        let name = |name| DistinguishedName::of(name).map_err(|_| CertificateFault::Name);
        let (subject, issuer) = (name(certificate.subject())?, name(certificate.issuer())?);
        Ok(Self { subject, issuer, pem: format!("{}\n", text.trim()) })
    }

    /// Takes both names in the form of RFC 2253.
    ///
    /// # Errors
    /// [`CertificateFault::Name`].
    pub fn from_names(subject: &str, issuer: &str) -> Result<Self, CertificateFault> {
        let name = |text| DistinguishedName::parse(text).map_err(|_| CertificateFault::Name);
        Ok(Self { subject: name(subject)?, issuer: name(issuer)?, pem: String::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = include_str!("../../testdata/person.pem");

    #[test]
    fn a_certificate_names_its_subject_and_issuer() {
        let identity = CertificateIdentity::from_pem(&format!("\n{PEM}\n\n")).unwrap();
        // What `openssl x509 -nameopt RFC2253` shows, but that the address has no keyword there.
        let name = "1.2.840.113549.1.9.1=#1611616c696365406578616d706c652e6f7267,CN=Alice Lučić,O=Example\\, Inc.,DC=example,DC=org";
        assert_eq!((identity.subject.as_str(), identity.issuer.as_str()), (name, name));
        assert_eq!(identity.pem, PEM);
        let by_name = r"emailAddress=alice@example.org, CN=Alice Lu\C4\8Di\C4\87, O=Example\, Inc., DC=example, DC=org";
        let by_name = CertificateIdentity::from_names(by_name, by_name).unwrap();
        assert_eq!((by_name.subject, by_name.issuer), (identity.subject, identity.issuer));
    }

    #[test]
    fn what_is_not_one_certificate_is_refused() {
        use CertificateFault::{Name, NotPem, TooLarge};
        let huge = PEM.repeat(100);
        let body: Vec<&str> = PEM.lines().collect();
        let cut = format!("{}\n{}\n{}\n", body[0], body[1], body[body.len() - 1]);
        for (bad, why) in [
            ("", NotPem),
            ("CN=a", NotPem),
            (&PEM.replace("CERTIFICATE", "PRIVATE KEY"), NotPem),
            (&format!("{PEM}{PEM}"), NotPem),
            (&format!("{PEM}x"), NotPem),
            (&format!("x\n{PEM}"), NotPem),
            (&cut, NotPem),
            (&PEM.replacen("MII", "MIJ", 1), NotPem),
            (&huge, TooLarge),
        ] {
            assert_eq!(CertificateIdentity::from_pem(bad), Err(why), "{bad:.60}");
        }
        assert_eq!(CertificateIdentity::from_names("CN=a", ""), Err(Name));
        assert_eq!(CertificateIdentity::from_names("", "CN=a"), Err(Name));
    }
}
