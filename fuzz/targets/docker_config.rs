//! Files of credentials: what was logged in is found again, and everything else is kept.
#![no_main]

use countersign_core::source::registry::credentials::{self, Credential, DockerConfig};

libfuzzer_sys::fuzz_target!(|content: &[u8]| {
    let credential = Credential::Basic { username: "u".into(), password: "p".into() };
    let Ok(config) = DockerConfig::parse(content) else { return };
    let _ = config.lookup("r.io", "a/b");
    if let Ok(after) = credentials::login(content, "r.io", &credential) {
        DockerConfig::parse(&after).expect("what was written is read");
        assert!(credentials::logout(&after, "r.io").expect("and logged out").is_some());
    }
});
