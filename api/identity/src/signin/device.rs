//! Browsers somebody has signed in with: their attempts are counted apart, so that no stranger can keep their owner
//! out.

use std::fmt;
use std::time::Duration;

use raft_store_core::{Abort, Read};

use crate::continuation::{self, Kind};
use crate::ids::{RealmId, UserId};

/// How long a browser is known after its last sign-in.
pub const DEVICE_REMEMBERED: Duration = Duration::from_secs(180 * 24 * 3600);

/// A browser's id.
pub(super) type DeviceId = [u8; 16];

/// The cookie by which a browser is known. It opens nothing: who holds it still has to know the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceToken(String);

impl DeviceToken {
    pub(super) fn write(read: &impl Read, realm: &RealmId, user: UserId, device: &DeviceId) -> Result<Self, Abort> {
        continuation::write(read, realm, Kind::Device, &[user.0, *device].concat()).map(Self)
    }

    /// The device of a cookie, if it is known to have signed in to this account.
    pub(super) fn open(read: &impl Read, realm: &RealmId, user: UserId, text: &str) -> Result<Option<DeviceId>, Abort> {
        let opened = continuation::open(read, realm, Kind::Device, text, DEVICE_REMEMBERED)?;
        Ok(opened.and_then(|opened| opened.payload.strip_prefix(&user.0)?.try_into().ok()))
    }

    /// The text of the cookie.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceToken")
    }
}
