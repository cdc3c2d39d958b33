//! Defect 6: With cosign imported P-384 and Ed25519 keys sign but never verify.

use crate::bench::{Bench, registry};

const KINDS: [(&str, &[&str]); 4] = [
    ("P-384", &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
    ("P-521", &["EC", "-pkeyopt", "ec_paramgen_curve:P-521"]),
    ("Ed25519", &["ED25519"]),
    ("RSA", &["RSA", "-pkeyopt", "rsa_keygen_bits:3072"]),
];

#[test]
fn imported_keys_of_every_kind_sign_and_verify() {
    let Some(bench) = Bench::new() else { return };
    let registry = registry(false);
    for (name, parameters) in KINDS {
        bench.sandbox.key_of("plain", parameters);
        bench
            .ours(&["import-key-pair", "--yes", "--key", "plain.key", "--output-key-prefix", name])
            .succeeds();
        let (key, public) = (format!("{name}.key"), format!("{name}.pub"));
        for format in ["bundle", "legacy"] {
            let image = bench.push(registry.host(), &format!("kinds/{}-{format}", name.to_lowercase()));
            bench.ours(&["sign", "--key", &key, "--format", format, &image]).succeeds();
            bench.ours(&["verify", "--key", &public, &image]).succeeds();
            bench.verify(&image).fails(1, "NO_SIGNATURE_ACCEPTED");
        }
        bench.ours(&["sign-blob", "--key", &key, "--bundle", "blob.bundle", "content"]).succeeds();
        bench.ours(&["verify-blob", "--key", &public, "--bundle", "blob.bundle", "content"]).succeeds();
    }
}
