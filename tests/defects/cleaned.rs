//! `clean` takes away what it says, and nothing else.

use testkit::servers::{Kind, Server};

use crate::bench::{Bench, digest};

/// A signature that was taken away does not come back with the next one, whatever writers left behind.
#[test]
fn what_was_cleaned_stays_away() {
    for kind in Kind::ALL {
        let (Some(bench), Some(server)) = (Bench::new(), Server::start(kind)) else { return };
        let image = bench.push(server.host(), "demo/cleaned");
        for name in ["two", "three"] {
            bench.sandbox.key(name);
        }
        for key in ["one.key", "two.key"] {
            bench.ours(&["sign", "--format", "legacy", "--key", key, &image]).succeeds();
        }
        bench.ours(&["clean", "-f", "--type", "signature", &image]).succeeds();
        bench.ours(&["verify", "--key", "two.pub", &image]).fails(1, "NO_SIGNATURES");
        bench.ours(&["sign", "--format", "legacy", "--key", "three.key", &image]).succeeds();
        for key in ["one.pub", "two.pub"] {
            bench.ours(&["verify", "--key", key, &image]).fails(1, "NO_SIGNATURE_ACCEPTED");
        }
        bench.ours(&["verify", "--key", "three.pub", &image]).succeeds();
    }
}

/// A registry that cannot delete a tag deletes a manifest with all its tags: not when another image has one of them.
#[test]
fn another_image_keeps_what_it_shares() {
    let (Some(bench), Some(server)) = (Bench::new(), Server::start(Kind::Distribution2)) else { return };
    let image = bench.push(server.host(), "demo/shared");
    let repository = image.split_once('@').expect("an image by digest").0;
    let own = format!("{}.sbom", digest(&image).replace(':', "-"));
    let others = format!("sha256-{}.sbom", "0".repeat(64));
    for tag in [&own, &others] {
        bench.crane(&["tag", &image, tag]);
    }
    bench.ours(&["clean", "-f", "--type", "sbom", &image]).fails(3, "STORE_UNSUPPORTED");
    let left = bench.crane(&["ls", repository]).stdout;
    assert!(left.contains(&own) && left.contains(&others), "{left}");
}
