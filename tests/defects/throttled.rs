//! Defect 4: In cosign 429 on the referrers call reads as "no signatures found".

use testkit::registry::{Action, Fault};

use crate::bench::{Bench, digest, registry};

const STATUS: [u16; 5] = [401, 403, 429, 500, 503];

/// Whatever is answered but a listing or 404, the image is neither signed nor unsigned: exit 3.
#[test]
fn a_registry_that_does_not_answer_does_not_make_an_image_unsigned() {
    let Some(bench) = Bench::new() else { return };
    for api in [true, false] {
        let registry = registry(api);
        let image = bench.push(registry.host(), "throttled");
        let stem = digest(&image).replace(':', "-");
        let places =
            ["/referrers/".to_owned(), format!("/manifests/{stem}\\.sig$"), format!("/manifests/{stem}$")];
        for (place, status) in places.iter().flat_map(|place| STATUS.map(|status| (place, status))) {
            if api && place.ends_with(&format!("{stem}$")) {
                // The index of a registry without the API: not looked at where the API answers and is enough.
                continue;
            }
            registry.fault(Fault::status("*", place, status));
            let run = bench.ours(&["--timeout", "300ms", "verify", "--key", "one.pub", &image]).ends(3);
            assert!(!run.stderr.contains("NO_SIGNATURES"), "{place} {status}: {}", run.stderr);
            assert!(!run.stderr.to_lowercase().contains("no signatures"), "{place} {status}: {}", run.stderr);
            assert_eq!(run.stdout, "");
            registry.behave();
        }
        bench.verify(&image).fails(1, "NO_SIGNATURES");
    }
}

/// One that asks for patience gets it.
#[test]
fn a_registry_that_asks_for_patience_is_asked_again() {
    let Some(bench) = Bench::new() else { return };
    let registry = registry(true);
    let image = bench.push(registry.host(), "patient");
    bench.sign(&image, "bundle");
    let wait = Action::Answer(429, vec![("retry-after", "1".into())], String::new());
    registry.fault(Fault::on("GET", "/referrers/", wait).times(2));
    bench.verify(&image).succeeds();
}
