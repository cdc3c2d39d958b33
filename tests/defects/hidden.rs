//! Defect 3: In cosign any bundle on an image hides its valid legacy signatures, and the first image decides which format is
//! looked for on all.

use testkit::peers::COSIGN_LEGACY;
use testkit::servers::{Kind, Server};

use crate::bench::Bench;

#[test]
fn a_bundle_does_not_hide_legacy_signatures() {
    let Some(bench) = Bench::new() else { return };
    let Some(cosign) = bench.cosign() else { return };
    for kind in Kind::ALL {
        let Some(server) = Server::start(kind) else { return };
        let both = bench.push(server.host(), "mixed/both");
        let sign = ["sign", "--key", "cosign.key", "--allow-http-registry", &both];
        bench.sandbox.run(&cosign, sign.iter().chain(&COSIGN_LEGACY)).succeeds();
        bench.sign(&both, "bundle");
        // The bundle is by another key: only the legacy signature counts, and the other way round.
        bench.ours(&["verify", "--key", "cosign.pub", &both]).succeeds();
        bench.verify(&both).succeeds();
        bench
            .ours(&["verify", "--key", "one.pub", "--key", "cosign.pub", "--threshold", "2", &both])
            .succeeds();

        let (bundle, legacy) =
            (bench.push(server.host(), "mixed/bundle"), bench.push(server.host(), "mixed/legacy"));
        bench.sign(&bundle, "bundle");
        bench.sign(&legacy, "legacy");
        for order in [[&bundle, &legacy, &both], [&legacy, &both, &bundle]] {
            bench.ours(&["verify", "--key", "one.pub", order[0], order[1], order[2]]).succeeds();
        }
        let unsigned = bench.push(server.host(), "mixed/unsigned");
        bench.ours(&["verify", "--key", "one.pub", &bundle, &unsigned, &legacy]).fails(1, "NO_SIGNATURES");
    }
}
