//! Layers in every compression. Of a tar the sums of the headers are mended first, which nothing would get past else.
#![no_main]

use countersign_sbom::layer::stream::read;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    for header in bytes.chunks_exact_mut(512).filter(|block| block[257..262] == *b"ustar") {
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    if let Ok(layer) = read(&*bytes) {
        countersign_fuzz::layer(layer);
    }
});
