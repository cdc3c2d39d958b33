//! Defect 5: Of 12 parallel signers by cosign, all of which exit 0, 10 signatures survive as bundles and 4 as legacy
//! signatures.

use std::process::{Child, Stdio};

use testkit::program;
use testkit::servers::{Kind, Server};

use crate::bench::{Bench, digest};

const WRITERS: usize = 24;

#[test]
fn parallel_signers_lose_nothing_in_distribution_2() {
    in_registry(Kind::Distribution2);
}

#[test]
fn parallel_signers_lose_nothing_in_distribution_3() {
    in_registry(Kind::Distribution3);
}

#[test]
fn parallel_signers_lose_nothing_in_crane() {
    in_registry(Kind::Crane);
}

#[test]
fn parallel_signers_lose_nothing_with_the_referrers_api() {
    in_registry(Kind::Referrers);
}

#[test]
fn parallel_signers_lose_nothing_in_a_layout() {
    let (Some(bench), Some(server)) = (Bench::new(), Server::start(Kind::Crane)) else { return };
    for format in ["bundle", "legacy"] {
        let image = bench.push(server.host(), "parallel");
        bench.ours(&["save", "--dir", format, &image]).succeeds();
        all_are_found(&bench, &format!("oci:{format}"), format);
    }
}

fn in_registry(kind: Kind) {
    let (Some(bench), Some(server)) = (Bench::new(), Server::start(kind)) else { return };
    for format in ["bundle", "legacy"] {
        let image = bench.push(server.host(), &format!("parallel/{format}"));
        all_are_found(&bench, &image, format);
        let markers = markers(&bench, &image);
        // Writers at work at the same time leave their markers to each other; the first one after a while removes them.
        println!("{}, {format}: {} markers of {WRITERS} writers left", kind.name(), markers.len());
        assert!(markers.len() <= WRITERS);
    }
    one_writer_alone(&bench, &server);
}

/// Where tags can be deleted a writer that was alone leaves nothing but its signature.
fn one_writer_alone(bench: &Bench, server: &Server) {
    for format in ["bundle", "legacy"] {
        let image = bench.push(server.host(), &format!("alone/{format}"));
        bench.sign(&image, format);
        let left = markers(bench, &image).len();
        let deletes_tags = server.kind != Kind::Distribution2;
        let writes_tags = format == "legacy" || server.kind != Kind::Referrers;
        assert_eq!(left, usize::from(!deletes_tags && writes_tags), "{}, {format}", server.kind.name());
    }
}

fn markers(bench: &Bench, image: &str) -> Vec<String> {
    let (repository, _) = image.split_once('@').expect("an image by digest");
    let stem = digest(image).replace(':', "-");
    let tags = bench.crane(&["ls", repository]).stdout;
    let shared = [stem.clone(), format!("{stem}.sig"), "v1".to_owned()];
    tags.lines().filter(|tag| !shared.iter().any(|known| known == tag)).map(str::to_owned).collect()
}

fn all_are_found(bench: &Bench, image: &str, format: &str) {
    let names: Vec<_> = (0..WRITERS).map(|number| format!("writer-{number}")).collect();
    if !bench.sandbox.path("writer-0.key").exists() {
        names.iter().for_each(|name| bench.sandbox.key(name));
    }
    let mut running: Vec<Child> = Vec::new();
    for name in &names {
        let mut command = bench.sandbox.command(program());
        command.args(["sign", "--format", format, "--key", &format!("{name}.key"), image]);
        running.push(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("a signer"));
    }
    for (name, child) in names.iter().zip(running) {
        let ended = child.wait_with_output().expect("a signer ends");
        assert!(ended.status.success(), "{name}: {}", String::from_utf8_lossy(&ended.stderr));
    }
    let (threshold, publics) = (WRITERS.to_string(), names.iter().map(|name| format!("{name}.pub")));
    let keys: Vec<_> = publics.flat_map(|public| ["--key".to_owned(), public]).collect();
    let words = ["verify", "--threshold", &threshold, image];
    bench.ours(&words.into_iter().chain(keys.iter().map(String::as_str)).collect::<Vec<_>>()).succeeds();
}
