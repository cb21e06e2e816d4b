//! The pure half of the replicated store: tables, transactions, the entry format and apply.
//!
//! Nothing here does I/O, knows of a runtime, reads a clock or draws a random number. A transaction is evaluated
//! against a [`ReadKv`] and comes out as a [`wire::Entry`]: what it read (guards) and what it writes (mutations).
//! [`apply`] is the deterministic function that every replica runs on that entry. [`Store`] is the handle that
//! protocols and the domain hold; what stands behind it is a [`Backend`].

pub mod agreement;
pub mod apply;
pub mod audit;
pub mod check;
pub mod cluster;
pub mod growth;
pub mod ids;
pub mod key;
pub mod kv;
pub mod layout;
pub mod limits;
pub mod memory;
pub mod mutant;
pub mod outcomes;
mod overlay;
mod position;
pub mod read;
pub mod row;
pub mod seal;
pub mod store;
pub mod sweep;
pub mod table;
pub mod tx;
pub mod view;
pub mod wire;

pub use audit::{Chain, Event};
pub use ids::{AttemptId, IndexId, Level, MarkerId, NodeId, Revision, SetId, TableId, Timestamp};
pub use key::{Key, KeyReader, KeyWriter};
pub use kv::{Batch, Kv, KvError, ReadKv, Space};
pub use mutant::Mutant;
pub use read::{Abort, Read};
pub use row::Row;
pub use seal::{Sealed, Sealer};
pub use store::{Backend, Done, Freshness, Outcome, Request, Store, StoreError};
pub use table::{Blind, Index, IndexSet, Marker, Set, SetList, Stored, Table, Taken, Through, Unique};
pub use tx::Tx;
pub use view::View;
