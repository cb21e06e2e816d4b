//! From a password to its hash, and back to whether it was that password.

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Version};
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::policy::PasswordFault;

/// Bytes of a password that are looked at: more is refused before it is hashed, and nothing is cut off.
pub const MAX_PASSWORD_BYTES: usize = 1024;
/// Memory of the dearest hash that is computed, KiB: what an import brings must not cost more than six of ours.
const MAX_MEMORY_KIB: u32 = 128 * 1024;
/// Passes of the dearest hash that is computed.
const MAX_PASSES: u32 = 10;
/// Lanes of the dearest hash that is computed.
const MAX_LANES: u32 = 4;
/// Compared with when there is no hash, at the cost of [`HashParams::default`]. No password is known to have it.
const DUMMY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$d29hZC1uby1zdWNoLXVzZXI$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What a hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashParams {
    /// Memory, KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for HashParams {
    /// OWASP's: 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 }
    }
}

/// Text that is no argon2 hash that could be computed here. Does not echo it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an argon2 hash, or a dearer one than is computed")]
pub struct InvalidHash;

/// A password's hash in the PHC string format. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Zeroizing<String>);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash")
    }
}

impl PasswordHash {
    /// Takes a hash made elsewhere.
    ///
    /// # Errors
    /// When it is none, or one that costs more than a sign-in may.
    pub fn parse(phc: &str) -> Result<Self, InvalidHash> {
        let parsed = phc::PasswordHash::new(phc).map_err(|_| InvalidHash)?;
        Algorithm::try_from(parsed.algorithm.as_str()).map_err(|_| InvalidHash)?;
        let params = argon2::Params::try_from(&parsed).map_err(|_| InvalidHash)?;
        let cheap = params.m_cost() <= MAX_MEMORY_KIB && params.t_cost() <= MAX_PASSES && params.p_cost() <= MAX_LANES;
        let whole = parsed.salt.is_some() && parsed.hash.is_some();
        if cheap && whole { Ok(Self(Zeroizing::new(phc.to_owned()))) } else { Err(InvalidHash) }
    }

    /// The text, to seal it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it protects less than [`HashParams::default`] would.
    fn is_weak(&self) -> bool {
        let Ok(parsed) = phc::PasswordHash::new(&self.0) else { return true };
        let Ok(params) = argon2::Params::try_from(&parsed) else { return true };
        let wanted = HashParams::default();
        parsed.algorithm.as_str() != Algorithm::Argon2id.as_str()
            || parsed.version != Some(Version::V0x13.into())
            || params.m_cost() < wanted.memory_kib
            || params.t_cost() < wanted.passes
    }
}

/// What a comparison said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// It is the password.
    pub ok: bool,
    /// It is, and its hash is weaker than those made today.
    pub needs_rehash: bool,
}

/// The form in which passwords are hashed and compared: that of RFC 8265's `OpaqueString`, which maps spaces to the
/// ASCII space and normalises to NFC. Unlike it, characters younger than its tables are taken: people have them on
/// their keyboards.
///
/// # Errors
/// [`PasswordFault::TooLong`], [`PasswordFault::Character`].
pub(super) fn prepare(password: &str) -> Result<Zeroizing<String>, PasswordFault> {
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(PasswordFault::TooLong);
    }
    if password.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(PasswordFault::Character);
    }
    let spaced = password.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    Ok(Zeroizing::new(spaced.nfc().collect()))
}

/// Hashes a password. Takes tens of milliseconds and the memory of `params`: run it on the bounded pool.
///
/// # Errors
/// [`PasswordFault::TooLong`], [`PasswordFault::Character`]; [`PasswordFault::NotHashed`] without the memory.
pub fn hash_in(
    memory: &mut HashMemory,
    params: HashParams,
    salt: [u8; 16],
    password: &str,
) -> Result<PasswordHash, PasswordFault> {
    let prepared = prepare(password)?;
    let mut made = || {
        let params = argon2::Params::new(params.memory_kib, params.passes, params.lanes, None).ok()?;
        let mut out = Zeroizing::new([0; argon2::Params::DEFAULT_OUTPUT_LEN]);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        memory.compute(&argon2, prepared.as_bytes(), &salt, out.as_mut_slice())?;
        let hash = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: phc::ParamsString::try_from(&params).ok()?,
            salt: Some(phc::Salt::new(&salt).ok()?),
            hash: Some(phc::Output::new(out.as_slice()).ok()?),
        };
        Some(PasswordHash(Zeroizing::new(hash.to_string())))
    };
    made().ok_or(PasswordFault::NotHashed)
}

