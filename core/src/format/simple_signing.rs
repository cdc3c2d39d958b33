//! Simple-signing payloads, what cosign's legacy signatures are over (containers/image,
//! `docs/containers-signature.5.md`; cosign, `specs/SIGNATURE_SPEC.md`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::FormatError;
use crate::digest::Digest;
use crate::json::{self, JsonError};

/// What `critical.type` says in cosign's payloads.
pub const COSIGN_TYPE: &str = "cosign container image signature";
/// What it says in payloads of containers/image, which cosign accepts.
pub const ATOMIC_TYPE: &str = "atomic container signature";

/// A payload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// What a verifier must understand in full.
    pub critical: Critical,
    /// Annotations.
    pub optional: Option<BTreeMap<String, Value>>,
}

/// The part of a payload in which an unknown field makes the signature invalid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Critical {
    /// The name that the image was signed under.
    pub identity: Identity,
    /// The image.
    pub image: Image,
    /// [`COSIGN_TYPE`] or [`ATOMIC_TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
}

/// The name that the image was signed under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Identity {
    /// A repository or reference. It decides nothing: images move between registries.
    pub docker_reference: String,
}

/// The image that was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Image {
    /// The digest of its manifest or index.
    pub docker_manifest_digest: Digest,
}

/// A payload is one for another image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is a payload for {named}, the image is {image}")]
pub struct OtherImage {
    /// The image that it names.
    pub named: Digest,
    /// The image that it should name.
    pub image: Digest,
}

impl Payload {
    /// A payload for `digest`, signed under `reference`, with `-a` pairs.
    pub fn new(reference: &str, digest: Digest, annotations: &BTreeMap<String, String>) -> Self {
        let optional: BTreeMap<_, _> =
            annotations.iter().map(|(k, v)| (k.clone(), Value::from(v.clone()))).collect();
        Self {
            critical: Critical {
                identity: Identity { docker_reference: reference.into() },
                image: Image { docker_manifest_digest: digest },
                kind: COSIGN_TYPE.into(),
            },
            optional: (!optional.is_empty()).then_some(optional),
        }
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// When it is malformed, has an unknown critical field or is of an unknown type.
    pub fn parse(payload: &[u8]) -> Result<Self, FormatError> {
        let parsed: Self = json::read(payload).map_err(FormatError::json("simple-signing payload"))?;
        if !matches!(parsed.critical.kind.as_str(), COSIGN_TYPE | ATOMIC_TYPE) {
            let expected = "'cosign container image signature'";
            return Err(FormatError::Value { field: "critical.type", expected, got: parsed.critical.kind });
        }
        Ok(parsed)
    }

    /// Checks that this is a payload for `image` (cosign, `specs/SIGNATURE_SPEC.md`, "Payload").
    ///
    /// # Errors
    /// When it names another image.
    pub fn check_image(&self, image: &Digest) -> Result<(), OtherImage> {
        let named = self.critical.image.docker_manifest_digest;
        if named == *image { Ok(()) } else { Err(OtherImage { named, image: *image }) }
    }

    /// The document, as cosign writes it.
    ///
    /// # Errors
    /// None in practice: these types always serialise.
    pub fn to_json(&self) -> Result<Vec<u8>, FormatError> {
        serde_json::to_vec(self).map_err(JsonError::from).map_err(FormatError::json("simple-signing payload"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "4d7d2c7c50b3dac34d0aac5712a60e0011897264980be370a9e5c047f08db1cb";

    #[test]
    fn it_is_written_as_cosign_does() {
        let digest = format!("sha256:{HEX}").parse().unwrap();
        let pairs = [("env".into(), "prod".into()), ("build".into(), "42".into())].into();
        let text = Payload::new("127.0.0.1:15432/demo/ex2", digest, &pairs).to_json().unwrap();
        let expected = format!(
            concat!(
                r#"{{"critical":{{"identity":{{"docker-reference":"127.0.0.1:15432/demo/ex2"}},"#,
                r#""image":{{"docker-manifest-digest":"sha256:{}"}},"#,
                r#""type":"cosign container image signature"}},"optional":{{"build":"42","env":"prod"}}}}"#
            ),
            HEX
        );
        assert_eq!(String::from_utf8(text).unwrap(), expected);
        let bare = Payload::new("a/b", digest, &BTreeMap::new()).to_json().unwrap();
        assert!(bare.ends_with(br#""optional":null}"#));
    }

    #[test]
    fn it_is_for_the_image_that_it_names() {
        let [named, image] = [b"one", b"two"].map(|bytes| Digest::sha256(bytes));
        let payload = Payload::new("a/b", named, &BTreeMap::new());
        assert_eq!(payload.check_image(&named), Ok(()));
        assert_eq!(payload.check_image(&image), Err(OtherImage { named, image }));
    }

    /// threat model, row 57: what is critical must be understood in full.
    #[test]
    fn an_unknown_critical_field_is_refused() {
        let good = format!(
            r#"{{"critical":{{"identity":{{"docker-reference":"x"}},"image":{{"docker-manifest-digest":"sha256:{HEX}"}},"type":"{COSIGN_TYPE}"}},"optional":null}}"#
        );
        assert!(Payload::parse(good.as_bytes()).is_ok());
        for bad in [
            good.replace(r#""type":"#, r#""expires":1,"type":"#),
            good.replace(COSIGN_TYPE, "other"),
            good.replace("sha256:", "md5:"),
            good.replace(HEX, &HEX.to_uppercase()),
            good.replace(r#""optional":null"#, r#""optional":null,"optional":null"#),
        ] {
            assert!(Payload::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
