//! Key files, and secrets.

use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::json;
use testkit::documents::base64;
use testkit::registry::{Access, Options};
use testkit::{Run, Sandbox, Scene};

fn mode(sandbox: &Sandbox, name: &str) -> u32 {
    std::fs::metadata(sandbox.path(name)).expect("a file").permissions().mode() & 0o777
}

/// threat model, row 32: a private key is its owner's, whatever the umask; nothing is overwritten or written through.
#[test]
fn key_files_are_made_with_care() {
    let sandbox = Sandbox::new();
    let generate = "umask 0; exec \"$0\" generate-key-pair --output-key-prefix k";
    sandbox.run("sh", ["-c", generate, testkit::program().to_str().expect("a path")]).succeeds();
    assert_eq!(mode(&sandbox, "k.key"), 0o600);

    sandbox.key("a");
    let before = (sandbox.read("k.key"), sandbox.read("k.pub"));
    for command in [
        &["generate-key-pair", "--output-key-prefix", "k"][..],
        &["import-key-pair", "--key", "a.key", "--output-key-prefix", "k"],
    ] {
        let run = sandbox.countersign(command).ends(2);
        assert!(run.stderr.contains("exists already") && run.stderr.contains("--force"), "{}", run.stderr);
        assert_eq!(before, (sandbox.read("k.key"), sandbox.read("k.pub")));
    }
    // Either of the two is enough, and the other is not made.
    sandbox.write("half.pub", "mine");
    sandbox.countersign(["generate-key-pair", "--output-key-prefix", "half"]).ends(2);
    assert!(!sandbox.path("half.key").exists());

    sandbox.write("precious", "mine");
    for target in ["precious", "nothing"] {
        for link in ["l.key", "l.pub"] {
            symlink(target, sandbox.path(link)).expect("a link");
            let run = sandbox.countersign(["generate-key-pair", "--force", "--output-key-prefix", "l"]);
            assert!(matches!(run.code, Some(2)), "{}", run.stderr);
            assert!(!sandbox.path("nothing").exists());
            for name in ["l.key", "l.pub"] {
                let _ = std::fs::remove_file(sandbox.path(name));
            }
        }
    }
    assert_eq!(sandbox.read("precious"), b"mine");
    sandbox.countersign(["generate-key-pair", "--force", "--output-key-prefix", "k"]).succeeds();
    assert_ne!(before.0, sandbox.read("k.key"));
    assert_eq!(mode(&sandbox, "k.key"), 0o600);
}

fn pem(label: &str, content: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", base64(content))
}

/// An encrypted key that asks for a work factor.
fn encrypted(n: u64, r: u64, p: u64) -> String {
    let document = json!({
        "kdf": {"name": "scrypt", "params": {"N": n, "r": r, "p": p}, "salt": base64(&[0; 32])},
        "cipher": {"name": "nacl/secretbox", "nonce": base64(&[0; 24])},
        "ciphertext": base64(&[0; 64]),
    });
    pem("ENCRYPTED SIGSTORE PRIVATE KEY", document.to_string().as_bytes())
}

