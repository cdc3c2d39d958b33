//! A large SBOM: attested, and verified.

use crate::cases::{COSIGN_SIGN, MIB, Row, TENTH, at, target};
use crate::lab::Lab;
use crate::measure::Cost;

/// The peak of memory that is allowed, in MiB.
const MEMORY: f64 = 96.0;

pub(crate) fn attest(lab: &Lab) -> Vec<Row> {
    let registry = &lab.modern;
    let about = ["--predicate", lab.sbom(), "--type", "cyclonedx"];
    let ours_attest = [&["attest", "--key", "key.key", "--yes"][..], &about].concat();
    let cosign_attest = [&["attest"], &COSIGN_SIGN[1..], &about].concat();
    let [ours, peer] = lab.compete(|run| {
        let image = |program: &str| lab.images(registry, &format!("attest/{program}-{run}"), 1);
        [
            at(registry, lab.ours(&ours_attest, &image("ours"))),
            at(registry, lab.cosign(&cosign_attest, &image("cosign"))),
        ]
    });
    let mut rows = vec![row("attest a 54 MB SBOM", ours, peer)];
    let image = lab.images(registry, "attest/verified", 1);
    let made = lab.cosign(&cosign_attest, &image);
    lab.sandbox.run(&made[0], &made[1..]).succeeds();
    let verify = ["verify-attestation", "--key", "key.pub", "--type", "cyclonedx"];
    let cosign_verify = [&verify[..], &["--insecure-ignore-tlog"]].concat();
    let [ours, peer] = lab.compete(|_| {
        [at(registry, lab.ours(&verify, &image)), at(registry, lab.cosign(&cosign_verify, &image))]
    });
    rows.push(row("verify-attestation of a 54 MB SBOM", ours, peer));
    rows
}

fn row(name: &str, ours: Cost, peer: Cost) -> Row {
    let targets = vec![
        target("CPU to cosign", ours.cpu / peer.cpu, TENTH),
        target("memory in MiB", ours.memory / MIB, MEMORY),
    ];
    Row { name: name.to_owned(), ours, peer, targets }
}
