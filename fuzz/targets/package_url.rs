//! What a package URL is displayed as parses to the same one.
#![no_main]

use countersign_sbom::purl::PackageUrl;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(purl) = text.parse::<PackageUrl>() {
        assert_eq!(purl.to_string().parse(), Ok(purl.clone()));
        if let Ok(normalised) = purl.normalised() {
            assert_eq!(
                normalised.to_string().parse::<PackageUrl>().and_then(PackageUrl::normalised),
                Ok(normalised)
            );
        }
    }
});
