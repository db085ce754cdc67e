//! From where a request came: the address of whoever is at the other end, also behind a proxy
//! that the operator trusts, and what their program says of itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, header::USER_AGENT},
};
use cloister_wire::security::Place;
use ipnet::{IpNet, Ipv6Net};

/// Characters of what a program says of itself.
const USER_AGENT_CHARS: usize = 512;

/// Whoever sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    pub address: IpAddr,
    /// At most 512 characters, none of them a control.
    pub user_agent: String,
}

impl Visitor {
    /// Who is at the other end of the connection or, if that is a trusted proxy, who is behind it.
    pub fn of(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let peer = extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(address)| {
                address.ip()
            });
        let agent = headers
            .get(USER_AGENT)
            .map(axum::http::HeaderValue::as_bytes);
        Self {
            address: behind(peer.to_canonical(), headers, trusted),
            user_agent: printable(&String::from_utf8_lossy(agent.unwrap_or_default())),
        }
    }

    /// The server's own machine: jobs and the operator's commands.
    pub fn here() -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            user_agent: String::new(),
        }
    }

    /// Whom limits take for one: an IPv4 address, or 64 bits of an IPv6 one, of which anybody
    /// has as many as they like.
    pub fn network(&self) -> String {
        match self.address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => narrow(address, 64).to_string(),
        }
    }

    pub fn place(&self) -> Place {
        let address = self.address;
        if address.is_loopback() {
            return Place::ThisMachine;
        }
        match address {
            IpAddr::V4(address) if address.is_private() || address.is_link_local() => {
                Place::LocalNetwork
            }
            IpAddr::V6(address) if address.is_unique_local() || address.is_unicast_link_local() => {
                Place::LocalNetwork
            }
            IpAddr::V4(address) => {
                let [one, two, ..] = address.octets();
                Place::Network {
                    prefix: format!("{one}.{two}.0.0/16"),
                }
            }
            IpAddr::V6(address) => Place::Network {
                prefix: narrow(address, 32).to_string(),
            },
        }
    }
}

const THIS_MACHINE: &str = "this machine";
const LOCAL_NETWORK: &str = "local network";

/// A place as the database keeps it.
pub fn place_text(place: &Place) -> String {
    match place {
        Place::ThisMachine => THIS_MACHINE.to_owned(),
        Place::LocalNetwork => LOCAL_NETWORK.to_owned(),
        Place::Network { prefix } => prefix.clone(),
    }
}

pub fn place_of(text: String) -> Place {
    match text.as_str() {
        THIS_MACHINE => Place::ThisMachine,
        LOCAL_NETWORK => Place::LocalNetwork,
        _ => Place::Network { prefix: text },
    }
}

fn narrow(address: Ipv6Addr, bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(address, bits).trunc()
}

/// The nearest address that is no trusted proxy's. What stands left of it was written by
/// whoever has that address, and may be invented. A proxy writes one of the two headers and may
/// pass on the other as it came: where they disagree, neither is believed.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    if !is_trusted(&peer) {
        return peer;
    }
    let nearest = |said: Vec<Option<IpAddr>>| {
        let mut nearest = peer;
        for said in said.into_iter().rev() {
            let Some(address) = said else { break };
            nearest = address;
            if !is_trusted(&address) {
                break;
            }
        }
        nearest
    };
    match (standard(headers), customary(headers)) {
        (said, none) if none.is_empty() => nearest(said),
        (none, said) if none.is_empty() => nearest(said),
        (one, other) => match (nearest(one), nearest(other)) {
            (one, other) if one == other => one,
            _ => peer,
        },
    }
}

/// The addresses of `Forwarded` (RFC 7239), the client's first.
fn standard(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let part = |one: &String| {
        one.split(';').find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            name.eq_ignore_ascii_case("for").then(|| node(value))?
        })
    };
    listed(headers, "forwarded").iter().map(part).collect()
}

/// The addresses of `X-Forwarded-For`, the client's first.
fn customary(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let said = listed(headers, "x-forwarded-for");
    said.iter().map(|one| node(one)).collect()
}

