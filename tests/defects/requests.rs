//! Defect 10: One `sign` by cosign makes 12-14 requests; `verify` with 31 bundles makes 129, one after another.

use std::time::Duration;

use testkit::registry::{Options, Registry};
use testkit::servers::{Kind, Server};

use crate::bench::Bench;

/// With the referrers API, and without.
const VERIFY: [usize; 2] = [4, 5];
/// The first artifact of a repository. Without the API a signer announces itself, lists who else is at work, and
/// withdraws, which is what keeps parallel signers from losing anything.
const SIGN: [usize; 2] = [8, 11];
/// Where a blob takes two requests: the configuration and the bundle cost one more each.
const SIGN_IN_TWO: [usize; 2] = [8, 13];

#[test]
fn one_signature_costs_few_requests() {
    let Some(bench) = Bench::new() else { return };
    for (referrers_api, takes_blob_at_once) in [(true, true), (true, false), (false, true), (false, false)] {
        let registry = Registry::start(Options { referrers_api, takes_blob_at_once, ..Options::default() });
        let (at, what) = (usize::from(!referrers_api), format!("{referrers_api}, {takes_blob_at_once}"));
        let sign = if takes_blob_at_once { SIGN[at] } else { SIGN_IN_TWO[at] };
        let verify = VERIFY[at];
        let image = bench.push(registry.host(), "counted");
        registry.clear_log();
        bench.sign(&image, "bundle");
        assert!(registry.count() <= sign, "sign, {what}: {:#?}", registry.requests());
        registry.clear_log();
        bench.verify(&image).succeeds();
        assert!(registry.count() <= verify, "verify, {what}: {:#?}", registry.requests());
    }
}

#[test]
fn a_real_registry_counts_the_same() {
    let (Some(bench), Some(server)) = (Bench::new(), Server::start(Kind::Referrers)) else { return };
    let image = bench.push(server.host(), "counted");
    let count = |what: &str, most: usize, work: &dyn Fn()| {
        let before = server.requests().unwrap_or_default().len();
        work();
        let after = server.requests().unwrap_or_default();
        assert!(after.len() - before <= most, "{what}: {:#?}", &after[before..]);
    };
    count("sign", SIGN[0], &|| bench.sign(&image, "bundle"));
    count("verify", VERIFY[0], &|| {
        bench.verify(&image).succeeds();
    });
}

#[test]
fn many_bundles_are_fetched_at_once() {
    const BUNDLES: usize = 31;
    let Some(bench) = Bench::new() else { return };
    let latency = Duration::from_millis(50);
    for referrers_api in [true, false] {
        let registry = Registry::start(Options { referrers_api, latency, ..Options::default() });
        let image = bench.push(registry.host(), "many");
        let names: Vec<_> = (0..BUNDLES).map(|number| format!("build={number}")).collect();
        for pair in &names {
            bench.ours(&["sign", "--force", "--key", "one.key", "-a", pair, &image]).succeeds();
        }
        registry.clear_log();
        let run = bench.verify(&image).succeeds();
        assert_eq!(run.json().as_array().map(Vec::len), Some(BUNDLES));
        assert!(registry.most_at_once() >= 4, "{} at once", registry.most_at_once());
        // A listing or two, the legacy tag, and a manifest and a bundle each.
        assert!(registry.count() <= 2 * BUNDLES + 3, "{} requests", registry.count());
    }
}