/// threat model, row 80: key files that are none, are two, or ask for all memory and time.
#[test]
fn hostile_key_files_are_wrong_usage() {
    let sandbox = Sandbox::new();
    sandbox.key("a");
    sandbox.write("blob", "content");
    let text = |name| String::from_utf8(sandbox.read(name)).expect("PEM");
    let (private, public) = (text("a.key"), text("a.pub"));
    let bad_private = [
        ("empty", String::new()),
        ("white space", " \n\t\n".into()),
        ("another label", private.replace("PRIVATE KEY", "SECRET KEY")),
        ("labels that differ", private.replace("END PRIVATE", "END PUBLIC")),
        ("two keys", format!("{private}{private}")),
        ("something behind", format!("{private}and more\n")),
        ("no base64", private.replace('M', "?")),
        ("half of it", private[..private.len() / 2].into()),
        ("a public key", public.clone()),
        ("a certificate", pem("CERTIFICATE", b"x")),
        ("no DER", pem("PRIVATE KEY", b"x")),
        ("scrypt N", encrypted(1 << 40, 8, 1)),
        ("scrypt N that is no power of two", encrypted(1000, 8, 1)),
        ("scrypt r", encrypted(1 << 15, 1 << 40, 1)),
        ("scrypt p", encrypted(1 << 15, 8, u64::MAX)),
        ("scrypt of nothing", encrypted(0, 0, 0)),
        ("binary", "\u{0}\u{1}\u{2}".into()),
        ("2 MiB", "x".repeat(2 << 20)),
    ];
    for (what, content) in bad_private {
        sandbox.write("bad", content);
        for command in [
            &["sign-blob", "--key", "bad", "blob"][..],
            &["public-key", "--key", "bad"],
            &["import-key-pair", "--key", "bad"],
        ] {
            refused(what, sandbox.countersign(command));
        }
    }
    for (what, content) in [
        ("empty", String::new()),
        ("a private key", private.clone()),
        ("an encrypted key", encrypted(1 << 15, 8, 1)),
        ("two keys", format!("{public}{public}")),
        ("something behind", format!("{public}and more\n")),
        ("another label", public.replace("PUBLIC KEY", "PUBLIC THING")),
        ("half of it", public[..public.len() / 2].into()),
    ] {
        sandbox.write("bad", content);
        refused(what, sandbox.countersign(["verify-blob", "--key", "bad", "--signature", "AAAA", "blob"]));
    }
    // What only looks odd: other line ends, and text before.
    for content in [private.replace('\n', "\r\n"), format!("Bag Attributes\n{private}")] {
        sandbox.write("odd", content);
        sandbox.countersign(["sign-blob", "--key", "odd", "blob"]).succeeds();
    }
}

/// Wrong usage that names the file, and nothing is written.
fn refused(what: &str, run: Run) {
    assert_eq!(run.code, Some(2), "{what}: {} {}", run.line, run.stderr);
    assert!(run.stderr.contains("error: bad: "), "{what}: {}", run.stderr);
    assert!(run.stdout.is_empty(), "{what}");
}

/// threat model, row 81: passwords, tokens and keys are in nothing that is printed, however much is asked for.
#[test]
fn secrets_are_not_printed() {
    let sandbox = Sandbox::new().with("COSIGN_PASSWORD", "the-password");
    sandbox.countersign(["generate-key-pair"]).succeeds();
    sandbox.write("blob", "content");
    let wrong = Sandbox::new().with("COSIGN_PASSWORD", "a-wrong-password");
    wrong.write("cosign.key", sandbox.read("cosign.key"));
    wrong.write("blob", "content");
    let run = wrong.countersign(["sign-blob", "-d", "--key", "cosign.key", "blob"]).ends(2);
    silent(&run, &["a-wrong-password"]);

    let basic = base64(b"user:the-password");
    for access in [
        Access::Basic { user: "user".into(), password: "other".into() },
        Access::Bearer { user: "user".into(), password: "other".into(), anonymous_pull: false, realm: None },
        Access::Basic { user: "user".into(), password: "the-password".into() },
    ] {
        let scene = Scene::new(Options { access, ..Options::default() });
        let credentials = ["-d", "--registry-username", "user", "--registry-password", "the-password"];
        silent(&scene.verify(&credentials), &["the-password", &basic]);
        silent(&scene.sign(&credentials), &["the-password", &basic]);
        silent(&scene.verify(&["-d", "--registry-token", "the-token"]), &["the-token"]);
        let url = format!("http://user:the-password@{}/acme/app:v1", scene.registry.host());
        silent(&scene.countersign(&["verify", "--key", "a.pub", &url]), &[]);
    }
    let key = String::from_utf8(sandbox.read("cosign.key")).expect("PEM");
    let inline = Sandbox::new().with("KEY", key.replace("BEGIN", "BEGAN"));
    inline.write("blob", "content");
    let run = inline.countersign(["sign-blob", "-d", "--key", "env://KEY", "blob"]).ends(2);
    silent(&run, &[key.lines().nth(1).expect("a line of the key")]);
}

fn silent(run: &Run, secrets: &[&str]) {
    for secret in secrets {
        assert!(!run.stderr.contains(secret) && !run.stdout.contains(secret), "{}: {}", run.line, run.stderr);
    }
}
