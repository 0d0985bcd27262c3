//! Ranges of addresses that an operator allows although they are not public.
//!
//! Some VPNs and routers answer every name with a fake address, and forward the connection
//! to the right host. TLS still authenticates the host.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A range of addresses in CIDR notation, such as `198.18.0.0/15`, or one address: an
/// operator's exception to the rule that the host connects to
/// [public](crate::is_public) addresses only.
///
/// A range is at most a /8, or a /32 for IPv6, and covers no loopback, link-local,
/// multicast or unspecified address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressRange {
    network: IpAddr,
    bits: u8,
}

/// Why a text is not an [`AddressRange`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressRangeError {
    /// The text has another form.
    #[error("an address range is written as ADDRESS/BITS")]
    Malformed,
    /// The address is not the first of its range.
    #[error("its address has bits after the prefix")]
    HostBits(AddressRange),
    /// The range covers too many addresses.
    #[error("it is wider than a /8, or for IPv6 a /32")]
    TooWide,
    /// The range covers addresses that are never allowed.
    #[error("it covers {0}, which is never allowed")]
    NeverAllowed(AddressRange),
}

impl AddressRangeError {
    /// How to write the range instead.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Malformed => "write ADDRESS/BITS, such as 198.18.0.0/15".to_owned(),
            Self::HostBits(range) => format!("write {range}"),
            Self::TooWide => "give the range that the VPN or router answers with".to_owned(),
            Self::NeverAllowed(_) => {
                "give the range that the VPN or router answers with; loopback, link-local, \
                 multicast and unspecified addresses are not, and IPv4 is written as IPv4"
                    .to_owned()
            }
        }
    }
}

impl AddressRange {
    /// Whether an address is in this range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        prefix(address, self.bits) == Some(self.network)
    }

    const fn v4(octets: [u8; 4], bits: u8) -> Self {
        Self {
            network: IpAddr::V4(Ipv4Addr::from_octets(octets)),
            bits,
        }
    }

    const fn v6(first: u16, sixth: u16, bits: u8) -> Self {
        Self {
            network: IpAddr::V6(Ipv6Addr::new(first, 0, 0, 0, 0, sixth, 0, 0)),
            bits,
        }
    }

    // Two ranges overlap if one contains the other.
    fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.network) || other.contains(self.network)
    }

    fn check(self) -> Result<Self, AddressRangeError> {
        let widest = match self.network {
            IpAddr::V4(_) => 8,
            IpAddr::V6(_) => 32,
        };
        if let Some(never) = NEVER.iter().find(|never| never.overlaps(&self)) {
            return Err(AddressRangeError::NeverAllowed(*never));
        }
        if self.bits < widest {
            return Err(AddressRangeError::TooWide);
        }
        Ok(self)
    }
}

/// Addresses that no range may cover.
const NEVER: [AddressRange; 9] = [
    AddressRange::v4([0, 0, 0, 0], 8),      // this network, unspecified
    AddressRange::v4([127, 0, 0, 0], 8),    // loopback
    AddressRange::v4([169, 254, 0, 0], 16), // link-local, and metadata in most clouds
    AddressRange::v4([224, 0, 0, 0], 4),    // multicast
    AddressRange::v4([255, 255, 255, 255], 32), // broadcast
    AddressRange::v6(0, 0, 96),             // unspecified, loopback, IPv4-compatible
    AddressRange::v6(0, 0xffff, 96),        // IPv4-mapped
    AddressRange::v6(0xfe80, 0, 10),        // link-local
    AddressRange::v6(0xff00, 0, 8),         // multicast
];

