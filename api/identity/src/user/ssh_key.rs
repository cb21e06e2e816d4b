//! SSH public keys, as in `authorized_keys`, without options.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};

/// Bytes of a key's text: an RSA key of 16,384 bits and a comment.
const MAX_TEXT: usize = 8 * 1024;
/// Bits of the weakest RSA key.
const MIN_RSA_BITS: usize = 2048;
/// Bits of the strongest RSA key: OpenSSH's limit.
const MAX_RSA_BITS: usize = 16_384;

/// A public key: its type and blob, without comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    text: String,
    fingerprint: String,
}

/// Why a key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SshKeyFault {
    /// More than is looked at.
    #[error("the key is too large")]
    TooLarge,
    /// Not one line of type, key in base64 and perhaps a comment.
    #[error("not one line of type and key")]
    Form,
    /// DSA, a certificate, or what we don't know.
    #[error("keys of this type are not taken")]
    Type,
    /// The key itself does not hold what its type needs, or more.
    #[error("the key is damaged")]
    Damaged,
    /// An RSA key of fewer than 2048 bits.
    #[error("RSA keys need at least {MIN_RSA_BITS} bits")]
    Weak,
}

impl PublicKey {
    /// Parses one line.
    ///
    /// # Errors
    /// See [`SshKeyFault`].
    pub fn parse(text: &str) -> Result<Self, SshKeyFault> {
        if text.len() > MAX_TEXT {
            return Err(SshKeyFault::TooLarge);
        }
        if text.chars().any(char::is_control) {
            return Err(SshKeyFault::Form);
        }
        let mut parts = text.splitn(3, ' ');
        let (Some(kind), Some(encoded)) = (parts.next(), parts.next()) else { return Err(SshKeyFault::Form) };
        if !KINDS.contains(&kind) {
            return Err(if is_type(kind) { SshKeyFault::Type } else { SshKeyFault::Form });
        }
        // The comment is for people, and dropped; a second key there would be a mistake.
        if parts.next().is_some_and(|comment| comment.split(' ').any(|word| KINDS.contains(&word))) {
            return Err(SshKeyFault::Form);
        }
        let blob = BASE64_STANDARD.decode(encoded).ok().filter(|blob| !blob.is_empty()).ok_or(SshKeyFault::Form)?;
        check(kind, &blob)?;
        let fingerprint = BASE64_STANDARD_NO_PAD.encode(digest(&SHA256, &blob));
        Ok(Self { text: format!("{kind} {encoded}"), fingerprint })
    }

    /// Type and key, as they stand in `authorized_keys`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Base64 of the SHA-256 of the key, as `ssh-keygen -l` shows it behind `SHA256:`.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// The types that are taken.
const KINDS: [&str; 7] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// Whether it looks like a type rather than an option.
fn is_type(word: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'@' | b'.');
    word.contains('-')
        && word.bytes().all(plain)
        && ["ssh-", "ecdsa-", "sk-"].iter().any(|start| word.starts_with(start))
}

/// The parts of a blob: each has its length before it (RFC 4251).
struct Blob<'a>(&'a [u8]);

impl<'a> Blob<'a> {
    fn part(&mut self) -> Result<&'a [u8], SshKeyFault> {
        let (length, rest) = self.0.split_first_chunk::<4>().ok_or(SshKeyFault::Damaged)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| SshKeyFault::Damaged)?;
        let (part, rest) = rest.split_at_checked(length).ok_or(SshKeyFault::Damaged)?;
        self.0 = rest;
        Ok(part)
    }

    /// A positive number in its shortest form, without the zero that keeps it positive.
    fn number(&mut self) -> Result<&'a [u8], SshKeyFault> {
        match self.part()? {
            [0, rest @ ..] if rest.first().is_some_and(|byte| *byte >= 0x80) => Ok(rest),
            number @ [1..=0x7f, ..] => Ok(number),
            _ => Err(SshKeyFault::Damaged),
        }
    }

    /// A point on a curve, not compressed.
    fn point(&mut self, curve: &str, bytes: usize) -> Result<(), SshKeyFault> {
        let right = self.part()? == curve.as_bytes();
        let point = self.part()?;
        if right && point.len() == 2 * bytes + 1 && point.first() == Some(&4) {
            Ok(())
        } else {
            Err(SshKeyFault::Damaged)
        }
    }
}

fn check(kind: &str, blob: &[u8]) -> Result<(), SshKeyFault> {
    let mut blob = Blob(blob);
    if blob.part()? != kind.as_bytes() {
        return Err(SshKeyFault::Damaged);
    }
    match kind {
        "ssh-rsa" => rsa(&mut blob)?,
        "ssh-ed25519" | "sk-ssh-ed25519@openssh.com" => {
            if blob.part()?.len() != 32 {
                return Err(SshKeyFault::Damaged);
            }
        }
        "ecdsa-sha2-nistp384" => blob.point("nistp384", 48)?,
        "ecdsa-sha2-nistp521" => blob.point("nistp521", 66)?,
        _ => blob.point("nistp256", 32)?,
    }
    if kind.starts_with("sk-") && blob.part()?.is_empty() {
        return Err(SshKeyFault::Damaged);
    }
    if blob.0.is_empty() { Ok(()) } else { Err(SshKeyFault::Damaged) }
}