/// Whether `password` is the one behind the hash. Takes as long as [`hash_in`]; a password that cannot be anybody's is
/// told at once, whosever hash it is compared with.
#[must_use]
pub fn verify_in(memory: &mut HashMemory, hash: &PasswordHash, password: &str) -> Verified {
    let ok = prepare(password).is_ok_and(|prepared| compares(memory, hash, prepared.as_bytes()).unwrap_or(false));
    Verified { ok, needs_rehash: ok && hash.is_weak() }
}

/// [`hash_in`] with memory of its own: for one hash now and then.
///
/// # Errors
/// As [`hash_in`].
pub fn hash(params: HashParams, salt: [u8; 16], password: &str) -> Result<PasswordHash, PasswordFault> {
    hash_in(&mut HashMemory::default(), params, salt, password)
}

/// [`verify_in`] with memory of its own.
#[must_use]
pub fn verify(hash: &PasswordHash, password: &str) -> Verified {
    verify_in(&mut HashMemory::default(), hash, password)
}

fn compares(memory: &mut HashMemory, hash: &PasswordHash, password: &[u8]) -> Option<bool> {
    let parsed = phc::PasswordHash::new(&hash.0).ok()?;
    let (salt, expected) = (parsed.salt?, parsed.hash?);
    let algorithm = Algorithm::try_from(parsed.algorithm.as_str()).ok()?;
    // The format's default where it is not written (PHC string format: absent is the first version).
    let version = parsed.version.map_or(Ok(Version::V0x10), Version::try_from).ok()?;
    let params = argon2::Params::try_from(&parsed).ok()?;
    let mut out = Zeroizing::new(vec![0; expected.as_bytes().len()]);
    memory.compute(&Argon2::new(algorithm, version, params), password, &salt, &mut out)?;
    Some(out.ct_eq(expected.as_bytes()).into())
}

/// What argon2 works in, kept from one hash to the next: 19 MiB that are allocated and freed for each would stay with
/// the allocator of whichever thread it was.
#[derive(Default)]
pub struct HashMemory(Vec<Block>);

impl std::fmt::Debug for HashMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashMemory")
    }
}

impl HashMemory {
    /// `None` without the memory, or for inputs that argon2 does not take.
    fn compute(&mut self, argon2: &Argon2<'_>, password: &[u8], salt: &[u8], out: &mut [u8]) -> Option<()> {
        let wanted = argon2.params().block_count();
        let missing = wanted.saturating_sub(self.0.len());
        self.0.try_reserve_exact(missing).ok()?;
        self.0.resize(wanted.max(self.0.len()), Block::new());
        let done = argon2.hash_password_into_with_memory(password, salt, out, self.0.get_mut(..wanted)?);
        let kept = usize::try_from(HashParams::default().memory_kib).unwrap_or(usize::MAX);
        if wanted > kept {
            // What one dear hash of an import needs is not kept.
            self.0 = Vec::new();
        }
        done.ok()
    }
}

