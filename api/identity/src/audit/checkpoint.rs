//! Signing heads.

use std::fmt::Write as _;

use raft_store_core::audit::{Head, MAX_PRUNED};
use raft_store_core::{Abort, Chain, Outcome, Read, Sealed, Timestamp, Tx, View};
use serde_json::json;

use super::record::{AuditKey, AuditKeys, Checkpoint, Checkpoints, Retentions};
use crate::ids::Kid;
use crate::keys::{GeneratedKey, KeyError, SignError, Signer, SigningAlg, generate};

/// Events after which a head is signed at once.
pub const AFTER_EVENTS: u64 = 1_000;
/// Milliseconds of cluster time after which a head that moved is signed.
pub const AFTER_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 3_600_000;

/// What a chain is due for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its head is to be signed.
    Checkpoint,
    /// Its oldest events, from this one on, are to go.
    Prune {
        /// The first.
        from: u64,
    },
}

/// A step, and the head that is signed with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which chain.
    pub chain: Chain,
    /// What is to be done.
    pub step: Step,
    /// The head to sign: the chain's, or that after the last event to go.
    pub head: Head,
    /// When it was looked at.
    pub at: Timestamp,
}

/// What vouches for a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signed {
    /// The newest checkpoint.
    pub checkpoint: Option<String>,
    /// Public keys as JWKs.
    pub keys: Vec<String>,
    /// Days for which events are kept; `None`: for ever.
    pub keep_days: Option<u32>,
}

/// What vouches for a chain now, and how long it is kept.
///
/// # Errors
/// When storage fails.
pub fn signed(read: &impl Read, chain: &Chain) -> Result<Signed, Abort> {
    let name = chain.name().to_owned();
    Ok(Signed {
        checkpoint: read.get::<Checkpoints>(&name)?.map(|stored| stored.row.jws),
        keys: read.get::<AuditKeys>(&())?.map(|stored| stored.row.public_jwk).into_iter().collect(),
        keep_days: read.get::<Retentions>(&name)?.map(|stored| stored.row.keep_days),
    })
}

/// What a chain is due for, if anything.
///
/// # Errors
/// When storage fails.
pub fn due(view: &View<'_>, chain: &Chain) -> Result<Option<Due>, Abort> {
    let (now, name) = (view.now(), chain.name().to_owned());
    let due = |step, head| Some(Due { chain: chain.clone(), step, head, at: now });
    let head = view.audit_head(chain.name())?;
    let last = view.get::<Checkpoints>(&name)?.map(|stored| stored.row).unwrap_or_default();
    let news = head.count.saturating_sub(last.count);
    if news >= AFTER_EVENTS || (news > 0 && now.0 >= last.at_ms.saturating_add(AFTER_MS)) {
        return Ok(due(Step::Checkpoint, head));
    }
    let Some(kept) = view.get::<Retentions>(&name)? else { return Ok(None) };
    let old = now.0.saturating_sub(u64::from(kept.row.keep_days).saturating_mul(DAY_MS));
    let from = view.audit_base(chain.name())?.head.count + 1;
    let oldest = view.audit_events(chain.name(), from, usize::try_from(MAX_PRUNED).unwrap_or(usize::MAX))?;
    let last = oldest.iter().take_while(|event| event.stamp.0 < old).last();
    Ok(last.and_then(|last| due(Step::Prune { from }, Head { count: last.number, digest: last.head })))
}

/// A key for checkpoints, for a cluster that has none.
///
/// # Errors
/// When the generator fails.
pub fn new_key(random: &[u8; 8]) -> Result<GeneratedKey, KeyError> {
    let kid = Kid::parse(&format!("audit-{:016x}", u64::from_be_bytes(*random))).map_err(|_| KeyError)?;
    generate(SigningAlg::Es256, kid)
}

/// Stores the key, if there is none yet.
///
/// # Errors
/// Pass it on.
pub fn store_key(tx: &mut Tx<'_>, key: &GeneratedKey) -> Result<Outcome<()>, Abort> {
    if tx.get::<AuditKeys>(&())?.is_some() {
        return Ok(Outcome::Answer(()));
    }
    let Sealed(private_key) = tx.seal::<AuditKeys>(&(), &key.private_key)?;
    let row = AuditKey { kid: key.kid.to_string(), public_jwk: key.public_jwk.clone(), private_key };
    // Never taken: the table has no unique index.
    let _ = tx.put::<AuditKeys>((), row)?;
    Ok(Outcome::Commit(()))
}

/// Signs what is due. `None`: the cluster has no key yet.
///
/// # Errors
/// Inner: when the machine's cryptography fails. Outer: when storage fails, or the node is sealed.
pub fn sign(read: &impl Read, due: &Due) -> Result<Option<Result<String, SignError>>, Abort> {
    let Some(stored) = read.get::<AuditKeys>(&())? else { return Ok(None) };
    let private = read.open::<AuditKeys>(&(), &Sealed(stored.row.private_key))?;
    let kid = Kid::parse(&stored.row.kid).map_err(|_| Abort::corrupt("audit key"))?;
    let signer = Signer::parse(SigningAlg::Es256, kid, &private).map_err(|_| Abort::corrupt("audit key"))?;
    let digest = due.head.digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    let claims = json!({
        "purpose": "audit-checkpoint",
        "chain": due.chain.name(),
        "count": due.head.count,
        "head": digest,
        "at_ms": due.at.0,
    });
    Ok(Some(signer.sign_jwt(claims.to_string().as_bytes())))
}

