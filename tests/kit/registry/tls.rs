//! Certificates of registries, made for one test.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// A certificate authority, and the certificate that a registry has from it.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The authority's certificate, PEM.
    pub authority: String,
    /// A certificate for clients from the same authority, and its key, PEM.
    pub client: (String, String),
    /// Whether clients must show one.
    pub wants_client: bool,
    authority_der: CertificateDer<'static>,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Tls {
    /// A certificate for a host; with `expired`, one whose time is over.
    ///
    /// # Panics
    /// When none can be made.
    #[expect(clippy::expect_used, reason = "a test cannot go on without its certificate")]
    pub fn of(host: &str, expired: bool) -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(parameters, authority_key).expect("an authority");
        let mut parameters = CertificateParams::new(vec![host.to_owned()]).expect("a host");
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        if expired {
            parameters.not_after = date_time_ymd(2020, 1, 1);
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.signed_by(&key, &authority).expect("a certificate");
        let mut parameters = CertificateParams::new(vec!["client".to_owned()]).expect("a name");
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let client_key = KeyPair::generate().expect("a key");
        let client = parameters.signed_by(&client_key, &authority).expect("a certificate");
        Self {
            authority: authority.pem(),
            client: (client.pem(), client_key.serialize_pem()),
            wants_client: false,
            authority_der: authority.der().clone(),
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
        }
    }

    /// What accepts connections with this certificate.
    #[expect(clippy::expect_used, reason = "a test cannot go on without its registry")]
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("versions");
        let builder = if self.wants_client {
            let mut roots = RootCertStore::empty();
            roots.add(self.authority_der.clone()).expect("an authority");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::try_from(self.key.clone()).expect("a key");
        let mut config =
            builder.with_single_cert(vec![self.certificate.clone()], key).expect("a certificate");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }
}
