//! Tests over vectors, read in place, and over certificates that are put together byte by byte.

mod certificate;
mod claims;
mod forge;
mod limbo;
mod path;
mod real;
mod sct;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The bytes of a `rawBytes` or of another text in base64.
fn raw(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

/// The certificates of a chain of a trusted root.
fn chain(authority: &Value) -> Vec<Vec<u8>> {
    let certificates = authority["certChain"]["certificates"].as_array().unwrap();
    certificates.iter().map(|certificate| raw(&certificate["rawBytes"])).collect()
}

/// The leaf of a bundle, if it has one.
fn leaf(bundle: &Value) -> Option<Vec<u8>> {
    let material = &bundle["verificationMaterial"];
    [&material["certificate"]["rawBytes"], &material["x509CertificateChain"]["certificates"][0]["rawBytes"]]
        .into_iter()
        .find(|value| value.is_string())
        .map(raw)
}
