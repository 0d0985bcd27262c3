//! Which addresses a host may have: the second of two layers, below the
//! [policy](super::policy).
//!
//! A name that the policy allows can still resolve to this machine, its network or its
//! cloud's metadata service, by a mistake, by a hosts file or by an attack on DNS. So the
//! host resolves a name once, checks its addresses, and connects to one that passed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a service on the public internet can have this address.
///
/// False for all addresses that the IANA registries of special-purpose addresses call not
/// globally reachable, such as `169.254.169.254` (cloud metadata), for multicast, and for
/// IPv6 addresses with an IPv4 address inside, which a gateway would connect to.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !SPECIAL_V4.iter().any(|&(network, bits)| {
        let mask = u32::MAX << (32 - bits);
        address.to_bits() & mask == Ipv4Addr::from_octets(network).to_bits()
    })
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let inside = |&(network, bits): &([u16; 4], u32)| {
        let [a, b, c, d] = network.map(u128::from);
        let network = a << 112 | b << 96 | c << 80 | d << 64;
        address.to_bits() & (u128::MAX << (128 - bits)) == network
    };
    inside(&GLOBAL_UNICAST_V6) && !SPECIAL_V6.iter().any(inside)
}

/// RFC 6890 and its registry.
const SPECIAL_V4: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),        // this network
    ([10, 0, 0, 0], 8),       // private
    ([100, 64, 0, 0], 10),    // carrier-grade NAT, and metadata in one cloud
    ([127, 0, 0, 0], 8),      // loopback
    ([169, 254, 0, 0], 16),   // link-local, and metadata in most clouds
    ([172, 16, 0, 0], 12),    // private
    ([192, 0, 0, 0], 24),     // protocol assignments, and metadata in one cloud
    ([192, 0, 2, 0], 24),     // documentation
    ([192, 88, 99, 0], 24),   // 6to4 relays
    ([192, 168, 0, 0], 16),   // private
    ([198, 18, 0, 0], 15),    // benchmarks
    ([198, 51, 100, 0], 24),  // documentation
    ([203, 0, 113, 0], 24),   // documentation
    ([168, 63, 129, 16], 32), // a cloud's own service, on a public address
    ([224, 0, 0, 0], 4),      // multicast
    ([240, 0, 0, 0], 4),      // reserved, and broadcast
];

/// All public IPv6 addresses are in this range; `::1`, `fc00::/7`, `fe80::/10`,
/// `ff00::/8`, `::ffff:0:0/96` and `64:ff9b::/96` (NAT64) are not.
const GLOBAL_UNICAST_V6: ([u16; 4], u32) = ([0x2000, 0, 0, 0], 3);

/// Special-purpose ranges within it.
const SPECIAL_V6: [([u16; 4], u32); 4] = [
    ([0x2001, 0, 0, 0], 23), // protocol assignments, Teredo and ORCHID among them
    ([0x2001, 0xdb8, 0, 0], 32), // documentation
    ([0x2002, 0, 0, 0], 16), // 6to4: carries an IPv4 address
    ([0x3fff, 0, 0, 0], 20), // documentation
];

#[cfg(test)]
mod tests {
    use super::*;

    fn public(address: &str) -> bool {
        is_public(address.parse().unwrap())
    }

    #[test]
    fn addresses_of_services_are_public() {
        for address in [
            "1.1.1.1",
            "104.18.32.47",
            "172.15.255.255",
            "172.32.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::6812:202f",
            "2a06:98c1:3121::1",
            "2001:4860:4860::8888",
        ] {
            assert!(public(address), "{address}");
        }
    }

    #[test]
    fn this_machine_and_its_networks_are_not() {
        for address in [
            "127.0.0.1",
            "127.255.255.254",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "::",
            "::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "fec0::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn metadata_services_are_not() {
        for address in [
            "169.254.169.254",
            "169.254.170.2",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "fd00:ec2::254",
            "fe80::a9fe:a9fe",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn reserved_and_multicast_addresses_are_not() {
        for address in [
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "2001:db8::1",
            "3fff::1",
            "3fff:fff::1",
            "ff02::1",
            "4000::1",
            "100::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn ipv4_inside_ipv6_is_not_even_where_the_inner_address_is_public() {
        for address in [
            "::ffff:127.0.0.1",
            "::ffff:1.1.1.1",
            "::127.0.0.1",
            "64:ff9b::1.1.1.1",
            "64:ff9b:1::7f00:1",
            "2002:7f00:1::1",
            "2002:101:101::1",
            "2001::1",
            "2001:0:1::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }
}
