//! What a member announces as an append stream begins: the end of its log (store.md 15).

use std::io;
use std::sync::{Arc, OnceLock};

use openraft::async_runtime::WatchReceiver;
use prost::Message;
use tonic::metadata::{MetadataMap, MetadataValue};

use crate::convert::{log_id_from, log_id_to, malformed};
use crate::proto;
use crate::types::{LogId, Raft};

/// The header. Of a log without entries it is absent.
const LAST_LOG: &str = "woad-last-log-bin";

/// Announces the last log id.
pub(super) fn write(metadata: &mut MetadataMap, last: Option<&LogId>) {
    if let Some(last) = last {
        metadata.insert_bin(LAST_LOG, MetadataValue::from_bytes(&log_id_to(last).encode_to_vec()));
    }
}

/// What was announced.
///
/// # Errors
/// When it is malformed.
pub(super) fn read(metadata: &MetadataMap) -> io::Result<Option<LogId>> {
    let Some(value) = metadata.get_bin(LAST_LOG) else { return Ok(None) };
    let bytes = value.to_bytes().map_err(|_| malformed("announced log id"))?;
    log_id_from(proto::LogId::decode(bytes).map_err(|_| malformed("announced log id"))?).map(Some)
}

/// How far this leader has replicated to each member. Nothing before Raft runs, nor while it does not lead.
#[derive(Clone, Default)]
pub(crate) struct Replicated(Arc<OnceLock<Raft>>);

impl Replicated {
    /// Raft runs.
    pub(crate) fn follow(&self, raft: &Raft) {
        // Set once, when the member is put together.
        let _ = self.0.set(raft.clone());
    }

    /// What the member is known to have.
    pub(super) fn to(&self, member: u64) -> Option<LogId> {
        let metrics = self.0.get()?.metrics();
        let metrics = metrics.borrow_watched();
        *metrics.replication.as_ref()?.get(&member)?
    }
}

#[cfg(test)]
mod tests {
    use openraft::vote::RaftLeaderId;

    use super::*;
    use crate::types::LeaderId;

    #[test]
    fn what_is_announced_is_read_back() {
        let last = LogId::new(LeaderId::new(7, 2), 1 << 44);
        let mut metadata = MetadataMap::new();
        assert_eq!(read(&metadata).unwrap(), None);
        write(&mut metadata, None);
        assert_eq!(read(&metadata).unwrap(), None);
        write(&mut metadata, Some(&last));
        assert_eq!(read(&metadata).unwrap(), Some(last));
        metadata.insert_bin(LAST_LOG, MetadataValue::from_bytes(&[0xff, 1]));
        assert!(read(&metadata).is_err());
    }
}
