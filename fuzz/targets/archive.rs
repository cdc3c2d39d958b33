//! An archive that can be opened can be asked for everything, and no question brings it down.
#![no_main]

use std::io::Write;

use countersign_core::source::Archive;

libfuzzer_sys::fuzz_target!(|archive: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(archive).expect("its content");
    for opened in [Archive::open_oci(file.path()), Archive::open_docker(file.path())].into_iter().flatten() {
        let _ = opened.select(None);
    }
});