/// What to compare with when there is no user, no password, or a user who may not sign in: it costs the same, and
/// nothing is behind it.
#[must_use]
pub fn dummy() -> PasswordHash {
    PasswordHash(Zeroizing::new(DUMMY.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The cheapest there is: for tests.
    const CHEAP: HashParams = HashParams { memory_kib: 8, passes: 1, lanes: 1 };

    fn hashed(password: &str) -> PasswordHash {
        hash(CHEAP, [7; 16], password).unwrap()
    }

    #[test]
    fn a_hash_says_how_it_was_made() {
        let hash = hash(HashParams::default(), [7; 16], "correct horse").unwrap();
        assert!(hash.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$"));
        assert_eq!(verify(&hash, "correct horse"), Verified { ok: true, needs_rehash: false });
        assert_eq!(verify(&hash, "correct horsf"), Verified { ok: false, needs_rehash: false });
        assert_eq!(format!("{hash:?}"), "PasswordHash");
    }

    #[test]
    fn memory_of_earlier_hashes_changes_nothing() {
        let mut memory = HashMemory::default();
        let costs = [(64, 2, 1), (8, 1, 1), (32, 3, 2), (64, 2, 1), (20 * 1024, 1, 1), (8, 1, 1)];
        for (memory_kib, passes, lanes) in costs {
            let params = HashParams { memory_kib, passes, lanes };
            let made = hash_in(&mut memory, params, [7; 16], "correct horse").unwrap();
            assert_eq!(made, hash(params, [7; 16], "correct horse").unwrap());
            // The crate's own comparison says the same.
            let parsed = phc::PasswordHash::new(made.reveal()).unwrap();
            argon2::PasswordVerifier::verify_password(&Argon2::default(), b"correct horse", &parsed).unwrap();
            assert!(verify_in(&mut memory, &made, "correct horse").ok);
            assert!(!verify_in(&mut memory, &made, "correct horsf").ok);
        }
        assert!(memory.0.len() <= 19 * 1024);
    }

    #[test]
    fn weaker_hashes_are_made_again() {
        assert_eq!(verify(&hashed("correct horse"), "correct horse"), Verified { ok: true, needs_rehash: true });
        assert_eq!(verify(&hashed("correct horse"), "wrong"), Verified { ok: false, needs_rehash: false });
    }

    #[test]
    fn nothing_is_cut_off() {
        // bcrypt would stop at 72 bytes.
        let long = "x".repeat(72);
        assert!(!verify(&hashed(&format!("{long}1")), &format!("{long}2")).ok);
        let longest = "x".repeat(MAX_PASSWORD_BYTES);
        assert!(verify(&hashed(&longest), &longest).ok);
        let longer = "x".repeat(MAX_PASSWORD_BYTES + 1);
        assert_eq!(hash(CHEAP, [7; 16], &longer), Err(PasswordFault::TooLong));
        assert!(!verify(&hashed(&longest), &longer).ok);
    }

    #[test]
    fn one_password_typed_on_two_keyboards_is_one_password() {
        for (one, other) in [("caf\u{e9} au lait", "cafe\u{301} au lait"), ("a b c d e", "a\u{a0}b\u{3000}c d e")] {
            assert!(verify(&hashed(one), other).ok, "{one}");
        }
        for (one, other) in [("Password", "password"), ("ａbcdefgh", "abcdefgh"), ("a b", "a  b"), ("🫠🤔", "🫠")]
        {
            assert!(!verify(&hashed(one), other).ok, "{one}");
        }
        assert_eq!(hash(CHEAP, [7; 16], "a\0b"), Err(PasswordFault::Character));
    }

    #[test]
    fn the_dummy_costs_what_a_hash_costs_and_is_nobodys() {
        let dummy = PasswordHash::parse(dummy().reveal()).unwrap();
        assert!(!dummy.is_weak());
        assert!(!verify(&dummy, "").ok);
    }

    #[test]
    fn hashes_from_elsewhere_are_argon2_and_not_too_dear() {
        let good = hashed("x").reveal().to_owned();
        assert!(PasswordHash::parse(&good).is_ok());
        assert!(PasswordHash::parse(&good.replace("argon2id", "argon2i")).is_ok());
        for bad in [
            "",
            "$2b$12$abcdefghijklmnopqrstuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu",
            "$argon2id$v=19$m=8,t=1,p=1$BwcHBwcHBwcHBwcHBwcHBw",
            &good.replace("m=8,", "m=131073,"),
            &good.replace("t=1,", "t=11,"),
            &good.replace("p=1", "p=5"),
            &good.replace("argon2id", "scrypt"),
        ] {
            assert_eq!(PasswordHash::parse(bad), Err(InvalidHash), "{bad}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_password_is_its_own_and_no_other(one in ".{0,40}", other in ".{0,40}") {
            if let Ok(hash) = hash(CHEAP, [7; 16], &one) {
                prop_assert!(verify(&hash, &one).ok);
                let same = prepare(&other).is_ok_and(|other| *other == *prepare(&one).unwrap());
                prop_assert_eq!(verify(&hash, &other).ok, same);
            }
        }
    }
}
