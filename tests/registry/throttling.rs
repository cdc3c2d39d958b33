//! A registry that is busy, or broken.

use countersign_core::source::Source;
use testkit::registry::{Action, Fault, Options};

use crate::common::{code, seed, settings, start, start_with, tag};
use crate::referrers::API;

fn throttled(retry_after: &str) -> Action {
    Action::Answer(429, vec![("retry-after", retry_after.into())], String::new())
}

/// threat model, row 17: a busy registry is asked again, a bounded number of times, and never taken for an empty one.
#[tokio::test]
async fn throttling_is_waited_for_and_then_an_error() {
    let (registry, source) = start(Options::default());
    let manifest = seed(&registry, "v1");
    registry.fault(Fault::on("GET", "manifests", throttled("0")).times(3));
    assert!(source.manifest(&tag("v1")).await.unwrap().is_some());
    assert_eq!(registry.count(), 4);
    registry.behave();
    registry.fault(Fault::on("GET", "", throttled("")));
    for _ in 0..2 {
        registry.clear_log();
        assert_eq!(code(source.manifest(&tag("v1")).await), "STORE_THROTTLED");
        assert_eq!(registry.count(), 5);
    }
    registry.clear_log();
    assert_eq!(code(source.referrers(&manifest.digest, API).await), "STORE_THROTTLED");
    assert!(registry.requests().iter().all(|line| line.contains("/referrers/")), "no fallback");
    assert_eq!(code(source.tags().await), "STORE_THROTTLED");
}

/// threat model, row 17: what asks for too much patience gets none.
#[tokio::test]
async fn long_waits_are_not_waited_for() {
    for value in ["1000000000", "99999999999999999999", "Fri, 01 Jan 2100 00:00:00 GMT"] {
        let (registry, source) = start(Options::default());
        registry.fault(Fault::on("GET", "", throttled(value)));
        assert_eq!(code(source.manifest(&tag("v1")).await), "STORE_THROTTLED");
        assert_eq!(registry.count(), 1, "{value}");
    }
}

/// threat model, rows 17 and 18: errors of a registry that pass are tried again, others not.
#[tokio::test]
async fn errors_that_pass_are_tried_again() {
    for (status, tries, expected) in [
        (500, 5, "STORE_STATUS"),
        (502, 5, "STORE_STATUS"),
        (503, 5, "STORE_STATUS"),
        (504, 5, "STORE_STATUS"),
        (403, 1, "STORE_FORBIDDEN"),
        (401, 1, "STORE_UNAUTHORIZED"),
        (418, 1, "STORE_STATUS"),
    ] {
        let (registry, source) = start(Options::default());
        registry.fault(Fault::status("GET", "", status));
        assert_eq!(code(source.manifest(&tag("v1")).await), expected);
        assert_eq!(registry.count(), tries, "{status}");
    }
}

/// threat model, row 23: connections that break are made again.
#[tokio::test]
async fn connections_that_break_are_made_again() {
    let (registry, source) = start(Options::default());
    let manifest = seed(&registry, "v1");
    // So that the scheme is known.
    source.manifest(&tag("v1")).await.unwrap();
    for action in [Action::Reset, Action::ResetAfter, Action::Truncate(5)] {
        registry.clear_log();
        registry.fault(Fault::on("GET", "manifests", action).times(2));
        assert_eq!(source.manifest(&tag("v1")).await.unwrap(), Some(manifest.clone()));
        // hyper itself repeats a request on a connection that was closed before it could be sent.
        assert!(registry.count() >= 3, "{:?}", registry.requests());
        registry.behave();
    }
    registry.fault(Fault::on("GET", "", Action::Reset));
    assert_eq!(code(source.manifest(&tag("v1")).await), "STORE_UNREACHABLE");
}

/// One request at a time, when that is the bound.
#[tokio::test]
async fn requests_under_way_are_bounded() {
    let settings = countersign_core::source::registry::RegistryOptions { jobs: 1, ..settings() };
    let (registry, source) = start_with(Options::default(), settings);
    seed(&registry, "v1");
    let name = tag("v1");
    let all = futures_util::future::join_all((0..20).map(|_| source.manifest(&name))).await;
    assert!(all.into_iter().all(|read| read.unwrap().is_some()));
    assert_eq!(registry.count(), 20);
}
