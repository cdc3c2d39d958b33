//! What the program says when something is wrong: the code, the exit code, and a hint that can be followed.

use testkit::{Sandbox, documents};

#[test]
fn hints_name_what_helps() {
    let sandbox = Sandbox::with_image();
    for (line, code, stable, hint) in [
        ("verify --key cosign.key oci:image:v1", 2, "KEY_PRIVATE_GIVEN", "countersign public-key --key KEY"),
        ("sign --key cosign.pub oci:image:v1", 2, "KEY_PUBLIC_GIVEN", "sign with the private key"),
        ("verify --key cosign.pub oci:nowhere:v1", 3, "STORE_IO", "check the path"),
        ("verify --key cosign.pub oci:image:v2", 3, "NOT_FOUND", "check the name"),
        ("verify --key cosign.pub --threshold 2 oci:image:v1", 2, "USAGE", "--threshold is at least 1"),
        ("verify --key nowhere.pub oci:image:v1", 2, "FILE_IO", "nowhere.pub"),
        ("verify oci:image:v1", 2, "USAGE", "--key"),
        ("copy oci:image:v1 oci-archive:image.tar", 2, "USAGE", "oci:DIR"),
        ("verify --key cosign.pub ./image", 2, "REFERENCE_MALFORMED", "name it as oci:./image"),
        ("tree ./image:v1", 2, "REFERENCE_MALFORMED", "name it as oci:./image:v1"),
        ("verify cosign.pub oci:image:v1", 2, "USAGE", "give it with --key cosign.pub"),
        ("sign cosign.key oci:image:v1", 2, "USAGE", "give it with --key cosign.key"),
        ("verify --key cosign.pub ./cosign.pub", 2, "REFERENCE_MALFORMED", "is a key"),
        // Reading this fails once it is open.
        ("sign-blob --key cosign.key /proc/self/mem", 3, "KEY_MESSAGE_READ", ""),
    ] {
        let run = sandbox.countersign(line.split(' ')).fails(code, stable);
        assert!(run.stderr.contains(hint), "{line}\n{}", run.stderr);
        assert_eq!(run.stdout, "", "{line}");
    }
}

#[test]
fn a_command_of_cosign_that_is_not_there_is_named_as_such() {
    let sandbox = Sandbox::new();
    for command in ["manifest verify --key cosign.pub deployment.yaml", "upload blob", "attestation"] {
        let run = sandbox.countersign(command.split(' ')).fails(2, "USAGE");
        assert!(run.stderr.contains("is a command of cosign that is not available yet"), "{}", run.stderr);
        assert!(!run.stderr.contains("similar"), "{}", run.stderr);
    }
    let run = sandbox.countersign(["verfy"]).ends(2);
    assert!(!run.stderr.contains("cosign that"), "{}", run.stderr);
}

/// What a command does is told in full by its own help, not only in the list of commands.
#[test]
fn help_tells_the_whole_description() {
    let sandbox = Sandbox::new();
    for (command, text) in [
        ("verify", "The exit code is the answer"),
        ("verify", "several times, and one of them is enough"),
        ("verify-blob", "several times, and one of them is enough"),
        ("verify", "How long a request to a registry may take with all its retries"),
        ("tree", "Nothing is verified"),
        ("sign-blob", "constant"),
    ] {
        let run = sandbox.countersign([command, "--help"]).succeeds();
        let told: Vec<_> = run.stdout.split_whitespace().collect();
        assert!(told.join(" ").contains(text), "{}", run.stdout);
    }
}

/// What cannot be read is not shown as if it were missing.
#[test]
fn inspect_says_what_it_cannot_read() {
    let sandbox = Sandbox::new();
    let inspect = |payload_type: &str, payload: &[u8]| {
        let bundle = documents::envelope(payload_type, payload, &[vec![1; 64]]).to_string();
        sandbox.write("made", bundle);
        sandbox.countersign(["inspect", "-o", "json", "made"]).succeeds().json()["signed"].clone()
    };
    let twice = br#"{"_type": "https://in-toto.io/Statement/v1", "_type": "x"}"#;
    let shown = inspect("application/vnd.in-toto+json", twice);
    assert!(shown["unreadable"].as_str().is_some_and(|why| why.contains("_type")), "{shown}");
    assert!(inspect("text/plain", b"words")["unreadable"].is_null());
    sandbox.write("made", r#"{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}"#);
    let run = sandbox.countersign(["inspect", "made"]).ends(1);
    assert!(run.stderr.contains("verificationMaterial"), "{}", run.stderr);
}

#[test]
fn one_signature_is_no_signatures() {
    let sandbox = Sandbox::with_image();
    sandbox.countersign(["sign", "--key", "cosign.key", "oci:image:v1"]).succeeds();
    let run = sandbox.countersign(["verify", "--key", "cosign.pub", "-o", "text", "oci:image:v1"]).succeeds();
    assert!(run.stdout.ends_with(": 1 valid signature\n"), "{}", run.stdout);
}
