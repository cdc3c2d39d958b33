//! Texts that tell of packages. The first byte says of which kind it is, counted from `A`.
#![no_main]

/// A file of each kind.
const FILES: [&str; 15] = [
    "/var/lib/dpkg/status",
    "/var/lib/dpkg/info/x.list",
    "/var/lib/dpkg/info/x.md5sums",
    "/usr/share/doc/x/copyright",
    "/lib/apk/db/installed",
    "/usr/lib/os-release",
    "/app/node_modules/x/package.json",
    "/usr/lib/python3/dist-packages/x.dist-info/METADATA",
    "/usr/lib/ruby/gems/3.0.0/specifications/x.gemspec",
    "/app/vendor/composer/installed.json",
    "/app/x.deps.json",
    "/usr/lib/jvm/release",
    "/var/lib/rpmmanifest/container-manifest-2",
    "/usr/lib/python3/dist-packages/x.egg-info",
    "/var/lib/dpkg/status.d/x",
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((kind, text)) = bytes.split_first() else { return };
    if let Some(path) = FILES.get(usize::from(kind.wrapping_sub(b'A'))) {
        countersign_fuzz::file(path, text);
    }
});
