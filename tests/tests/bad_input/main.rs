//! Bad input over the wire: every row has its right answer, and after each table the cluster is as it was.

#![expect(clippy::indexing_slicing, reason = "a test may stop at the first surprise")]

mod administration;
mod authentication;
mod authorization;
mod codes;
mod data_folders;
mod forged_tokens;
mod forms;
mod framing;
mod http2;
mod joining;
mod media;
mod methods;
mod paths;
mod peer_port;
mod provisioning;
mod scopes;
mod sessions;
mod userinfo;
mod world;
