//! The address of a server: an `https` origin and nothing more.

use std::{fmt, str::FromStr};

use reqwest::Url;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl(Url);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a server's address looks like https://chat.example or https://192.0.2.7:8765")]
pub struct NotAServer;

impl ServerUrl {
    pub(crate) fn host(&self) -> &str {
        // Brackets belong to the address's text, not to the IPv6 address.
        self.0
            .host_str()
            .unwrap_or_default()
            .trim_matches(['[', ']'])
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(443)
    }

    /// The address of a path of this server. `scheme` is `https` or `wss`.
    pub(crate) fn with_path(&self, scheme: &str, path: &str) -> String {
        let host = self.0.host_str().unwrap_or_default();
        match self.0.port() {
            Some(port) => format!("{scheme}://{host}:{port}{path}"),
            None => format!("{scheme}://{host}{path}"),
        }
    }
}

impl fmt::Display for ServerUrl {
    /// The origin, without a slash at its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with_path("https", ""))
    }
}

impl FromStr for ServerUrl {
    type Err = NotAServer;

    /// A name without a scheme means `https`. A path, as of an invite link, is left out. Nothing
    /// is ever sent in the clear, so `http` is refused.
    fn from_str(text: &str) -> Result<ServerUrl, NotAServer> {
        let text = text.trim();
        let parsed = if text.contains("://") {
            Url::parse(text)
        } else {
            Url::parse(&format!("https://{text}"))
        };
        let mut url = parsed.map_err(|_| NotAServer)?;
        if url.scheme() != "https" || url.host_str().is_none_or(str::is_empty) {
            return Err(NotAServer);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotAServer);
        }
        url.set_path("");
        url.set_query(None);
        url.set_fragment(None);
        Ok(ServerUrl(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        text.parse::<ServerUrl>().ok().map(|url| url.to_string())
    }

    #[test]
    fn an_address_is_reduced_to_its_origin() {
        assert_eq!(shown("chat.example"), Some("https://chat.example".into()));
        assert_eq!(
            shown("https://127.0.0.1:8765/invite/abc#seed"),
            Some("https://127.0.0.1:8765".into())
        );
        assert_eq!(shown("[::1]:8765"), Some("https://[::1]:8765".into()));
    }

    #[test]
    fn an_address_without_encryption_or_with_a_password_is_refused() {
        for text in [
            "http://chat.example",
            "https://a:b@chat.example",
            "",
            "ftp://x",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn an_ipv6_host_loses_its_brackets_for_the_connection_only() {
        let url: ServerUrl = "https://[::1]:8765".parse().unwrap();
        assert_eq!((url.host(), url.port()), ("::1", 8765));
        assert_eq!(url.with_path("wss", "/x"), "wss://[::1]:8765/x");
    }
}
