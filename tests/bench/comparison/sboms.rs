//! SBOMs of a real root filesystem, and of the same in an image of several layers, beside trivy.

use crate::cases::{Row, local, target};
use crate::lab::{Lab, needed};

/// trivy wants a database for archives of Java, which is not to be had without a network.
const NO_JAVA: [&str; 3] = ["--offline-scan", "--skip-files", "**/*.[jwe]ar"];
const TO_FILE: [&str; 4] = ["--format", "cyclonedx", "--output", "trivy.json"];

const FIFTH: f64 = 1.0 / 5.0;

pub(crate) fn directory(lab: &Lab) -> Vec<Row> {
    let root = needed("DEBIAN_ROOT").display().to_string();
    let ours = ["sbom", "generate", &root, "-o", "cyclonedx-json=ours.json"];
    let trivy = [&["rootfs", &root][..], &NO_JAVA, &TO_FILE].concat();
    let [ours, peer] = lab.compete(|_| [local(lab.ours(&ours, &[])), local(lab.peer("TRIVY", &trivy))]);
    let targets = vec![
        target("CPU to trivy", ours.cpu / peer.cpu, 1.0 / 6.0),
        target("memory to trivy", ours.memory / peer.memory, FIFTH),
    ];
    vec![Row { name: "SBOM of a root filesystem (trivy)".into(), ours, peer, targets }]
}

pub(crate) fn image(lab: &Lab) -> Vec<Row> {
    let layout = format!("{}:app", needed("DEBIAN_LAYOUT").display());
    let image = format!("oci:{layout}");
    let cached = ["sbom", "generate", &image, "-o", "cyclonedx-json=ours.json"];
    let whole = [&cached[..], &["--no-cache"]].concat();
    let trivy = [&["image", "--input", &layout][..], &NO_JAVA, &TO_FILE].concat();
    let [ours, again, peer] = lab.compete(|_| {
        // trivy keeps what layers show as well.
        let kept = lab.sandbox.path("home/.cache/trivy");
        if kept.exists() {
            std::fs::remove_dir_all(kept).expect("the cache is removed");
        }
        [local(lab.ours(&whole, &[])), local(lab.ours(&cached, &[])), local(lab.peer("TRIVY", &trivy))]
    });
    let first = vec![
        target("CPU to trivy", ours.cpu / peer.cpu, 1.0 / 3.0),
        target("memory to trivy", ours.memory / peer.memory, FIFTH),
    ];
    let second = vec![target("CPU to the first run", again.cpu / ours.cpu, 1.0 / 20.0)];
    vec![
        Row { name: "SBOM of an image (trivy)".into(), ours, peer, targets: first },
        Row {
            name: "the same, with the layer cache (trivy without)".into(),
            ours: again,
            peer,
            targets: second,
        },
    ]
}
