//! How long the parts take: `cargo bench -p countersign-tests --bench parts`. What the program costs as a whole is
//! measured by `tests/bench/compare`.

use std::collections::BTreeMap;
use std::hint::black_box;

use countersign_core::digest::Digest;
use countersign_core::format::bundle::Bundle;
use countersign_core::format::dsse::Unsigned;
use countersign_core::format::statement::Statement;
use countersign_core::json;
use countersign_core::key::{HashPolicy, KeyAlgorithm, PrivateKey};
use countersign_core::media_type;
use countersign_core::reference::Location;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const MIB: usize = 1 << 20;

/// A bundle as `sign` writes it.
fn bundle(key: &PrivateKey) -> Vec<u8> {
    let statement = Statement::image_signature(&Digest::sha256(b"image"), &BTreeMap::new());
    let statement = statement.to_json().expect("a statement");
    let unsigned = Unsigned::new(media_type::IN_TOTO, b"", statement, b"");
    let signature = key.sign(unsigned.message()).expect("a signature");
    let envelope = unsigned.signed(signature);
    Bundle::of_envelope(key.public_key().hint(), envelope).to_json().expect("a bundle")
}

fn documents(criterion: &mut Criterion) {
    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256).expect("a key");
    let bundle = bundle(&key);
    criterion
        .bench_function("bundle", |bench| bench.iter(|| Bundle::parse(black_box(bundle.clone()).into())));
    criterion.bench_function("strict JSON", |bench| bench.iter(|| json::check(black_box(&bundle))));
    let reference = format!("registry.example.com/team/app:v1@{}", Digest::sha256(b"image"));
    criterion.bench_function("reference", |bench| bench.iter(|| black_box(&reference).parse::<Location>()));
}

fn signatures(criterion: &mut Criterion) {
    let message = [7; 512];
    for (name, algorithm) in [
        ("verify P-256", KeyAlgorithm::EcdsaP256),
        ("verify Ed25519", KeyAlgorithm::Ed25519),
        ("verify RSA 2048", KeyAlgorithm::Rsa2048),
    ] {
        let key = PrivateKey::generate(algorithm).expect("a key");
        let signature = key.sign(&message).expect("a signature");
        let key = key.public_key().clone();
        let verify = || key.verify(black_box(&message), &signature, HashPolicy::AlsoLegacy);
        assert!(verify().is_ok(), "{name}");
        criterion.bench_function(name, |bench| bench.iter(verify));
    }
}

fn digests(criterion: &mut Criterion) {
    let content = vec![7; MIB];
    let mut group = criterion.benchmark_group("digest");
    group.throughput(Throughput::Bytes(MIB as u64));
    group.bench_function("1 MiB", |bench| bench.iter(|| Digest::sha256(black_box(&content))));
    group.finish();
}

criterion_group! {
    name = parts;
    config = Criterion::default().without_plots();
    targets = documents, signatures, digests
}
criterion_main!(parts);
