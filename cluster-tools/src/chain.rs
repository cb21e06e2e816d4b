//! An audit chain computed again, apart from the node that keeps it: what was tampered with is named.
//!
//! Of event n with stamp t (ms) and body b, all numbers big-endian in 8 bytes:
//! digest = SHA-256(t ‖ SHA-256(b)), head(n) = SHA-256(head(n − 1) ‖ index ‖ digest), head(0) = 32 zero bytes.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256, digest};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};

/// Heads are shown in hexadecimal.
const HEAD: usize = 64;

/// What a node says of a chain beside its events; the first line of an export.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Anchors {
    pub(crate) chain: String,
    pub(crate) base_count: u64,
    pub(crate) base_head: String,
    pub(crate) base_checkpoint: Option<String>,
    pub(crate) checkpoint: Option<String>,
    pub(crate) keys: Vec<Jwk>,
}

/// The end of a chain; the last line of an export.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct End {
    pub(crate) count: u64,
    pub(crate) head: String,
}

/// An event; a line of an export.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Record {
    pub(crate) number: u64,
    pub(crate) index: u64,
    pub(crate) at_ms: u64,
    pub(crate) body_digest: String,
    pub(crate) head: String,
    /// Null when it was erased.
    pub(crate) body: Option<String>,
}

/// What a checkpoint says.
#[derive(Debug, Deserialize)]
struct Claims {
    purpose: String,
    chain: String,
    count: u64,
    head: String,
}

/// Why a chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// A record.
    #[error("record {number} at index {index}: {why}")]
    Record {
        /// Its place.
        number: u64,
        /// The log entry that carried it.
        index: u64,
        /// What is wrong.
        why: &'static str,
    },
    /// Events are missing at the end.
    #[error("the chain ends after record {seen}, its head says {said}")]
    Short {
        /// The last that is there.
        seen: u64,
        /// How many there are to be.
        said: u64,
    },
    /// What vouches for it.
    #[error("{0}")]
    Anchor(String),
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != HEAD {
        return None;
    }
    let mut out = [0; 32];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The count and head that a checkpoint vouches for.
