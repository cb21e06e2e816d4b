//! Passwords: argon2id hashes, and which passwords are refused.

mod block_list;
mod hash;
mod policy;
mod record;

pub use hash::{
    HashMemory, HashParams, InvalidHash, MAX_PASSWORD_BYTES, PasswordHash, Verified, dummy, hash, hash_in, verify,
    verify_in,
};
pub use policy::{PasswordFault, check_policy};
pub use record::{NoPassword, NoSuchUser, Password, Passwords, remove, set, stored};
pub(crate) use record::{purge, put, rehash};
