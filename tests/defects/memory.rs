//! Defect 9: cosign takes 2.1 GiB to sign a 1 GB file.

use std::io::Write as _;

use crate::bench::Bench;

const LARGE: usize = 200 << 20;
const MOST_KIB: u64 = 32 << 10;

#[test]
fn large_files_are_signed_and_verified_in_constant_memory() {
    let Some(bench) = Bench::new() else { return };
    let mut file = std::fs::File::create(bench.sandbox.path("large")).expect("a file");
    let piece = vec![7; 1 << 20];
    (0..LARGE / piece.len()).for_each(|_| file.write_all(&piece).expect("room for a large file"));
    // Plain in PKCS#8, since the derivation of an encrypted key takes 64 MiB by itself, as cosign's format wants.
    bench.sandbox.key_of("ed", &["ED25519"]);
    for (key, public) in [("one.key", "one.pub"), ("ed.key", "ed.pub")] {
        let sign = ["sign-blob", "--key", key, "--bundle", "large.bundle", "large"];
        let verify = ["verify-blob", "--key", public, "--bundle", "large.bundle", "large"];
        for words in [sign, verify] {
            let Some(peak) = bench.sandbox.peak(&words, 0) else { return };
            println!("{words:?}: {peak} KiB");
            assert!(peak < MOST_KIB, "{words:?}: {peak} KiB");
        }
    }
}
