//! Networks of trusted proxies.

use std::net::IpAddr;

use woad::config::TrustedProxy;

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "trusted_proxy",
    run: target,
    seeds: || crate::texts(&["10.0.0.0/24\n10.0.0.200", "10.0.0.7\n::ffff:10.0.0.7", "2001:db8::/32\n2001:db8:1::1", "0.0.0.0/0\n203.0.113.9", "::/0\n::1"]),
    words: &["/", "/32", "/0", "/128", "::", "::ffff:", ".0", "\n", "255", "+", "-1"],
    rounds: 20_000,
};

/// The bits of an address, IPv4 by itself.
fn bits(address: IpAddr) -> Vec<u8> {
    let bytes = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect()
}

/// Two lines: a network and an address. Inside is what begins with the same bits, told one by one.
pub fn target(data: &[u8]) {
    let Some((network, address)) = crate::text(data).and_then(|text| text.split_once('\n')) else { return };
    let Ok(parsed) = network.parse::<TrustedProxy>() else { return };
    assert_eq!(parsed.to_string().parse().as_ref(), Ok(&parsed), "{network}");
    let Ok(address) = address.parse::<IpAddr>() else { return };
    let (base, length) = network.split_once('/').map_or((network, None), |(base, length)| (base, length.parse::<usize>().ok()));
    let base: IpAddr = base.parse().expect("a network has an address");
    // IPv4 is IPv4 however it is written.
    let shorter = bits(base).len() - bits(base.to_canonical()).len();
    let (wanted, found) = (bits(base.to_canonical()), bits(address.to_canonical()));
    let length = length.map_or(wanted.len(), |length| length - shorter);
    let inside = wanted.len() == found.len() && wanted[..length] == found[..length];
    assert_eq!(parsed.contains(address), inside, "{address} in {network}");
}