fn vouched(jws: &str, anchors: &Anchors) -> Result<(u64, String), Broken> {
    let bad = |why: &str| Broken::Anchor(format!("a checkpoint {why}"));
    let header = decode_header(jws).map_err(|_| bad("is malformed"))?;
    let key = anchors.keys.iter().find(|key| key.common.key_id == header.kid).ok_or_else(|| bad("has no key"))?;
    let key = DecodingKey::from_jwk(key).map_err(|_| bad("has no usable key"))?;
    let mut validation = Validation::new(Algorithm::ES256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims = decode::<Claims>(jws, &key, &validation).map_err(|_| bad("has a wrong signature"))?.claims;
    if claims.purpose != "audit-checkpoint" || claims.chain != anchors.chain {
        return Err(bad("is of another chain"));
    }
    Ok((claims.count, claims.head))
}

/// Takes a chain's records in order.
pub(crate) struct Verifier {
    count: u64,
    head: [u8; 32],
    /// Heads that checkpoints vouch for, by count.
    expected: BTreeMap<u64, String>,
    /// How many records were computed again.
    pub(crate) records: u64,
    /// Of those, how many had no body any more.
    pub(crate) erased: u64,
    /// The newest count that a signature vouches for.
    pub(crate) vouched: u64,
}

impl Verifier {
    /// Begins at the base, whose checkpoint must vouch for it.
    pub(crate) fn begin(anchors: &Anchors) -> Result<Self, Broken> {
        let malformed = || Broken::Anchor("the base is malformed".to_owned());
        let head = unhex(&anchors.base_head).ok_or_else(malformed)?;
        let mut this =
            Self { count: anchors.base_count, head, expected: BTreeMap::new(), records: 0, erased: 0, vouched: 0 };
        match &anchors.base_checkpoint {
            Some(jws) => {
                if vouched(jws, anchors)? != (anchors.base_count, anchors.base_head.clone()) {
                    return Err(Broken::Anchor("the base is not the one its checkpoint vouches for".to_owned()));
                }
                this.vouched = anchors.base_count;
            }
            None if anchors.base_count == 0 && head == [0; 32] => {}
            None => return Err(Broken::Anchor("nothing vouches for the base".to_owned())),
        }
        if let Some(jws) = &anchors.checkpoint {
            this.expect(jws, anchors)?;
        }
        Ok(this)
    }

    /// Takes a checkpoint into account. One before what was seen already vouches for nothing more.
    fn expect(&mut self, jws: &str, anchors: &Anchors) -> Result<(), Broken> {
        let (count, head) = vouched(jws, anchors)?;
        if count == self.count && head != hex(&self.head) {
            return Err(Broken::Anchor(format!("the checkpoint after record {count} vouches for another head")));
        }
        if count > self.count {
            self.expected.insert(count, head);
        }
        Ok(())
    }

    /// The next record.
    pub(crate) fn take(&mut self, record: &Record) -> Result<(), Broken> {
        let broken = |why| Broken::Record { number: record.number, index: record.index, why };
        if record.number != self.count + 1 {
            return Err(broken("it does not follow the one before: records are missing, doubled or moved"));
        }
        let body_digest = unhex(&record.body_digest).ok_or_else(|| broken("its digest is malformed"))?;
        match &record.body {
            Some(body) if digest(&SHA256, body.as_bytes()).as_ref() != body_digest => {
                return Err(broken("its body was altered"));
            }
            Some(_) => {}
            None => self.erased += 1,
        }
        let mut event = Context::new(&SHA256);
        event.update(&record.at_ms.to_be_bytes());
        event.update(&body_digest);
        let mut head = Context::new(&SHA256);
        head.update(&self.head);
        head.update(&record.index.to_be_bytes());
        head.update(event.finish().as_ref());
        let head = head.finish();
        if hex(head.as_ref()) != record.head {
            return Err(broken("its head does not follow: it was altered, or another stood in its place"));
        }
        if self.expected.get(&record.number).is_some_and(|expected| *expected != record.head) {
            return Err(broken("a checkpoint vouches for another head here: the chain was rewritten up to it"));
        }
        if self.expected.remove(&record.number).is_some() {
            self.vouched = record.number;
        }
        self.head.copy_from_slice(head.as_ref());
        self.count = record.number;
        self.records += 1;
        Ok(())
    }

    /// How far it has come.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// The end of the chain.
    pub(crate) fn end(&self, end: &End) -> Result<(), Broken> {
        if let Some(count) = self.expected.keys().next().filter(|_| self.count == end.count) {
            return Err(Broken::Short { seen: self.count, said: *count });
        }
        if self.count != end.count {
            return Err(Broken::Short { seen: self.count, said: end.count });
        }
        if hex(&self.head) != end.head {
            return Err(Broken::Anchor("the chain's head is another than its records come to".to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    struct Chain {
        key: EcdsaKeyPair,
        records: Vec<Record>,
        anchors: Anchors,
    }

    impl Chain {
        fn of(count: u64) -> Self {
            let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
            let point = key.public_key().as_ref()[1..].to_vec();
            let part = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
            let jwk = json!({
                "kty": "EC", "crv": "P-256", "kid": "k", "alg": "ES256", "x": part(&point[..32]), "y": part(&point[32..]),
            });
            let anchors = Anchors {
                chain: "vo".to_owned(),
                base_count: 0,
                base_head: "00".repeat(32),
                base_checkpoint: None,
                checkpoint: None,
                keys: vec![serde_json::from_value(jwk).unwrap()],
            };
            let mut this = Self { key, records: Vec::new(), anchors };
            for number in 1..=count {
                this.say(number);
            }
            this
        }

        fn head(&self) -> String {
            self.records.last().map_or_else(|| "00".repeat(32), |record| record.head.clone())
        }

        fn say(&mut self, number: u64) {
            let body = format!(r#"{{"what":"test","n":{number}}}"#);
            let body_digest = digest(&SHA256, body.as_bytes());
            let event = digest(&SHA256, &[&number.to_be_bytes()[..], body_digest.as_ref()].concat());
            let before = unhex(&self.head()).unwrap();
            let index = 10 * number;
            let head = digest(&SHA256, &[&before[..], &index.to_be_bytes(), event.as_ref()].concat());
            self.records.push(Record {
                number,
                index,
                at_ms: number,
                body_digest: hex(body_digest.as_ref()),
                head: hex(head.as_ref()),
                body: Some(body),
            });
        }

        fn checkpoint(&self, count: u64, head: &str) -> String {
            let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
            let claims =
                json!({"purpose": "audit-checkpoint", "chain": "vo", "count": count, "head": head, "at_ms": 1});
            let text = format!("{}.{}", part(json!({"alg": "ES256", "kid": "k"})), part(claims));
            let signature = self.key.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
            format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
        }

        fn verify(&self) -> Result<Verifier, Broken> {
            let mut verifier = Verifier::begin(&self.anchors)?;
            for record in &self.records {
                verifier.take(record)?;
            }
            verifier.end(&End { count: 5, head: self.head() })?;
            Ok(verifier)
        }

        fn broken_at(&self) -> u64 {
            match self.verify().err().unwrap() {
                Broken::Record { index, .. } => index,
                other => panic!("{other}"),
            }
        }
    }

    #[test]
    fn the_first_record_that_was_deleted_altered_or_moved_is_named_by_its_index() {
        type Change = fn(&mut Vec<Record>);
        assert_eq!(Chain::of(5).verify().unwrap().records, 5);
        let changes: [(&str, Change, u64); 6] = [
            ("deleted", |records| drop(records.remove(1)), 30),
            ("body", |records| records[1].body = Some("{}".to_owned()), 20),
            ("time", |records| records[1].at_ms = 9, 20),
            ("index", |records| records[1].index = 21, 21),
            ("moved", |records| records.swap(1, 2), 30),
            ("doubled", |records| records.insert(2, records[1].clone()), 20),
        ];
        for (what, change, index) in changes {
            let mut chain = Chain::of(5);
            change(&mut chain.records);
            assert_eq!(chain.broken_at(), index, "{what}");
        }
    }

    #[test]
    fn an_erased_body_breaks_nothing_and_is_counted() {
        let mut chain = Chain::of(5);
        chain.records[2].body = None;
        assert_eq!(chain.verify().unwrap().erased, 1);
    }

    #[test]
    fn who_rewrites_everything_is_found_by_the_checkpoint() {
        let mut chain = Chain::of(5);
        chain.anchors.checkpoint = Some(chain.checkpoint(4, &chain.records[3].head));
        assert_eq!(chain.verify().unwrap().vouched, 4);
        let mut rewritten = Chain::of(0);
        for number in [1, 2, 7, 4, 5] {
            rewritten.say(number);
        }
        for (number, record) in (1..).zip(&mut rewritten.records) {
            record.number = number;
        }
        rewritten.anchors.clone_from(&chain.anchors);
        assert_eq!(rewritten.broken_at(), 40);
        // One that was cut off before the checkpoint.
        chain.records.truncate(3);
        let mut verifier = Verifier::begin(&chain.anchors).unwrap();
        chain.records.iter().for_each(|record| verifier.take(record).unwrap());
        assert_eq!(verifier.end(&End { count: 3, head: chain.head() }), Err(Broken::Short { seen: 3, said: 4 }));
    }

    #[test]
    fn a_pruned_chain_needs_who_vouches_for_its_base() {
        let mut chain = Chain::of(5);
        let base = chain.records[1].head.clone();
        chain.records.drain(..2);
        (chain.anchors.base_count, chain.anchors.base_head) = (2, base.clone());
        assert!(matches!(chain.verify(), Err(Broken::Anchor(_))), "nobody");
        chain.anchors.base_checkpoint = Some(chain.checkpoint(2, &base));
        assert_eq!(chain.verify().unwrap().records, 3);
        chain.anchors.base_checkpoint = Some(chain.checkpoint(1, &base));
        assert!(matches!(chain.verify(), Err(Broken::Anchor(_))), "of another place");
        let forged = Chain::of(0).checkpoint(2, &base);
        chain.anchors.base_checkpoint = Some(forged);
        assert!(matches!(chain.verify(), Err(Broken::Anchor(_))), "by another key");
    }
}
