//! woad-tests
