//! The HTTP clients below: which certificates they trust, which proxies they use. Each is made when it is first needed,
//! since reading the platform's certificates takes longer than all else in a request to this machine.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::{Certificate, Client, ClientBuilder, Identity, NoProxy, Proxy, redirect};

use super::address::Reach;
use super::lookup::{Known, Lookup};
use super::options::RegistryOptions;
use crate::limits;
use crate::source::{Result, SourceError};

/// Hosts that no proxy can reach for us.
const THIS_MACHINE: &str = "localhost,127.0.0.0/8,::1";

/// Whom a connection goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Peer {
    /// Plain http.
    Plain,
    /// The registry itself, over TLS: it may see the client certificate.
    Registry,
    /// Another host that the registry sent us to, over TLS.
    Other,
}

/// The clients, each with its pool of connections. Those for hosts that a registry sent us to are used for nothing else:
/// no connection of theirs leads where such a registry may not send us.
#[derive(Debug, Default)]
pub(super) struct Clients {
    made: Mutex<HashMap<(Peer, Option<Reach>), Client>>,
    known: Known,
}

impl Clients {
    /// The client for `peer`, where a registry that is as far away as `from` sent us; `None` where the caller did.
    pub(super) fn of(&self, peer: Peer, from: Option<Reach>, options: &RegistryOptions) -> Result<Client> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = made.get(&(peer, from)) {
            return Ok(client.clone());
        }
        let lookup = Lookup::new(from, &options.proxy, self.known.clone());
        let client = build(peer, lookup, options)?;
        made.insert((peer, from), client.clone());
        Ok(client)
    }

    /// How far away a host is that the caller named and that was connected to.
    pub(super) fn reach(&self, host: &str) -> Option<Reach> {
        self.known.reach(host)
    }
}

fn build(peer: Peer, lookup: Lookup, options: &RegistryOptions) -> Result<Client> {
    let mut builder = Client::builder()
        .user_agent(&options.user_agent)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(limits::CONNECT)
        .tcp_nodelay(true)
        .dns_resolver(Arc::new(lookup))
        .no_proxy();
    for proxy in proxies(options)? {
        builder = builder.proxy(proxy);
    }
    builder = match peer {
        Peer::Plain => builder.tls_certs_only([]),
        Peer::Registry | Peer::Other => trusting(builder, options)?,
    };
    if let Some(certificate) = options.client_certificate.as_ref().filter(|_| peer == Peer::Registry) {
        let mut pem = zeroize::Zeroizing::new(certificate.certificate.clone());
        pem.push(b'\n');
        pem.extend_from_slice(certificate.key.expose().as_bytes());
        let identity = Identity::from_pem(&pem).map_err(|error| settings("client certificate", &error))?;
        builder = builder.identity(identity);
    }
    builder.build().map_err(|error| settings("TLS settings", &error))
}

fn trusting(builder: ClientBuilder, options: &RegistryOptions) -> Result<ClientBuilder> {
    let mut builder = builder;
    if let Some(pem) = &options.certificate_authorities {
        let place = "registry CA certificates";
        let certificates = Certificate::from_pem_bundle(pem).map_err(|error| settings(place, &error))?;
        if certificates.is_empty() {
            let why = "there is no PEM certificate in it".into();
            return Err(SourceError::Settings { place: place.into(), why });
        }
        builder = builder.tls_certs_merge(certificates);
    }
    Ok(builder.tls_danger_accept_invalid_certs(options.danger_accept_invalid_certificates))
}

fn proxies(options: &RegistryOptions) -> Result<Vec<Proxy>> {
    let direct = match options.proxy.no_proxy.as_deref().filter(|list| !list.trim().is_empty()) {
        Some(list) => format!("{list},{THIS_MACHINE}"),
        None => THIS_MACHINE.to_owned(),
    };
    let settings = &options.proxy;
    let make = [
        (&settings.https_proxy, Proxy::https as fn(String) -> reqwest::Result<Proxy>),
        (&settings.http_proxy, Proxy::http),
    ];
    let mut proxies = Vec::new();
    for (url, make) in make {
        if let Some(url) = url.as_ref().filter(|url| !url.trim().is_empty()) {
            let proxy = make(url.trim().to_owned()).map_err(|error| self::settings("proxy", &error))?;
            proxies.push(proxy.no_proxy(NoProxy::from_string(&direct)));
        }
    }
    Ok(proxies)
}

fn settings(place: &str, error: &reqwest::Error) -> SourceError {
    // Without its URL: a proxy's may have a password in it.
    SourceError::Settings { place: place.into(), why: causes(error) }
}

/// An error of the transport with its causes, without its URL.
pub(super) fn causes(error: &reqwest::Error) -> String {
    let mut words = Vec::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if words.last() != Some(&text) {
            words.push(text);
        }
        cause = error.source();
    }
    if words.is_empty() {
        words.push(if error.is_builder() { "malformed" } else { "the connection failed" }.to_owned());
    }
    super::problem::escaped(&words.join(": "))
}

#[cfg(test)]
mod tests {
    use super::super::lookup::Internal;
    use super::*;

    /// threat model, rows 10 and 11: a name is refused by the address that would be connected to, and so it is said.
    #[tokio::test]
    async fn a_client_does_not_connect_inwards() {
        let options = RegistryOptions::new(jiff::Timestamp::UNIX_EPOCH);
        let clients = Clients::default();
        for (from, inwards) in [(Some(Reach::Public), true), (Some(Reach::Loopback), false), (None, false)] {
            let client = clients.of(Peer::Plain, from, &options).unwrap();
            let error = client.get("http://localhost:1/").send().await.unwrap_err();
            assert_eq!(Internal::is_cause_of(&error), inwards, "{from:?}: {error:?}");
        }
        assert_eq!(clients.reach("localhost"), Some(Reach::Loopback));
    }
}
