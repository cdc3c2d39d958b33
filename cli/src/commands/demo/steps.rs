//! What the demo shows, in its order.

use countersign_core::outcome::Outcome;

/// Who built the image, from what and how (slsa.dev/provenance/v1): the little that the demo can say of itself.
const PROVENANCE: &str = r#"{"buildDefinition": {"buildType": "https://demo.example/build/v1", "externalParameters": {"text": "hello"}}, "runDetails": {"builder": {"id": "https://demo.example/builder"}}}"#;

/// What a step does.
pub(super) enum Act {
    /// A command of this program, and how it must end.
    Countersign(&'static str, Outcome),
    /// `echo 'TEXT' > FILE`
    Echo(&'static str, &'static str),
}

/// One step: what it shows, and what it does.
pub(super) struct Step {
    pub(super) what: &'static str,
    pub(super) act: Act,
}

impl Step {
    /// What a reader types to repeat it.
    pub(super) fn line(&self) -> String {
        match &self.act {
            Act::Countersign(arguments, _) => format!("countersign {arguments}"),
            Act::Echo(text, file) => format!("echo '{text}' > {file}"),
        }
    }
}

pub(super) fn all() -> Vec<Step> {
    let step = |what, act| Step { what, act };
    let proven = |what, arguments| step(what, Act::Countersign(arguments, Outcome::Proven));
    let refused = |what, arguments| step(what, Act::Countersign(arguments, Outcome::Refused));
    vec![
        proven("A key pair for the release engineer", "generate-key-pair --output-key-prefix demo"),
        proven("A small image, in an OCI image layout", "demo --build-image oci:image:v1"),
        refused("Nobody has signed it yet: refused", "verify --key demo.pub oci:image:v1"),
        proven("The release engineer signs it", "sign --key demo.key -a env=demo oci:image:v1"),
        proven("The gate verifies it", "verify --key demo.pub -a env=demo -o text oci:image:v1"),
        proven("What is in it", "sbom list --no-cache oci:image:v1"),
        proven(
            "Its SBOM, as a file and attested",
            "sbom generate --no-cache --attest --key demo.key -o cyclonedx-json=sbom.cdx.json oci:image:v1",
        ),
        step("How it was built (SLSA provenance)", Act::Echo(PROVENANCE, "provenance.json")),
        proven(
            "That is attested too",
            "attest --key demo.key --type slsaprovenance1 --predicate provenance.json oci:image:v1",
        ),
        proven(
            "The gate asks for an SBOM that is signed",
            "verify-attestation --key demo.pub --type cyclonedx -o text oci:image:v1",
        ),
        proven(
            "And for provenance",
            "verify-attestation --key demo.pub --type slsaprovenance1 -o text oci:image:v1",
        ),
        proven(
            "Does the signed SBOM tell the truth about the image?",
            "sbom verify --no-cache --key demo.pub oci:image:v1",
        ),
        proven("What is attached to it", "tree oci:image:v1"),
        proven(
            "Somebody puts another image behind the tag",
            "demo --build-image oci:image:v1 --text tampered --package backdoor=6.6.6",
        ),
        refused("The gate refuses it", "verify --key demo.pub oci:image:v1"),
        refused("And the SBOM is not its", "sbom verify --no-cache sbom.cdx.json oci:image:v1"),
    ]
}
