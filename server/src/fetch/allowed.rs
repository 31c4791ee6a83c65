//! Which hosts data may be fetched from: those that the administrator names, and of these none that lies in a private
//! network, unless that was said too. So nobody makes the server ask its own neighbours (OWASP, server-side request forgery).

use super::shown;
use domain::job::FetchProblem;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// One entry of the setting `import_hosts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    /// Lower case; with `*.` in front it stands for everything below it.
    host: String,
    /// Any usual one of the scheme when absent.
    port: Option<u16>,
    /// It may lie in a private network, and be asked without TLS.
    is_private: bool,
}

impl AllowedHost {
    /// Reads `host`, `host:port`, `*.domain` or one of these behind `private:`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let (is_private, rest) = text.strip_prefix("private:").map_or((false, text.as_str()), |rest| (true, rest));
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port.parse().ok()?)),
            _ => (rest, None),
        };
        let name = host.strip_prefix("*.").unwrap_or(host);
        let is_host = Host::parse(name).is_ok() && !name.contains('*');
        is_host.then(|| Self { host: host.to_owned(), port, is_private })
    }

    fn fits(&self, host: &str, port: Option<u16>) -> bool {
        let is_host = match self.host.strip_prefix('*') {
            Some(ending) => host.ends_with(ending) && host.len() > ending.len(),
            None => host == self.host,
        };
        // An address without a port of its own uses the scheme's.
        is_host && self.port.map_or(port.is_none(), |wanted| port == Some(wanted))
    }
}

impl std::fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Reads an address that a person wrote, and asks [`check`] about it.
pub fn parse(url: &str, allowed: &[AllowedHost]) -> Result<Url, FetchProblem> {
    let url: Url = url.trim().parse().map_err(|_| FetchProblem::BadUrl { url: shown(url) })?;
    check(&url, allowed)?;
    Ok(url)
}

/// Whether `url` may be fetched; whether its host may lie in a private network.
pub fn check(url: &Url, allowed: &[AllowedHost]) -> Result<bool, FetchProblem> {
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    let entry = allowed.iter().find(|entry| entry.fits(&host, url.port()));
    let Some(entry) = entry else {
        let allowed = allowed.iter().map(ToString::to_string).collect();
        return Err(FetchProblem::HostNotAllowed { host, allowed });
    };
    let is_secret_safe = url.scheme() == "https" || (url.scheme() == "http" && entry.is_private);
    if !is_secret_safe || !url.username().is_empty() || url.password().is_some() {
        return Err(FetchProblem::BadUrl { url: shown(url.as_str()) });
    }
    // An address that is written out is asked of no resolver.
    let literal = match url.host() {
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        _ => None,
    };
    if !entry.is_private && literal.is_some_and(|ip| !is_public(ip)) {
        return Err(FetchProblem::PrivateAddress { host });
    }
    Ok(entry.is_private)
}

/// Resolves names, and keeps public addresses only. The connection is made to what it answers, so a name cannot mean one
/// address when it is checked and another when it is used.
pub struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(Box::from(FetchProblem::PrivateAddress { host: name.as_str().to_owned() }));
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public internet (IANA special-purpose registries).
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_public_v4(ip),
            None => is_public_v6(ip),
        },
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_benchmark = a == 198 && (b == 18 || b == 19);
    let is_protocol = a == 192 && b == 0 && c == 0;
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || is_shared
        || is_benchmark
        || is_protocol)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    let is_global = first & 0xe000 == 0x2000;
    // 2001:db8::/32 is documentation; 2002::/16 and 64:ff9b::/96 carry IPv4 addresses, which may be private.
    let is_documentation = first == 0x2001 && second == 0x0db8;
    is_global && !is_documentation && first != 0x2002
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn hosts(texts: &[&str]) -> Vec<AllowedHost> {
        texts.iter().map(|t| AllowedHost::parse(t).unwrap()).collect()
    }

    fn checked(url: &str, allowed: &[&str]) -> Result<bool, FetchProblem> {
        check(&url.parse().unwrap(), &hosts(allowed))
    }

    #[test]
    fn hosts_are_those_that_were_named() {
        let allowed =
            ["huggingface.co", "*.hf.co", "data.example.org:8443", "private:10.0.0.7:9000", "1.2.3.4", "10.0.0.8"];
        for url in
            ["https://huggingface.co/a", "https://cdn.hf.co/a", "https://data.example.org:8443/a", "https://1.2.3.4/a"]
        {
            assert_eq!(checked(url, &allowed), Ok(false), "{url}");
        }
        assert_eq!(checked("http://10.0.0.7:9000/a", &allowed), Ok(true));
        for url in [
            "https://hf.co/a",
            "https://evil-huggingface.co/a",
            "https://huggingface.co.evil.org/a",
            "https://huggingface.co:444/a",
            "https://data.example.org/a",
            "http://10.0.0.7/a",
        ] {
            assert!(matches!(checked(url, &allowed), Err(FetchProblem::HostNotAllowed { .. })), "{url}");
        }
        for url in ["http://huggingface.co/a", "https://me:secret@huggingface.co/a", "ftp://huggingface.co/a"] {
            assert!(matches!(checked(url, &allowed), Err(FetchProblem::BadUrl { .. })), "{url}");
        }
        assert!(matches!(checked("https://10.0.0.8/a", &allowed), Err(FetchProblem::PrivateAddress { .. })));
        let refused = parse("https://me:secret@huggingface.co/a?key=secret", &hosts(&allowed)).unwrap_err().to_string();
        assert!(refused.contains("https://huggingface.co/a") && !refused.contains("secret"), "{refused}");
        let unreadable = parse("https://me:secret@hugging face/a?secret", &hosts(&allowed)).unwrap_err().to_string();
        assert!(unreadable.contains("hugging face/a") && !unreadable.contains("secret"), "{unreadable}");
        for bad in ["", "*", "a b", "https://x.org", "*.*.org", "x.org:port"] {
            assert_eq!(AllowedHost::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn private_addresses_are_known() {
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.1.1",
            "172.16.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fe80::1",
            "fc00::1",
            "::ffff:127.0.0.1",
            "224.0.0.1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }
}
