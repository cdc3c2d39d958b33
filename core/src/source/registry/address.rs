//! Where a registry may send us: never to a place that only this machine or its network can reach, unless the
//! registry itself is there (threat model, rows 10, 11, 13).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// How far away an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Reach {
    /// Anywhere.
    Public,
    /// A private network (RFC 1918, RFC 4193, RFC 6598).
    Private,
    /// This machine.
    Loopback,
    /// This link: metadata services of clouds are there.
    LinkLocal,
}

impl Reach {
    /// Of an address.
    pub(super) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => match address.to_ipv4_mapped().or_else(|| embedded(address)) {
                Some(address) => Self::of_v4(address),
                None => Self::of_v6(address),
            },
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let [a, b, ..] = address.octets();
        if address.is_loopback() || address.is_unspecified() {
            Self::Loopback
        } else if address.is_link_local() || address.is_broadcast() || address.is_multicast() {
            Self::LinkLocal
        } else if address.is_private() || a == 0 || (a == 100 && (64..128).contains(&b)) {
            Self::Private
        } else {
            Self::Public
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if address.is_loopback() || address.is_unspecified() {
            Self::Loopback
        } else if address.is_unicast_link_local() || address.is_multicast() {
            Self::LinkLocal
        } else if address.is_unique_local() {
            Self::Private
        } else {
            Self::Public
        }
    }

    /// Of a URL's host as far as its spelling tells; `None` for a name that must be looked up.
    pub(super) fn spelled(url: &Url) -> Option<Self> {
        match url.host()? {
            Host::Ipv4(address) => Some(Self::of(address.into())),
            Host::Ipv6(address) => Some(Self::of(address.into())),
            Host::Domain(name) => {
                let name = name.trim_end_matches('.');
                (name == "localhost" || name.ends_with(".localhost")).then_some(Self::Loopback)
            }
        }
    }

    /// Whether something that is `self` may send us to `target`.
    pub(super) fn may_send_to(self, target: Self) -> bool {
        match target {
            Self::Public => true,
            Self::Private => matches!(self, Self::Private | Self::Loopback),
            Self::Loopback => self == Self::Loopback,
            Self::LinkLocal => false,
        }
    }
}

/// The IPv4 address inside a NAT64 address (RFC 6052) or a deprecated compatible one.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let is_nat64 = segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
    let is_compatible = segments[..6] == [0; 6] && segments[6] != 0;
    let low = (u32::from(segments[6]) << 16) | u32::from(segments[7]);
    (is_nat64 || is_compatible).then(|| Ipv4Addr::from(low))
}

/// Whether two URLs have the same scheme, host and port.
pub(super) fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host() == b.host() && a.port_or_known_default() == b.port_or_known_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// threat model, rows 10 and 11.
    #[test]
    fn spellings_of_inner_addresses_are_known() {
        for (url, expected) in [
            ("http://127.0.0.1/", Some(Reach::Loopback)),
            ("http://127.1/", Some(Reach::Loopback)),
            ("http://2130706433/", Some(Reach::Loopback)),
            ("http://0/", Some(Reach::Loopback)),
            ("http://[::1]/", Some(Reach::Loopback)),
            ("http://[::ffff:127.0.0.1]/", Some(Reach::Loopback)),
            ("http://localhost./", Some(Reach::Loopback)),
            ("http://a.LOCALHOST/", Some(Reach::Loopback)),
            ("http://169.254.169.254/", Some(Reach::LinkLocal)),
            ("http://[::ffff:a9fe:a9fe]/", Some(Reach::LinkLocal)),
            ("http://[64:ff9b::a9fe:a9fe]/", Some(Reach::LinkLocal)),
            ("http://[fe80::1]/", Some(Reach::LinkLocal)),
            ("http://10.0.0.1/", Some(Reach::Private)),
            ("http://0xa.0.0.1/", Some(Reach::Private)),
            ("http://100.64.0.1/", Some(Reach::Private)),
            ("http://[fd00::1]/", Some(Reach::Private)),
            ("http://192.0.43.10/", Some(Reach::Public)),
            ("http://example.com/", None),
        ] {
            assert_eq!(Reach::spelled(&url.parse().unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn nobody_sends_inwards() {
        use Reach::{LinkLocal, Loopback, Private, Public};
        for (from, allowed) in [
            (Public, vec![Public]),
            (Private, vec![Public, Private]),
            (Loopback, vec![Public, Private, Loopback]),
            (LinkLocal, vec![Public]),
        ] {
            for target in [Public, Private, Loopback, LinkLocal] {
                assert_eq!(from.may_send_to(target), allowed.contains(&target), "{from:?} {target:?}");
            }
        }
    }
}
