//! People sign in at foreign applications, through the login page, with three nodes behind one name: each request may
//! meet another node.

#![expect(clippy::indexing_slicing, reason = "a test may stop at the first surprise")]

mod apache;
mod chromium;
mod libraries;
mod world;
