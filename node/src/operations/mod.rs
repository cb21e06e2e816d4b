//! The operations listener, and the probes that https answers too.

pub mod probes;
pub mod socket;
