//! Records of the log, as they come off the disk.

use prost::Message;
use raft_store::fuzz::log_record;

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target { name: "log_record", run: target, seeds, words: &[], rounds: 20_000 };

fn seeds() -> Vec<Vec<u8>> {
    super::peer_message::records().iter().map(Message::encode_to_vec).collect()
}

/// A record that is understood is understood equally after it was written again.
pub fn target(data: &[u8]) {
    if let Some(once) = log_record(data) {
        assert_eq!(log_record(&once).as_ref(), Some(&once), "a record is the same after a journey");
    }
}