/// The address with all bits after the prefix cleared; none if the prefix is too long.
fn prefix(address: IpAddr, bits: u8) -> Option<IpAddr> {
    let bits = u32::from(bits);
    match address {
        IpAddr::V4(address) => {
            let behind = u32::BITS.checked_sub(bits)?;
            let mask = u32::MAX.checked_shl(behind).unwrap_or(0);
            Some(Ipv4Addr::from_bits(address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let behind = u128::BITS.checked_sub(bits)?;
            let mask = u128::MAX.checked_shl(behind).unwrap_or(0);
            Some(Ipv6Addr::from_bits(address.to_bits() & mask).into())
        }
    }
}

impl FromStr for AddressRange {
    type Err = AddressRangeError;

    fn from_str(text: &str) -> Result<Self, AddressRangeError> {
        let malformed = || AddressRangeError::Malformed;
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) if bits.bytes().all(|byte| byte.is_ascii_digit()) => {
                (address, Some(bits.parse::<u8>().map_err(|_| malformed())?))
            }
            Some(_) => return Err(malformed()),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| malformed())?;
        let bits = bits.unwrap_or(if address.is_ipv4() { 32 } else { 128 });
        let network = prefix(address, bits).ok_or_else(malformed)?;
        let range = Self { network, bits }.check()?;
        match network == address {
            true => Ok(range),
            false => Err(AddressRangeError::HostBits(range)),
        }
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<AddressRange, AddressRangeError> {
        text.parse()
    }

    #[test]
    fn a_range_holds_the_addresses_that_its_prefix_says() {
        for (range, inside, outside) in [
            ("198.18.0.0/15", "198.19.255.255", "198.20.0.0"),
            ("198.18.0.36/32", "198.18.0.36", "198.18.0.37"),
            ("198.18.0.36", "198.18.0.36", "198.18.0.35"),
            ("28.0.0.0/8", "28.255.0.1", "29.0.0.0"),
            ("240.0.0.0/8", "240.1.2.3", "241.0.0.0"),
            ("fc00::/32", "fc00::1", "fc00:1::"),
            ("64:ff9b::/96", "64:ff9b::102:304", "64:ff9b:1::"),
            ("2001:db8::1", "2001:db8::1", "2001:db8::2"),
        ] {
            let range = parse(range).unwrap();
            assert!(range.contains(inside.parse().unwrap()), "{range}");
            assert!(!range.contains(outside.parse().unwrap()), "{range}");
            assert_eq!(parse(&range.to_string()), Ok(range));
        }
        let v4 = parse("198.18.0.0/15").unwrap();
        assert!(!v4.contains("::ffff:198.18.0.36".parse().unwrap()));
        let v6 = parse("fc00::/32").unwrap();
        assert!(!v6.contains("198.18.0.36".parse().unwrap()));
    }

    /// Faults: M05
    #[test]
    fn loopback_and_link_local_ranges_are_never_allowed() {
        for text in [
            "127.0.0.1",
            "127.0.0.0/8",
            "126.0.0.0/7",
            "0.0.0.0/0",
            "0.0.0.0",
            "0.1.2.0/24",
            "169.254.169.254",
            "169.254.0.0/16",
            "169.0.0.0/8",
            "224.0.0.0/8",
            "224.0.0.1",
            "239.0.0.0/8",
            "255.255.255.255",
            "255.0.0.0/8",
            "::",
            "::1",
            "::/0",
            "::/64",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:0:0/96",
            "::ffff:198.18.0.0/111",
            "fe80::1",
            "fe80::/10",
            "fe80::/64",
            "febf::/32",
            "ff00::/8",
            "ff02::1",
        ] {
            let refused = parse(text).unwrap_err();
            assert!(
                matches!(refused, AddressRangeError::NeverAllowed(_)),
                "{text}: {refused:?}"
            );
        }
    }

    #[test]
    fn a_range_is_not_wide() {
        for text in [
            "198.0.0.0/7",
            "16.0.0.0/4",
            "fc00::/18",
            "fc00::/31",
            "2000::/3",
        ] {
            assert_eq!(parse(text), Err(AddressRangeError::TooWide), "{text}");
        }
    }

    #[test]
    fn an_address_within_the_range_is_no_range_and_the_right_one_is_named() {
        for (text, hint) in [
            ("198.18.0.36/15", "write 198.18.0.0/15"),
            ("10.1.2.3/8", "write 10.0.0.0/8"),
            ("fc00::1/32", "write fc00::/32"),
        ] {
            let refused = parse(text).unwrap_err();
            assert!(matches!(refused, AddressRangeError::HostBits(_)), "{text}");
            assert_eq!(refused.hint(), hint);
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "",
            "/",
            "/8",
            "198.18.0.0/",
            "198.18.0.0/33",
            "198.18.0.0/256",
            "198.18.0.0/+15",
            "198.18.0.0/-1",
            "198.18.0.0/15/15",
            "198.18/15",
            "198.18.0.0-198.19.0.0",
            "fc00::/129",
            "[fc00::]/32",
            "auth.openai.com",
            "auth.openai.com/32",
        ] {
            assert_eq!(parse(text), Err(AddressRangeError::Malformed), "{text}");
        }
    }
}
