//! The address that a request came from.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The network address of a client, as seen by the load balancer, which appends it to `X-Forwarded-For`. Everything
/// before the last entry was sent by the client and cannot be trusted.
///
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(Option<IpAddr>);

impl ClientAddress {
    /// Reads the value of `X-Forwarded-For`. Without the header there is no proxy in front, and all clients count as
    /// one.
    pub(crate) fn forwarded_by(header: Option<&str>) -> Self {
        let last = header.and_then(|header| header.rsplit(',').next()).map(str::trim);
        Self(last.and_then(parse).map(network))
    }
}

/// Parses an address with or without a port; the load balancer's attribute `routing.http.xff_client_port.enabled` adds
/// one.
fn parse(text: &str) -> Option<IpAddr> {
    text.parse().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip())).ok()
}

/// Reduces an IPv6 address to its /64 network: a client with one of its addresses has all of them (RFC 6177).
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(formatter),
            None => formatter.write_str("unknown"),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // if there are several headers, the load balancer appends to the last one
        let header = parts.headers.get_all("x-forwarded-for").iter().next_back();
        Ok(Self::forwarded_by(header.and_then(|value| value.to_str().ok())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(header: &str) -> String {
        ClientAddress::forwarded_by(Some(header)).to_string()
    }

    #[test]
    fn takes_the_address_that_the_load_balancer_appended() {
        assert_eq!(client("203.0.113.1, 198.51.100.7"), "198.51.100.7");
        assert_eq!(client("198.51.100.7:40000"), "198.51.100.7");
        assert_eq!(client("[2001:db8::1]:40000"), "2001:db8::");
    }

    #[test]
    fn reduces_an_ipv6_address_to_its_network() {
        assert_eq!(client("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(client("::ffff:198.51.100.7"), "198.51.100.7");
    }

    #[test]
    fn invalid_addresses_count_as_one_client() {
        assert_eq!(client("198.51.100.7, unknown"), "unknown");
        assert_eq!(ClientAddress::forwarded_by(None).to_string(), "unknown");
    }
}