/// Writes what was signed.
///
/// # Errors
/// Pass it on.
pub fn write(tx: &mut Tx<'_>, due: &Due, jws: &str) -> Result<Outcome<()>, Abort> {
    let name = due.chain.name().to_owned();
    match due.step {
        Step::Checkpoint => {
            if tx.get::<Checkpoints>(&name)?.is_some_and(|stored| stored.row.count >= due.head.count) {
                return Ok(Outcome::Answer(()));
            }
            let row = Checkpoint { count: due.head.count, at_ms: due.at.0, jws: jws.to_owned() };
            let _ = tx.put::<Checkpoints>(name, row)?;
        }
        Step::Prune { from } => {
            // Who has just said that they are to be kept is heard.
            if tx.get::<Retentions>(&name)?.is_none() {
                return Ok(Outcome::Answer(()));
            }
            tx.prune_audit(&due.chain, from, due.head.count, jws.as_bytes().to_vec());
        }
    }
    Ok(Outcome::Commit(()))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use raft_store_core::Event;
    use raft_store_core::memory::MemoryStore;

    use super::super::retain;
    use super::*;
    use crate::Actor;

    const START: u64 = 1_800_000_000_000;

    fn chain() -> Chain {
        Chain::Realm("vo".to_owned())
    }

    fn say(store: &MemoryStore, times: usize) {
        for _ in 0..times {
            store
                .run(|tx| {
                    tx.audit(&chain(), Event(b"{}".to_vec()));
                    Ok(Outcome::Commit(()))
                })
                .unwrap();
        }
    }

    fn look(store: &MemoryStore) -> Option<Due> {
        store.look(|view| due(view, &chain())).unwrap()
    }

    fn step(store: &MemoryStore) -> String {
        let due = look(store).unwrap();
        let jws = store.look(|view| sign(view, &due)).unwrap().unwrap().unwrap();
        store.run(|tx| write(tx, &due, &jws)).unwrap();
        jws
    }

    fn with_key() -> std::sync::Arc<MemoryStore> {
        let store = MemoryStore::new(Timestamp(START));
        let key = new_key(&[7; 8]).unwrap();
        store.run(|tx| store_key(tx, &key)).unwrap();
        store
    }

    #[test]
    fn a_head_that_moved_is_signed_once_a_minute_or_every_thousand_events() {
        let store = with_key();
        assert_eq!(look(&store), None, "nothing to sign");
        say(&store, 1);
        let jws = step(&store);
        let seen = store.look(|view| signed(view, &chain())).unwrap();
        assert_eq!(seen.checkpoint.as_deref(), Some(jws.as_str()));
        let payload = BASE64_URL_SAFE_NO_PAD.decode(jws.split('.').nth(1).unwrap()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!((&claims["chain"], &claims["count"]), (&json!("vo"), &json!(1)));
        assert_eq!(seen.keys.len(), 1);

        say(&store, 2);
        assert_eq!(look(&store), None, "the minute is not over");
        store.set_now(Timestamp(START + AFTER_MS));
        assert_eq!(look(&store).unwrap().head.count, 3);
        step(&store);
        assert_eq!(look(&store), None);
        say(&store, 1_000);
        assert_eq!(look(&store).unwrap().head.count, 1_003);
    }

    #[test]
    fn what_is_older_than_the_retention_goes_behind_a_checkpoint_in_bounded_steps() {
        let store = with_key();
        say(&store, 300);
        store.set_now(Timestamp(START + 2 * DAY_MS));
        say(&store, 5);
        step(&store);
        assert_eq!(look(&store), None, "kept for ever unless told otherwise");
        let realm = crate::RealmId::parse("vo").unwrap();
        store.run(|tx| retain(tx, &chain(), Some(1), &Actor::system())).unwrap();
        let mut gone = Vec::new();
        while let Some(due) = look(&store) {
            let jws = step(&store);
            if due.step != Step::Checkpoint {
                gone.push(due.head.count);
                let base = store.look(|view| view.audit_base(realm.as_str())).unwrap();
                assert_eq!((base.head, base.checkpoint), (due.head, jws.into_bytes()));
            }
        }
        assert_eq!(gone, [256, 300]);
        let (base, left, head) = store
            .look(|view| Ok((view.audit_base("vo")?, view.audit_events("vo", 1, 999)?, view.audit_head("vo")?)))
            .unwrap();
        assert_eq!(left.len(), 6, "five, and the one that says that it was set");
        assert_eq!(left.iter().try_fold(base.head, |head, event| event.follows(head)), Some(head));
    }
}
