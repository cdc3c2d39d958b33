//! Looking names up, so that nobody sends us inwards by them (threat model, rows 10, 11 and 13).
//!
//! A name may lead elsewhere each time it is looked up, so it is not looked up twice, once to be checked and once to be
//! connected to: the addresses that a connection is made to are those that were checked.

use std::collections::HashMap;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::Reach;
use super::options::ProxySettings;
use url::Url;

/// How far away the hosts are that the caller named: each as far as the farthest address it was ever said to have.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(Arc<Mutex<HashMap<String, Reach>>>);

impl Known {
    /// How far away a host is; `None` when it was not looked up (a proxy does it, say).
    pub(super) fn reach(&self, host: &str) -> Option<Reach> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(host).copied()
    }

    fn note(&self, host: &str, addresses: &[SocketAddr]) {
        let Some(farthest) = addresses.iter().map(|address| Reach::of(address.ip())).min() else { return };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reach = known.entry(host.to_owned()).or_insert(farthest);
        *reach = farthest.min(*reach);
    }
}

/// The addresses of names, for one client.
#[derive(Debug)]
pub(super) struct Lookup {
    /// How far away the registry is that sends us to all names that this client is used for; `None` when the caller named
    /// them.
    from: Option<Reach>,
    /// Hosts that the caller named, whoever sends us where: proxies.
    proxies: Vec<String>,
    known: Known,
}

/// A name leads to addresses only to which its sender may not send us.
#[derive(Debug, thiserror::Error)]
#[error("an internal address")]
pub(super) struct Internal;

impl Internal {
    /// Whether this is why something failed.
    pub(super) fn is_cause_of(error: &(dyn Error + 'static)) -> bool {
        error.is::<Self>() || error.source().is_some_and(Self::is_cause_of)
    }
}

impl Lookup {
    pub(super) fn new(from: Option<Reach>, proxy: &ProxySettings, known: Known) -> Self {
        let proxies = [&proxy.https_proxy, &proxy.http_proxy].into_iter().flatten();
        Self { from, proxies: proxies.filter_map(|text| host(text.trim())).collect(), known }
    }
}

/// The host of a proxy, whose URL may begin with the host.
fn host(proxy: &str) -> Option<String> {
    let host = |text: &str| Some(Url::parse(text).ok()?.host_str()?.to_owned());
    host(proxy).or_else(|| host(&format!("http://{proxy}")))
}

impl Resolve for Lookup {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let from = self.from.filter(|_| !self.proxies.contains(&host));
        let known = self.known.clone();
        Box::pin(async move {
            let mut found: Vec<_> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            match from {
                None => known.note(&host, &found),
                Some(from) => {
                    found.retain(|address| from.may_send_to(Reach::of(address.ip())));
                    if found.is_empty() {
                        return Err(Internal.into());
                    }
                }
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(from: Option<Reach>, proxy: Option<&str>, known: &Known) -> Lookup {
        let proxy = ProxySettings { https_proxy: proxy.map(Into::into), ..ProxySettings::default() };
        Lookup::new(from, &proxy, known.clone())
    }

    /// threat model, rows 10, 11 and 13: what is connected to is what was checked.
    #[tokio::test]
    async fn no_name_leads_inwards() {
        let known = Known::default();
        for (from, proxy, found) in [
            (Some(Reach::Public), None, false),
            (Some(Reach::Private), None, false),
            (Some(Reach::LinkLocal), None, false),
            (Some(Reach::Loopback), None, true),
            (Some(Reach::Public), Some("localhost:3128"), true),
            (Some(Reach::Public), Some("http://user:secret@localhost"), true),
            (Some(Reach::Public), Some("http://proxy.example"), false),
            (None, None, true),
        ] {
            let lookup = lookup(from, proxy, &known);
            assert!(known.reach("localhost").is_none());
            let addresses = lookup.resolve("localhost".parse().unwrap()).await;
            match addresses {
                Ok(addresses) => assert!(found && addresses.count() > 0, "{from:?} {proxy:?}"),
                Err(error) => assert!(!found && Internal::is_cause_of(&*error), "{from:?} {proxy:?}"),
            }
            if from.is_none() || proxy.is_some_and(|proxy| proxy.contains("localhost")) {
                assert_eq!(known.reach("localhost"), Some(Reach::Loopback));
                known.0.lock().unwrap().clear();
            }
        }
    }

    /// threat model, row 11: a registry that is here for a moment may not send us to what is.
    #[test]
    fn a_host_is_as_far_away_as_it_ever_was() {
        let known = Known::default();
        let at = |text: &str| vec![text.parse().unwrap()];
        for (addresses, expected) in [
            (at("10.0.0.1:0"), Reach::Private),
            (at("127.0.0.1:0"), Reach::Private),
            ([at("127.0.0.1:0"), at("192.0.43.10:0")].concat(), Reach::Public),
            (at("127.0.0.1:0"), Reach::Public),
        ] {
            known.note("registry.example", &addresses);
            assert_eq!(known.reach("registry.example"), Some(expected));
        }
    }
}
