//! Images of several platforms.

use countersign_core::digest::Digest;
use serde_json::Value;
use testkit::Scene;

fn verify(scene: &Scene, image: &str, more: &[&str]) -> testkit::Run {
    scene.countersign(&[&["verify", "--key", "a.pub", image], more].concat())
}

fn at(scene: &Scene, digest: &Digest) -> String {
    format!("{}@{digest}", scene.repository())
}

/// An image of two platforms, tagged `all`.
fn two_platforms(scene: &Scene) -> (Digest, [Digest; 2]) {
    let platforms = [scene.digest, scene.other_image("arm64")];
    let entries: Vec<Value> = platforms.iter().map(|digest| scene.entry(digest)).collect();
    (scene.index("all", &entries), platforms)
}

/// threat model, row 72: a signature of the index is none of its platforms, and the reverse; `--recursive` asks for all.
#[test]
fn an_index_and_its_platforms_are_signed_apart() {
    let scene = Scene::default();
    let (index, [amd64, arm64]) = two_platforms(&scene);
    let all = format!("{}:all", scene.repository());
    scene.countersign(&["sign", "--key", "a.key", &all]).succeeds();
    verify(&scene, &all, &[]).succeeds();
    verify(&scene, &at(&scene, &index), &[]).succeeds();
    verify(&scene, &at(&scene, &amd64), &[]).fails(1, "NO_SIGNATURES");
    verify(&scene, &all, &["--recursive"]).fails(1, "NO_SIGNATURES");

    scene.countersign(&["sign", "--key", "a.key", &at(&scene, &amd64)]).succeeds();
    verify(&scene, &all, &["--recursive"]).fails(1, "NO_SIGNATURES");
    scene.countersign(&["sign", "--key", "a.key", "--recursive", &all]).succeeds();
    verify(&scene, &all, &["--recursive"]).succeeds();
    verify(&scene, &at(&scene, &arm64), &[]).succeeds();
}

/// threat model, row 72: another platform put into the index makes another index, which nobody has signed.
#[test]
fn a_platform_that_was_swapped_is_noticed() {
    let scene = Scene::default();
    let (_, [amd64, arm64]) = two_platforms(&scene);
    let all = format!("{}:all", scene.repository());
    scene.countersign(&["sign", "--key", "a.key", "--recursive", &all]).succeeds();
    let evil = scene.other_image("riscv64");
    scene.index("all", &[scene.entry(&amd64), scene.entry(&evil)]);
    verify(&scene, &all, &[]).fails(1, "NO_SIGNATURES");
    verify(&scene, &all, &["--recursive"]).fails(1, "NO_SIGNATURES");
    // A signed platform that pretends to be another one: the descriptor is part of the index.
    let mut entry = scene.entry(&arm64);
    entry["platform"] = serde_json::json!({"os": "linux", "architecture": "amd64"});
    scene.index("all", &[entry]);
    verify(&scene, &all, &[]).fails(1, "NO_SIGNATURES");
}

/// threat model, row 72: indexes in indexes, and very many manifests, end at a limit.
#[test]
fn nesting_and_width_are_bounded() {
    let scene = Scene::default();
    let mut inner = scene.digest;
    for depth in 0..6 {
        inner = scene.index(&format!("depth{depth}"), &[scene.entry(&inner)]);
    }
    let deep = format!("{}:depth5", scene.repository());
    verify(&scene, &deep, &["--recursive"]).fails(1, "LIMIT_CONTENT");
    let mut entry = scene.entry(&scene.digest);
    let entries: Vec<Value> = (0..1001)
        .map(|number: u32| {
            entry["digest"] = Digest::sha256(&number.to_be_bytes()).to_string().into();
            entry.clone()
        })
        .collect();
    scene.index("wide", &entries);
    let wide = format!("{}:wide", scene.repository());
    verify(&scene, &wide, &["--recursive"]).fails(1, "LIMIT_INDEX_ENTRIES");
    for image in [&deep, &wide] {
        scene.countersign(&["sign", "--key", "a.key", "--recursive", image]).ends(1);
    }
    // Nothing was signed before everything was known.
    assert!(
        !scene.registry.requests().iter().any(|line| line.starts_with("PUT") || line.starts_with("POST"))
    );
}
