//! A cluster of one for the tests of this folder.

use std::net::TcpListener;

use crate::disk::Watermarks;
use crate::node::{Compaction, Node, Options};

/// A node alone, and the folder that it lives in.
pub(super) async fn one_node() -> (tempfile::TempDir, Node) {
    let folder = tempfile::tempdir().unwrap();
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = Options {
        data_dir: folder.path().to_owned(),
        peer_listen: listen,
        peer_advertise: listen.to_string(),
        cluster_key_file: None,
        debug_fsync_delay: None,
        debug_certificate_life: None,
        compaction: Compaction::default(),
        watermarks: Watermarks::default(),
        spared: Vec::new(),
        tables: Vec::new(),
        sweep: Vec::new(),
        version: "test".to_owned(),
    };
    let (node, _) = crate::node::init(options).await.unwrap();
    (folder, node)
}
