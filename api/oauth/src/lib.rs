//! woad-oauth
