//! Beginning a family.

use raft_store_core::{Abort, Read, Stored, Tx};

use super::record::{FamiliesOfUser, RefreshFamilies, RefreshFamily};
use super::token::{RefreshToken, SECRET_LEN, Secret, TagKey};
use super::{MAX_FAMILIES, MAX_FAMILIES_PER_CLIENT};
use crate::client::Client;
use crate::grant::Grant;
use crate::realm::Realms;
use crate::token::GrantId;

/// With fewer families than this one more is within both limits.
const FEWEST_OVER: usize = if MAX_FAMILIES < MAX_FAMILIES_PER_CLIENT { MAX_FAMILIES } else { MAX_FAMILIES_PER_CLIENT };

/// Begins the family of a grant. Families over the limit go, the oldest first.
pub(crate) fn begin(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    client: &Client,
    id: GrantId,
    grant: Grant,
    random: &[u8; SECRET_LEN],
) -> Result<RefreshToken, Abort> {
    make_room(tx, realm, &grant)?;
    let secret = Secret::from_random(random);
    let token = TagKey::load(tx, &realm.key)?.token(id, &secret);
    let seconds = match client.refresh_token_validity_seconds {
        0 => realm.row.refresh_token_seconds,
        seconds => seconds,
    };
    let row = RefreshFamily {
        grant: Some(grant),
        current: secret.hash(),
        previous: Vec::new(),
        seed: Vec::new(),
        rotated_ms: tx.now().0,
        created_ms: tx.now().0,
        expires_ms: tx.now().plus_ms(u64::from(seconds) * 1000).0,
    };
    // The table has no unique index, so there is nothing that could be taken.
    let _ = tx.put::<RefreshFamilies>((realm.key.clone(), id), row)?;
    Ok(token)
}

fn make_room(tx: &mut Tx<'_>, realm: &Stored<Realms>, grant: &Grant) -> Result<(), Abort> {
    let of = (realm.key.clone(), grant.user()?);
    // Nobody who has fewer is over a limit: none of them need be looked at.
    if tx.count_bound::<FamiliesOfUser>(&of)? < FEWEST_OVER {
        return Ok(());
    }
    let mut held = tx.all::<FamiliesOfUser>(&of)?;
    held.sort_by_key(|family| std::cmp::Reverse(family.row.created_ms));
    let (mut all, mut of_client) = (1, 1);
    for family in held {
        let same = family.row.grant()?.client_id == grant.client_id;
        all += 1;
        of_client += usize::from(same);
        if all > MAX_FAMILIES || (same && of_client > MAX_FAMILIES_PER_CLIENT) {
            tx.delete::<RefreshFamilies>(&family.key)?;
        }
    }
    Ok(())
}
