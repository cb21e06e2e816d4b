//! Remembered outcomes: one record a log entry, an attempt → index map in memory (store.md 8).

use std::collections::{HashMap, VecDeque};

use prost::Message;

use crate::apply::{Applied, Overlay, Verdict};
use crate::ids::{AttemptId, Revision, Timestamp};
use crate::kv::{ReadKv, Space, Write};
use crate::limits::{OUTCOME_PURGE_STEP, OUTCOME_RETENTION_MS};
use crate::read::Abort;
use crate::wire::OutcomeRecord;

/// Which attempts ended, and at which index. A function of the log alone, so equal on all replicas.
#[derive(Default)]
pub struct Outcomes {
    by_attempt: HashMap<AttemptId, Revision>,
    in_order: VecDeque<(Revision, Timestamp, AttemptId)>,
}

impl Outcomes {
    /// Rebuilds the map from the stored records.
    ///
    /// # Errors
    /// When storage fails or a record is malformed.
    pub fn load(kv: &dyn ReadKv) -> Result<Self, Abort> {
        let mut out = Self::default();
        for (key, value) in kv.prefix(Space::Outcomes, &[])? {
            let index = key.try_into().map(u64::from_be_bytes).map_err(|_| Abort::corrupt("outcome key"))?;
            let record = decode(&value)?;
            let attempt: [u8; 16] = record.attempt.try_into().map_err(|_| Abort::corrupt("outcome"))?;
            out.note(Revision(index), Timestamp(record.stamp_ms), AttemptId(attempt));
        }
        Ok(out)
    }

    /// How many are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.in_order.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.in_order.is_empty()
    }

    /// The outcome of an attempt, if it is remembered.
    ///
    /// # Errors
    /// When its record cannot be read.
    pub fn get(&self, attempt: AttemptId, kv: &dyn ReadKv) -> Result<Option<Applied>, Abort> {
        let Some(index) = self.by_attempt.get(&attempt).copied() else { return Ok(None) };
        let value = kv.get(Space::Outcomes, &index.0.to_be_bytes())?;
        let record = decode(&value.ok_or_else(|| Abort::corrupt("outcome is gone"))?)?;
        let verdict = Verdict::decode(record.verdict, record.conflict)?;
        let stamp = Timestamp(record.stamp_ms);
        Ok(Some(Applied { attempt, verdict, index, stamp, duplicate: false }))
    }

    pub(crate) fn remember(
        &mut self,
        index: Revision,
        stamp: Timestamp,
        attempt: AttemptId,
        verdict: &Verdict,
        kv: &mut Overlay<'_>,
    ) {
        let (verdict, conflict) = verdict.encode();
        let record = OutcomeRecord { attempt: attempt.0.to_vec(), stamp_ms: stamp.0, verdict, conflict };
        kv.set(Space::Outcomes, index.0.to_be_bytes().to_vec(), Some(record.encode_to_vec()));
        self.note(index, stamp, attempt);
    }

    fn note(&mut self, index: Revision, stamp: Timestamp, attempt: AttemptId) {
        self.by_attempt.insert(attempt, index);
        self.in_order.push_back((index, stamp, attempt));
    }

    /// Forgets, by index range, the [`OUTCOME_PURGE_STEP`] oldest once all of them lie [`OUTCOME_RETENTION_MS`]
    /// behind cluster time. Stamps never fall, so the oldest come first.
    pub(crate) fn purge(&mut self, clock: Timestamp, kv: &mut Overlay<'_>) {
        let Some((last, stamp, _)) = self.in_order.get(OUTCOME_PURGE_STEP - 1).copied() else { return };
        if stamp.0.saturating_add(OUTCOME_RETENTION_MS) >= clock.0 {
            return;
        }
        let first = self.in_order.front().map_or(last, |(first, ..)| *first);
        for (_, _, attempt) in self.in_order.drain(..OUTCOME_PURGE_STEP) {
            self.by_attempt.remove(&attempt);
        }
        let from = first.0.to_be_bytes().to_vec();
        kv.push(Write::DeleteRange(Space::Outcomes, from, (last.0 + 1).to_be_bytes().to_vec()));
    }
}

fn decode(value: &[u8]) -> Result<OutcomeRecord, Abort> {
    OutcomeRecord::decode(value).map_err(|_| Abort::corrupt("outcome"))
}
