//! A table to write to, and clusters of real members on loopback.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use prost::Message;
use raft_store::{Compaction, Node, Options, RecoveryBundle, Watermarks};
use raft_store_core::{
    Abort, Freshness, Index, IndexId, Outcome, Read, Request, Set, SetId, Store, StoreError, Table, TableId, Through,
    Timestamp, Unique,
};
use tempfile::TempDir;

/// Named things with an owner.
pub(crate) struct Things;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Thing {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub owner: String,
    #[prost(uint64, tag = "3")]
    pub count: u64,
    #[prost(uint64, tag = "4")]
    pub expires_ms: u64,
}

pub(crate) struct ByName;
impl Index for ByName {
    type Of = Things;
    type Key = String;
    const ID: IndexId = IndexId(9001);
    const NAME: &'static str = "name";
    const UNIQUE: bool = true;
    fn keys(_: &u64, row: &Thing) -> Vec<String> {
        vec![row.name.clone()]
    }
}
impl Unique for ByName {}

pub(crate) struct ByOwner;
impl Index for ByOwner {
    type Of = Things;
    type Key = String;
    const ID: IndexId = IndexId(9002);
    const NAME: &'static str = "owner";
    const UNIQUE: bool = false;
    fn keys(_: &u64, row: &Thing) -> Vec<String> {
        vec![row.owner.clone()]
    }
}

pub(crate) struct OfOwner;
impl Set for OfOwner {
    type Of = Things;
    type Prefix = String;
    const ID: SetId = SetId(9001);
    const THROUGH: Through = Through::Index(IndexId(9002));
    fn prefixes(_: &u64, row: &Thing) -> Vec<String> {
        vec![row.owner.clone()]
    }
}

impl Table for Things {
    type Key = u64;
    type Row = Thing;
    type Indexes = (ByName, ByOwner);
    type Sets = (OfOwner,);
    const ID: TableId = TableId(9001);
    const NAME: &'static str = "things";
    fn expires(row: &Thing) -> Option<Timestamp> {
        (row.expires_ms != 0).then_some(Timestamp(row.expires_ms))
    }
}

pub(crate) fn thing(id: u64) -> Thing {
    Thing { name: format!("thing-{id}"), owner: "nobody".to_owned(), count: 0, expires_ms: 0 }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn options(folder: &Path, port: u16) -> Options {
    let listen: SocketAddr = format!("127.0.0.1:{port}").parse().unwrap();
    Options {
        data_dir: folder.to_owned(),
        peer_listen: listen,
        peer_advertise: listen.to_string(),
        cluster_key_file: None,
        debug_fsync_delay: None,
        debug_certificate_life: None,
        compaction: Compaction::default(),
        watermarks: Watermarks::default(),
        spared: Vec::new(),
        tables: vec![Things::ID],
        sweep: vec![raft_store_core::sweep::Sweepable::of::<Things>()],
        version: "test".to_owned(),
    }
}

/// One member and its folder.
pub(crate) struct Member {
    _folder: TempDir,
    pub options: Options,
    pub node: Option<Node>,
}

impl Member {
    /// A member that was opened elsewhere.
    pub(crate) fn of(folder: TempDir, node: Node, options: Options) -> Self {
        Self { _folder: folder, options, node: Some(node) }
    }

    pub(crate) fn store(&self) -> Store {
        self.node.as_ref().unwrap().store()
    }

    pub(crate) async fn stop(&mut self) {
        if let Some(node) = self.node.take() {
            node.shutdown().await;
        }
    }

    pub(crate) fn node(&self) -> &Node {
        self.node.as_ref().unwrap()
    }

    pub(crate) async fn start(&mut self) {
        self.node = Some(raft_store::start(self.options.clone()).await.unwrap());
    }
}

pub(crate) async fn first(change: impl Fn(&mut Options)) -> Member {
    first_and_bundle(change).await.0
}

pub(crate) async fn first_and_bundle(change: impl Fn(&mut Options)) -> (Member, RecoveryBundle) {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut options = options(folder.path(), port);
    change(&mut options);
    let (node, bundle) = raft_store::init(options.clone()).await.unwrap();
    (Member { _folder: folder, options, node: Some(node) }, bundle)
}

pub(crate) async fn another(of: &Member, change: impl Fn(&mut Options)) -> Member {
    let control = of.node.as_ref().unwrap().control();
    let token = control.create_join_token(&Request::new("test"), Duration::from_secs(60)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut options = options(folder.path(), port);
    change(&mut options);
    let node = raft_store::join(options.clone(), &token.token).await.unwrap();
    Member { _folder: folder, options, node: Some(node) }
}

/// Three voters.
pub(crate) async fn three(change: impl Fn(&mut Options)) -> Vec<Member> {
    three_and_bundle(change).await.0
}

/// Three voters and the recovery bundle.
pub(crate) async fn three_and_bundle(change: impl Fn(&mut Options)) -> (Vec<Member>, RecoveryBundle) {
    let (one, bundle) = first_and_bundle(&change).await;
    let two = another(&one, &change).await;
    let three = another(&one, &change).await;
    let members = vec![one, two, three];
    until("three voters", || {
        members.iter().all(|member| {
            let status = member.node.as_ref().unwrap().control().status();
            status.members.iter().filter(|member| member.voter).count() == 3 && status.leader.is_some()
        })
    })
    .await;
    (members, bundle)
}

pub(crate) fn leader_of(members: &[Member]) -> usize {
    members
        .iter()
        .position(|member| member.node.as_ref().is_some_and(|node| node.control().status().state == "leader"))
        .unwrap()
}

/// Waits for a condition; it must come true within a minute.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    for _ in 0..1200 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {what}");
}

pub(crate) async fn insert(store: &Store, id: u64, row: Thing) -> Result<bool, StoreError> {
    let done = store
        .transact(&Request::new("test"), |tx| {
            Ok(match tx.insert::<Things>(id, row.clone())? {
                Ok(()) => Outcome::Commit(true),
                Err(_) => Outcome::Answer(false),
            })
        })
        .await?;
    Ok(done.answer)
}

pub(crate) async fn get(store: &Store, fresh: Freshness, id: u64) -> Result<Option<Thing>, StoreError> {
    let done = store
        .view(&Request::new("test"), fresh, |view| Ok::<_, Abort>(view.get::<Things>(&id)?.map(|stored| stored.row)))
        .await?;
    Ok(done.answer)
}