/// What stands between the commas of a header, however often it is there.
fn listed(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|one| one.trim().to_owned())
        .collect()
}

/// `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::1` or `"[2001:db8::1]:4711"`.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let address = text
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()))
        .or_else(|_| text.trim_matches(['[', ']']).parse::<IpAddr>());
    address.ok().map(|address| address.to_canonical())
}

fn printable(text: &str) -> String {
    text.chars()
        .filter(|one| !one.is_control())
        .take(USER_AGENT_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(peer: &str, headers: &[(&'static str, &str)], trusted: &[&str]) -> Visitor {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 9)));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        Visitor::of(&extensions, &map, &trusted)
    }

    #[test]
    fn nobody_chooses_their_own_address_without_a_trusted_proxy() {
        let said = [("x-forwarded-for", "1.2.3.4")];
        let address =
            |trusted: &[&str]| visitor("198.51.100.7", &said, trusted).address.to_string();
        assert_eq!(address(&[]), "198.51.100.7");
        assert_eq!(address(&["10.0.0.0/8"]), "198.51.100.7");
        assert_eq!(address(&["198.51.100.0/24"]), "1.2.3.4");
    }

    #[test]
    fn behind_proxies_the_nearest_address_that_is_none_of_them_counts() {
        let trusted = ["127.0.0.0/8", "10.0.0.0/8"];
        for (name, value) in [
            ("x-forwarded-for", "6.6.6.6, 203.0.113.9, 10.1.1.1"),
            (
                "forwarded",
                "for=6.6.6.6, for=203.0.113.9;proto=https, for=\"10.1.1.1:77\"",
            ),
        ] {
            let found = visitor("127.0.0.1", &[(name, value)], &trusted);
            assert_eq!(found.address.to_string(), "203.0.113.9", "{name}");
        }
        let invented = visitor(
            "127.0.0.1",
            &[
                ("forwarded", "for=6.6.6.6"),
                ("x-forwarded-for", "203.0.113.9"),
            ],
            &trusted,
        );
        assert_eq!(invented.address.to_string(), "127.0.0.1");
        let agreed = visitor(
            "127.0.0.1",
            &[
                ("forwarded", "for=6.6.6.6, for=203.0.113.9"),
                ("x-forwarded-for", "203.0.113.9"),
            ],
            &trusted,
        );
        assert_eq!(agreed.address.to_string(), "203.0.113.9");
        let hidden = visitor("127.0.0.1", &[("forwarded", "for=_secret")], &trusted);
        assert_eq!(hidden.address.to_string(), "127.0.0.1");
    }

    #[test]
    fn a_network_of_ipv6_is_one_visitor() {
        let one = visitor("2001:db8:1:2:aaaa::1", &[], &[]);
        let two = visitor("2001:db8:1:2:bbbb::9", &[], &[]);
        let other = visitor("2001:db8:1:3::1", &[], &[]);
        assert_eq!(one.network(), two.network());
        assert_ne!(one.network(), other.network());
        assert_eq!(visitor("::ffff:192.0.2.1", &[], &[]).network(), "192.0.2.1");
    }

    #[test]
    fn a_place_is_coarse_and_survives_its_text() {
        for (address, text) in [
            ("127.0.0.1", "this machine"),
            ("192.168.1.4", "local network"),
            ("203.0.113.9", "203.0.0.0/16"),
            ("2001:db8:1:2::1", "2001:db8::/32"),
        ] {
            let place = visitor(address, &[], &[]).place();
            assert_eq!(place_text(&place), text);
            assert_eq!(place_of(text.to_owned()), place);
        }
    }

    #[test]
    fn what_a_program_says_of_itself_is_cut_and_printable() {
        let long = format!("evil\u{9b}[31m{}", "x".repeat(9_000));
        let said = printable(&format!("{long}\n"));
        assert_eq!(said.chars().count(), 512);
        assert!(said.starts_with("evil[31mxxx"));
    }
}