fn rsa(blob: &mut Blob<'_>) -> Result<(), SshKeyFault> {
    let exponent = blob.number()?;
    let modulus = blob.number()?;
    let odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
    if !odd(exponent) || exponent == [1] || exponent.len() > 8 || !odd(modulus) {
        return Err(SshKeyFault::Damaged);
    }
    let unused = modulus.first().map_or(0, |byte| byte.leading_zeros());
    let bits = modulus.len() * 8 - usize::try_from(unused).unwrap_or_default();
    match bits {
        ..MIN_RSA_BITS => Err(SshKeyFault::Weak),
        MIN_RSA_BITS..=MAX_RSA_BITS => Ok(()),
        _ => Err(SshKeyFault::TooLarge),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(out: &mut Vec<u8>, bytes: &[u8]) {
        out.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
        out.extend_from_slice(bytes);
    }

    fn key(kind: &str, parts: &[&[u8]]) -> String {
        let mut blob = Vec::new();
        part(&mut blob, kind.as_bytes());
        for bytes in parts {
            part(&mut blob, bytes);
        }
        format!("{kind} {}", BASE64_STANDARD.encode(blob))
    }

    fn rsa(bits: usize) -> String {
        let mut modulus = vec![0xff; bits.div_ceil(8)];
        if bits.is_multiple_of(8) {
            modulus.insert(0, 0);
        } else {
            modulus[0] = (1 << (bits % 8)) - 1;
        }
        key("ssh-rsa", &[&[1, 0, 1], &modulus])
    }

    fn point(bytes: usize) -> Vec<u8> {
        let mut point = vec![7; 2 * bytes + 1];
        point[0] = 4;
        point
    }

    #[test]
    fn keys_of_today_are_taken_without_their_comment() {
        let ed25519 = key("ssh-ed25519", &[&[7; 32]]);
        let parsed = PublicKey::parse(&format!("{ed25519} alice@laptop of hers")).unwrap();
        assert_eq!(parsed.as_str(), ed25519);
        assert_eq!(parsed, PublicKey::parse(&ed25519).unwrap());
        for good in [
            rsa(2048),
            rsa(3071),
            rsa(16_384),
            key("ecdsa-sha2-nistp256", &[b"nistp256", &point(32)]),
            key("ecdsa-sha2-nistp384", &[b"nistp384", &point(48)]),
            key("ecdsa-sha2-nistp521", &[b"nistp521", &point(66)]),
            key("sk-ssh-ed25519@openssh.com", &[&[7; 32], b"ssh:"]),
            key("sk-ecdsa-sha2-nistp256@openssh.com", &[b"nistp256", &point(32), b"ssh:"]),
        ] {
            assert!(PublicKey::parse(&good).is_ok(), "{good}");
        }
    }

    #[test]
    fn the_fingerprint_is_that_of_ssh_keygen() {
        // Both as OpenSSH tells them.
        let known = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGxO6LCePDmozlx8E1XIY8MPbwYtNksB3dqXALrCbt3L";
        let parsed = PublicKey::parse(known).unwrap();
        assert_eq!(parsed.fingerprint(), "LYT1g+d8i0zt+0prs9kFC5eRt31ilFbaGYW3xmdMyR8");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let good = key("ssh-ed25519", &[&[7; 32]]);
        let encoded = good.split(' ').nth(1).unwrap();
        let huge = format!("{good} {}", "x".repeat(1_000_000));
        for (bad, why) in [
            (String::new(), SshKeyFault::Form),
            ("ssh-ed25519".into(), SshKeyFault::Form),
            (encoded.into(), SshKeyFault::Form),
            (format!(" {good}"), SshKeyFault::Form),
            (format!("{good}\n"), SshKeyFault::Form),
            (format!("{good}\n{good}"), SshKeyFault::Form),
            (format!("{good} {good}"), SshKeyFault::Form),
            (format!("command=\"sh\" {good}"), SshKeyFault::Form),
            (format!("no-pty {good}"), SshKeyFault::Form),
            (format!("{good}="), SshKeyFault::Form),
            (format!("ssh-ed25519  {encoded}"), SshKeyFault::Form),
            (huge, SshKeyFault::TooLarge),
            (key("ssh-dss", &[&[1]]), SshKeyFault::Type),
            (key("ssh-ed25519-cert-v01@openssh.com", &[&[1]]), SshKeyFault::Type),
            (key("ssh-ed25519", &[&[7; 31]]), SshKeyFault::Damaged),
            (key("ssh-ed25519", &[&[7; 32], &[]]), SshKeyFault::Damaged),
            (good.replace("ssh-ed25519 ", "ssh-rsa "), SshKeyFault::Damaged),
            (key("ecdsa-sha2-nistp256", &[b"nistp384", &point(48)]), SshKeyFault::Damaged),
            (key("ecdsa-sha2-nistp256", &[b"nistp256", &[2; 33]]), SshKeyFault::Damaged),
            (key("sk-ssh-ed25519@openssh.com", &[&[7; 32]]), SshKeyFault::Damaged),
            (rsa(512), SshKeyFault::Weak),
            (rsa(2047), SshKeyFault::Weak),
            (key("ssh-rsa", &[&[1], &[0x7f; 256]]), SshKeyFault::Damaged),
            (key("ssh-rsa", &[&[3], &[0x7e; 256]]), SshKeyFault::Damaged),
            (key("ssh-rsa", &[&[3], &[0xff; 256]]), SshKeyFault::Damaged),
            (key("ssh-rsa", &[&[3], &[]]), SshKeyFault::Damaged),
        ] {
            assert_eq!(PublicKey::parse(&bad), Err(why), "{bad:.80}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_key_in_one_form_or_refused(
            blob in proptest::collection::vec(any::<u8>(), 0..80),
            text in ".{0,60}",
        ) {
            for text in [text.clone(), format!("ssh-ed25519 {}", BASE64_STANDARD.encode(&blob)), format!("ssh-rsa {text}")] {
                if let Ok(key) = PublicKey::parse(&text) {
                    prop_assert_eq!(PublicKey::parse(key.as_str()), Ok(key.clone()));
                }
            }
        }
    }
}
