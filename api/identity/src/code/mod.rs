//! Authorization codes (RFC 6749 §4.1.2): 256 random bits, good once, for a minute, at any replica.
//!
//! A code's record stays for a while after its use: whoever presents it again ends the grant.

mod record;
mod redeem;

#[cfg(test)]
mod tests;

pub use record::{AuthorizationCode, CODE_LIFE_MS, Codes, USED_CODE_KEPT_MS};
pub use redeem::{PresentedCode, RedeemError, Redeemed, redeem};
