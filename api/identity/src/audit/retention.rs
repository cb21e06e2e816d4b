//! How long a chain is kept, and what of it is erased: an operator's decisions, told in the chain itself.

use raft_store_core::{Abort, Chain, Outcome, Read, Tx};
use serde_json::json;

use super::record::{Retention, Retentions};
use crate::event::{self, Actor};

/// The longest retention that can be named: a century. Longer is for ever.
pub const MAX_KEEP_DAYS: u32 = 36_500;

/// Sets for how many days a chain's events are kept; `None`: for ever.
///
/// # Errors
/// Pass it on.
pub fn retain(tx: &mut Tx<'_>, chain: &Chain, days: Option<u32>, actor: &Actor) -> Result<Outcome<()>, Abort> {
    let name = chain.name().to_owned();
    let days = days.map(|days| days.clamp(1, MAX_KEEP_DAYS));
    if tx.get::<Retentions>(&name)?.map(|stored| stored.row.keep_days) == days {
        return Ok(Outcome::Answer(()));
    }
    match days {
        // Never taken: the table has no unique index.
        Some(keep_days) => drop(tx.put::<Retentions>(name, Retention { keep_days })?),
        None => drop(tx.delete::<Retentions>(&name)?),
    }
    event::record_in(tx, chain, "audit.retain", chain.name(), json!({ "keep_days": days }), actor)?;
    Ok(Outcome::Commit(()))
}

/// Erases the body of an event. That it was there, when, and its digest stay.
///
/// # Errors
/// Pass it on.
pub fn erase(tx: &mut Tx<'_>, chain: &Chain, number: u64, actor: &Actor) -> Result<Outcome<()>, Abort> {
    tx.erase_audit(chain, number);
    event::record_in(tx, chain, "audit.erase", &number.to_string(), serde_json::Value::Null, actor)?;
    Ok(Outcome::Commit(()))
}
