//! Tells the library which revision of itself it is: what it kept from another one is of no use (`src/cache.rs`).

#![allow(clippy::print_stdout)]

use std::fs;
use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    sources(Path::new("src"), &mut hash)?;
    println!("cargo:rerun-if-changed=src");
    // What reads archives and databases is in other libraries. Beside a published package there is no lock file.
    for versions in ["Cargo.toml", "../Cargo.lock"] {
        if let Ok(content) = fs::read(versions) {
            fnv1a(&mut hash, &content);
            println!("cargo:rerun-if-changed={versions}");
        }
    }
    println!("cargo:rustc-env=COUNTERSIGN_SBOM_REVISION={hash:016x}");
    Ok(())
}

/// Adds all files of a folder to a hash, in the order of their names.
fn sources(folder: &Path, hash: &mut u64) -> io::Result<()> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>();
    let mut entries = entries?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, hash)?;
        } else {
            fnv1a(hash, path.to_string_lossy().as_bytes());
            fnv1a(hash, &fs::read(&path)?);
        }
    }
    Ok(())
}

/// FNV-1a of 64 bits: nobody gains anything by two revisions that are the same in it.
fn fnv1a(hash: &mut u64, bytes: &[u8]) {
    for byte in bytes {
        *hash = (*hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
}
