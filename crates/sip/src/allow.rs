//! The source allow-list: who may speak to this router at all. Asked before a byte is parsed.

use std::net::IpAddr;
use std::str::FromStr;
use thiserror::Error;

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no network; write an address or address/prefix, for example 192.0.2.0/24")]
pub struct NetworkError(String);

/// A network: the addresses sharing a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    bits: u128,
    prefix: u32,
}

/// IPv4 as IPv4-mapped IPv6, so that one comparison serves both.
fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(four) => four.to_ipv6_mapped().to_bits(),
        IpAddr::V6(six) => six.to_bits(),
    }
}

impl Network {
    fn contains(&self, ip: u128) -> bool {
        self.prefix == 0 || (self.bits ^ ip) >> (128 - self.prefix) == 0
    }
}

impl From<IpAddr> for Network {
    fn from(ip: IpAddr) -> Self {
        Self {
            bits: bits(ip),
            prefix: 128,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let fault = || NetworkError(text.to_owned());
        let (address, prefix) = text
            .split_once('/')
            .map_or((text, None), |(a, p)| (a, Some(p)));
        let ip: IpAddr = address.parse().map_err(|_| fault())?;
        let own = if ip.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(own), |p| p.parse::<u32>().map_err(|_| fault()))?;
        if prefix > own {
            return Err(fault());
        }
        Ok(Self {
            bits: bits(ip),
            prefix: prefix + 128 - own,
        })
    }
}

/// The networks whose packets are read; empty lets nobody in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowList {
    networks: Vec<Network>,
}

impl AllowList {
    /// A list of these networks.
    pub fn new(networks: impl IntoIterator<Item = Network>) -> Self {
        Self {
            networks: networks.into_iter().collect(),
        }
    }

    /// Whether this source may speak.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = bits(ip);
        self.networks.iter().any(|network| network.contains(ip))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses_and_no_others() {
        let net = |text: &str| text.parse::<Network>().expect("a network");
        let list = AllowList::new([net("192.0.2.0/24"), net("2001:db8::1"), net("10.9.8.7")]);
        for inside in [
            "192.0.2.0",
            "192.0.2.255",
            "2001:db8::1",
            "10.9.8.7",
            "::ffff:10.9.8.7",
        ] {
            assert!(
                list.contains(inside.parse().expect("an address")),
                "{inside}"
            );
        }
        for outside in ["192.0.3.0", "2001:db8::2", "10.9.8.6", "::"] {
            assert!(
                !list.contains(outside.parse().expect("an address")),
                "{outside}"
            );
        }
        assert!(!AllowList::default().contains([127, 0, 0, 1].into()));
        assert!("10.0.0.0/33".parse::<Network>().is_err());
    }
}
