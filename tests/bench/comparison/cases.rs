//! The cases, and what each has to reach.

use testkit::program;
use testkit::registry::Registry;

use crate::lab::{BLOB_BYTES, Invocation, LATENCY, Lab};
use crate::measure::Cost;
use crate::{attestations, sboms};

/// One line of the table.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) ours: Cost,
    /// What the peer takes for the same: cosign, where the name tells of no other.
    pub(crate) peer: Cost,
    pub(crate) targets: Vec<Target>,
}

/// A figure that must not be larger than a bound.
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) got: f64,
    pub(crate) bound: f64,
}

impl Target {
    pub(crate) fn is_met(&self) -> bool {
        self.got <= self.bound
    }
}

pub(crate) fn target(what: impl Into<String>, got: f64, bound: f64) -> Target {
    Target { what: what.into(), got, bound }
}

pub(crate) const MIB: f64 = 1024.0 * 1024.0;
pub(crate) const TENTH: f64 = 0.1;

/// A case by its name.
pub(crate) type Case = (&'static str, fn(&Lab) -> Vec<Row>);

/// All of them, in the order of the table.
pub(crate) const CASES: [Case; 12] = [
    ("generate-key-pair", generate_key_pair),
    ("sign-one", sign_one),
    ("sign-20", sign_20),
    ("verify-one", verify_one),
    ("verify-sbom", verify_beside_an_sbom),
    ("verify-31", verify_31_bundles),
    ("verify-200", verify_200),
    ("blob", blob),
    ("attest", attestations::attest),
    ("sbom-directory", sboms::directory),
    ("sbom-image", sboms::image),
    ("binary", binary),
];

pub(crate) const COSIGN_SIGN: [&str; 8] = [
    "sign",
    "--key",
    "key.key",
    "--yes",
    "--signing-config",
    "signing-config.json",
    "--trusted-root",
    "trusted-root.json",
];
const SIGN: [&str; 4] = ["sign", "--key", "key.key", "--yes"];
const COSIGN_VERIFY: [&str; 4] = ["verify", "--key", "plain.pub", "--insecure-ignore-tlog"];
const VERIFY: [&str; 3] = ["verify", "--key", "plain.pub"];

/// One password derivation of the key file's kind, by somebody else.
const SCRYPT: [&str; 14] = [
    "kdf",
    "-keylen",
    "32",
    "-kdfopt",
    "pass:pw",
    "-kdfopt",
    "hexsalt:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "-kdfopt",
    "n:65536",
    "-kdfopt",
    "r:8",
    "-kdfopt",
    "maxmem_bytes:134217728",
    "SCRYPT",
];

pub(crate) fn at<'a>(registry: &'a Registry, line: Vec<String>) -> Invocation<'a> {
    Invocation { line, registry: Some(registry) }
}

pub(crate) fn local<'a>(line: Vec<String>) -> Invocation<'a> {
    Invocation { line, registry: None }
}

fn generate_key_pair(lab: &Lab) -> Vec<Row> {
    let [ours, cosign, scrypt] = lab.compete(|run| {
        let prefix = |program: &str| format!("{program}-{run}");
        let (our, their) = (prefix("ours"), prefix("cosign"));
        [
            local(lab.ours(&["generate-key-pair", "--output-key-prefix", &our], &[])),
            local(lab.cosign(&["generate-key-pair", "--output-key-prefix", &their], &[])),
            local(lab.openssl(&SCRYPT)),
        ]
    });
    let targets = vec![target("CPU to one scrypt", ours.cpu / scrypt.cpu, 1.3)];
    vec![Row { name: "generate-key-pair".into(), ours, peer: cosign, targets }]
}

fn sign_one(lab: &Lab) -> Vec<Row> {
    let case = |registry: &Registry, name: &str, requests: f64| {
        let [ours, cosign, scrypt] = lab.compete(|run| {
            let image = |program: &str| lab.images(registry, &format!("sign/{program}-{run}"), 1);
            [
                at(registry, lab.ours(&SIGN, &image("ours"))),
                at(registry, lab.cosign(&COSIGN_SIGN, &image("cosign"))),
                local(lab.openssl(&SCRYPT)),
            ]
        });
        let targets = vec![
            target("CPU to one scrypt", ours.cpu / scrypt.cpu, 1.3),
            target("requests", ours.requests, requests),
        ];
        Row { name: name.into(), ours, peer: cosign, targets }
    };
    vec![
        case(&lab.modern, "sign one", 8.0),
        case(&lab.plain, "sign one, no referrers API", 11.0),
        case(&lab.plain_in_two, "sign one, no referrers API, blobs in two requests", 11.0),
    ]
}

