//! What can't be tried: the fixed list, with reasons.

use crate::cli::Profile;
use crate::scenario::Row;
use crate::world::Stage;

const fn row(ids: &'static [&'static str], name: &'static str, why: &'static str) -> Row {
    Row { ids, name, profile: Profile::Full, stage: Stage::Alone, play: Err(why) }
}

pub(super) const ROWS: &[Row] = &[
    row(&["F42"], "rolling upgrade and back", "there is no earlier release to upgrade from"),
    row(&["F45"], "backup under load, restored into a new cluster", "there is no backup yet"),
    row(&["F46"], "a truncated, tampered or wrongly keyed backup", "there is no backup yet"),
];
