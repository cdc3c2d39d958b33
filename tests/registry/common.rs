//! What the tests share.

use std::sync::Arc;
use std::time::Duration;

use countersign_core::digest::Digest;
use countersign_core::media_type;
use countersign_core::oci::{Annotations, Descriptor, ImageManifest, RawManifest};
use countersign_core::reference::{Selector, Tag};
use countersign_core::source::SourceError;
use countersign_core::source::registry::credentials::{Credential, ForHost};
use countersign_core::source::registry::{Registry, RegistryOptions, RegistrySource};
use testkit::registry::{self as kit, Options};

/// The repository that the tests use.
pub(crate) const PATH: &str = "acme/app";

/// Settings under which failures come soon.
pub(crate) fn settings() -> RegistryOptions {
    let mut options = RegistryOptions::new(jiff::Timestamp::from_second(1_700_000_000).unwrap());
    options.backoff = Duration::from_millis(1);
    options
}

/// Settings under which waiting for ever is over soon.
pub(crate) fn impatient() -> RegistryOptions {
    RegistryOptions { timeout: Duration::from_millis(400), tries: 2, ..settings() }
}

/// With a user and a password for one host.
pub(crate) fn with_password(host: &str, password: &str) -> RegistryOptions {
    let credential = Credential::Basic { username: "user".into(), password: password.into() };
    with_credential(host, credential)
}

/// With a credential for one host.
pub(crate) fn with_credential(host: &str, credential: Credential) -> RegistryOptions {
    RegistryOptions { credentials: Arc::new(ForHost { host: host.into(), credential }), ..settings() }
}

/// A registry, and a client of its repository.
pub(crate) fn start(options: Options) -> (kit::Registry, RegistrySource) {
    start_with(options, settings())
}

/// The same, with settings.
pub(crate) fn start_with(options: Options, settings: RegistryOptions) -> (kit::Registry, RegistrySource) {
    let registry = kit::Registry::start(options);
    let source = client(&registry, settings);
    (registry, source)
}

/// A client of the repository.
pub(crate) fn client(registry: &kit::Registry, settings: RegistryOptions) -> RegistrySource {
    Registry::new(settings).repository(format!("{}/{PATH}", registry.host()).parse().unwrap())
}

/// A manifest without blobs that refers to a subject.
pub(crate) fn referrer(subject: Option<&Digest>, number: usize) -> RawManifest {
    let manifest = ImageManifest {
        schema_version: 2,
        media_type: Some(media_type::OCI_MANIFEST.into()),
        artifact_type: Some("application/x".into()),
        config: Descriptor::of(media_type::OCI_EMPTY, b"{}"),
        layers: vec![],
        subject: subject.map(|digest| Descriptor::new(media_type::OCI_MANIFEST, *digest, 7)),
        annotations: Some(Annotations::from([("n".into(), number.to_string())])),
    };
    RawManifest::write(media_type::OCI_MANIFEST, &manifest).unwrap()
}

/// Puts a manifest with a tag into the registry, and the empty configuration.
pub(crate) fn seed(registry: &kit::Registry, tag: &str) -> RawManifest {
    let manifest = referrer(None, 0);
    registry.change(|contents| {
        contents.repository(PATH).put_blob(b"{}");
        contents.repository(PATH).put(Some(tag), &manifest.media_type, &manifest.bytes);
    });
    manifest
}

/// A tag as a selector.
pub(crate) fn tag(name: &str) -> Selector {
    name.parse::<Tag>().unwrap().into()
}

/// The code of what went wrong.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, SourceError>) -> &'static str {
    result.unwrap_err().code()
}