fn sign_20(lab: &Lab) -> Vec<Row> {
    let registry = &lab.modern;
    let [ours, cosign] = lab.compete(|run| {
        let images = |program: &str| lab.images(registry, &format!("sign20/{program}-{run}"), 20);
        [
            at(registry, lab.ours(&SIGN, &images("ours"))),
            at(registry, lab.cosign(&COSIGN_SIGN, &images("cosign"))),
        ]
    });
    vec![Row { name: "sign 20".into(), ours, peer: cosign, targets: Vec::new() }]
}

/// Both programs verify the same images.
fn verify(lab: &Lab, registry: &Registry, images: &[String]) -> [Cost; 2] {
    lab.compete(|_| {
        [at(registry, lab.ours(&VERIFY, images)), at(registry, lab.cosign(&COSIGN_VERIFY, images))]
    })
}

fn verify_one(lab: &Lab) -> Vec<Row> {
    let mut rows = Vec::new();
    for format in ["bundle", "legacy"] {
        for (registry, suffix, requests) in [(&lab.modern, "", 4.0), (&lab.plain, ", no referrers API", 5.0)]
        {
            let images = lab.images(registry, &format!("verify/{format}"), 1);
            lab.sign(&["--format", format], &images);
            let [ours, cosign] = verify(lab, registry, &images);
            let targets = vec![
                target("CPU to cosign", ours.cpu / cosign.cpu, TENTH),
                target("memory to cosign", ours.memory / cosign.memory, 0.25),
                target("requests", ours.requests, requests),
            ];
            rows.push(Row { name: format!("verify one, {format}{suffix}"), ours, peer: cosign, targets });
        }
    }
    rows
}

fn verify_beside_an_sbom(lab: &Lab) -> Vec<Row> {
    lab.sbom();
    let mut rows = Vec::new();
    for (registry, suffix) in [(&lab.modern, ""), (&lab.plain, ", no referrers API")] {
        let images = lab.images(registry, "verify/sbom", 1);
        lab.sign(&[], &images);
        let attest =
            [&["attest", "--predicate", "sbom.json", "--type", "cyclonedx"], &COSIGN_SIGN[1..]].concat();
        let attest = lab.cosign(&attest, &images);
        lab.sandbox.run(&attest[0], &attest[1..]).succeeds();
        let large: Vec<_> = registry
            .contents()
            .repository("verify/sbom-0")
            .blobs
            .iter()
            .filter(|(_, bytes)| bytes.len() > 10_000_000)
            .map(|(digest, _)| digest.to_string())
            .collect();
        assert!(!large.is_empty(), "the attestation is there");
        let mut fetched = 0;
        let [ours, cosign] = lab.compete(|_| {
            // What the log holds now is cosign's of the turn before; ours is looked at below.
            [at(registry, lab.ours(&VERIFY, &images)), at(registry, lab.cosign(&COSIGN_VERIFY, &images))]
        });
        registry.clear_log();
        let ours_line = lab.ours(&VERIFY, &images);
        lab.sandbox.run(&ours_line[0], &ours_line[1..]).succeeds();
        fetched += registry
            .requests()
            .iter()
            .filter(|line| large.iter().any(|digest| line.contains(digest)))
            .count();
        let targets = vec![
            target("memory in MiB", ours.memory / MIB, 24.0),
            target("requests for the SBOM", fetched as f64, 0.0),
        ];
        rows.push(Row { name: format!("verify beside a 54 MB SBOM{suffix}"), ours, peer: cosign, targets });
    }
    rows
}

fn verify_31_bundles(lab: &Lab) -> Vec<Row> {
    let registry = &lab.slow;
    let near = lab.images(&lab.modern, "verify/many", 1);
    for _ in 0..31 {
        lab.sign(&["--force"], &near);
    }
    let contents = lab.modern.contents();
    registry.change(|here| here.repositories.extend(contents.repositories));
    let images = vec![near[0].replace(lab.modern.host(), registry.host())];
    let [ours, cosign] = verify(lab, registry, &images);
    let one_by_one = ours.requests * LATENCY.as_secs_f64();
    let targets = vec![target("wall to one by one", ours.wall / one_by_one, 0.25)];
    vec![Row { name: "verify an image with 31 bundles, 20 ms away".into(), ours, peer: cosign, targets }]
}

