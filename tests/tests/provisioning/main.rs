//! Foreign provisioning programs at `/scim/v2` of a follower, over TLS.

mod schemathesis;
mod scim2;
mod world;