fn verify_200(lab: &Lab) -> Vec<Row> {
    let near = lab.images(&lab.modern, "verify200/app", 200);
    lab.sign(&[], &near);
    let [ours, cosign] = verify(lab, &lab.modern, &near);
    let targets = vec![target("CPU to cosign", ours.cpu / cosign.cpu, 0.2)];
    let mut rows = vec![Row { name: "verify 200 images".into(), ours, peer: cosign, targets }];
    let contents = lab.modern.contents();
    lab.slow.change(|here| here.repositories.extend(contents.repositories));
    let far: Vec<_> = near.iter().map(|image| image.replace(lab.modern.host(), lab.slow.host())).collect();
    let [ours, cosign] = verify(lab, &lab.slow, &far);
    let targets = vec![target("wall to cosign", ours.wall / cosign.wall, TENTH)];
    rows.push(Row { name: "verify 200 images, 20 ms away".into(), ours, peer: cosign, targets });
    rows
}

fn blob(lab: &Lab) -> Vec<Row> {
    let blob = lab.blob().display().to_string();
    let sign = ["sign-blob", "--key", "plain.key", "--yes", "--bundle", "ours.json", &blob];
    let with_password = ["sign-blob", "--key", "key.key", "--yes", "--bundle", "ours-key.json", &blob];
    let cosign_options = ["--bundle", "cosign.json", &blob];
    let cosign_sign = [&["sign-blob"], &COSIGN_SIGN[1..], &cosign_options].concat();
    let [ours, encrypted, cosign, dgst, scrypt] = lab.compete(|_| {
        [
            local(lab.ours(&sign, &[])),
            local(lab.ours(&with_password, &[])),
            local(lab.cosign(&cosign_sign, &[])),
            local(lab.openssl(&["dgst", "-sha256", &blob])),
            local(lab.openssl(&SCRYPT)),
        ]
    });
    let gigabytes = BLOB_BYTES / 1_000_000_000;
    let bounds = |cost: &Cost| {
        vec![
            target("CPU to openssl dgst", cost.cpu / dgst.cpu, 1.3),
            target("memory in MiB", cost.memory / MIB, 24.0),
        ]
    };
    let mut rows = vec![
        Row { name: format!("sign-blob of {gigabytes} GB"), ours, peer: cosign, targets: bounds(&ours) },
        Row {
            name: format!("sign-blob of {gigabytes} GB, encrypted key"),
            ours: encrypted,
            peer: cosign,
            targets: vec![
                target("CPU to openssl dgst and one scrypt", encrypted.cpu / (dgst.cpu + scrypt.cpu), 1.3),
                target("memory in MiB", encrypted.memory / MIB, 24.0 + 64.0),
            ],
        },
    ];
    let verify = ["verify-blob", "--key", "plain.pub", "--bundle", "ours.json", &blob];
    let cosign_verify = [&verify[..], &["--insecure-ignore-tlog"]].concat();
    let [ours, cosign, dgst] = lab.compete(|_| {
        [
            local(lab.ours(&verify, &[])),
            local(lab.cosign(&cosign_verify, &[])),
            local(lab.openssl(&["dgst", "-sha256", &blob])),
        ]
    });
    let targets = vec![
        target("CPU to openssl dgst", ours.cpu / dgst.cpu, 1.3),
        target("memory in MiB", ours.memory / MIB, 24.0),
    ];
    rows.push(Row { name: format!("verify-blob of {gigabytes} GB"), ours, peer: cosign, targets });
    rows
}

/// Not run, but weighed.
fn binary(lab: &Lab) -> Vec<Row> {
    let bytes = |path: &std::path::Path| std::fs::metadata(path).expect("the program").len() as f64;
    let ours = Cost { memory: bytes(program()), ..Cost::default() };
    let cosign = Cost { memory: bytes(lab.cosign_program()), ..Cost::default() };
    let targets = vec![target("MiB", ours.memory / MIB, 12.0)];
    vec![Row { name: "the binary (its size under memory)".into(), ours, peer: cosign, targets }]
}
