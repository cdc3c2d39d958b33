//! Keys: each made by one program and used by the other.

use testkit::Sandbox;

use crate::page::{Cell, Table};
use crate::peers::{Cosign, Peers};

pub const INTRODUCTION: &str = "\
Every signature by countersign in this page is made with the key in the first column, every signature by cosign with
the key in the second. cosign itself makes P-256 keys only; the others are made by openssl and imported by cosign.";

/// A kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyKind {
    pub name: &'static str,
    algorithm: &'static str,
    openssl: &'static [&'static str],
    /// The hash of what is signed; `None` where it is the message itself.
    pub hash: Option<&'static str>,
}

const fn ecdsa(
    name: &'static str,
    algorithm: &'static str,
    curve: &'static str,
    hash: &'static str,
) -> KeyKind {
    let openssl: &[&str] = match curve.as_bytes() {
        b"P-256" => &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        b"P-384" => &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        _ => &["EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    };
    KeyKind { name, algorithm, openssl, hash: Some(hash) }
}

pub const KINDS: [KeyKind; 7] = [
    ecdsa("P-256", "ecdsa-p256", "P-256", "sha256"),
    ecdsa("P-384", "ecdsa-p384", "P-384", "sha384"),
    ecdsa("P-521", "ecdsa-p521", "P-521", "sha512"),
    KeyKind { name: "Ed25519", algorithm: "ed25519", openssl: &["ED25519"], hash: None },
    KeyKind {
        name: "RSA-2048",
        algorithm: "rsa-2048",
        openssl: &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        hash: Some("sha256"),
    },
    KeyKind {
        name: "RSA-3072",
        algorithm: "rsa-3072",
        openssl: &["RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
        hash: Some("sha256"),
    },
    KeyKind {
        name: "RSA-4096",
        algorithm: "rsa-4096",
        openssl: &["RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
        hash: Some("sha256"),
    },
];

impl KeyKind {
    /// As part of a repository's or file's name.
    pub fn slug(self) -> String {
        self.name.to_lowercase()
    }

    /// The key that countersign made and cosign signs with.
    pub fn ours(self) -> (String, String) {
        let slug = self.slug();
        (format!("ours-{slug}.key"), format!("ours-{slug}.pub"))
    }

    /// The key that cosign made or imported and countersign signs with.
    pub fn theirs(self) -> (String, String) {
        let slug = self.slug();
        (format!("cosign-{slug}.key"), format!("cosign-{slug}.pub"))
    }
}

/// The keys of the matrix, in files of the sandbox.
pub struct Keys {
    table: Table,
}

impl Keys {
    pub fn make(sandbox: &Sandbox, peers: &Peers) -> Self {
        let mut table = Table::new(&[
            "Key",
            "made for cosign, read by countersign",
            "made by countersign, read by cosign",
        ]);
        for kind in KINDS {
            let made = theirs(sandbox, peers, kind);
            let (key, public) = kind.theirs();
            let read = sandbox.countersign(["public-key", "--key", &key]).succeeds();
            assert_eq!(read.stdout.as_bytes(), sandbox.read(public), "{kind:?}");
            let theirs = Cell::yes(made);

            let slug = format!("ours-{}", kind.slug());
            let make = ["generate-key-pair", "--algorithm", kind.algorithm, "--output-key-prefix", &slug];
            sandbox.countersign(make).succeeds();
            let (key, public) = kind.ours();
            let read = sandbox.run(peers.cosign(Cosign::Three), ["public-key", "--key", &key]).succeeds();
            assert_eq!(read.stdout.as_bytes(), sandbox.read(public), "{kind:?}");
            table.row(kind.name, vec![theirs, Cell::yes("generate-key-pair")]);
        }
        Self { table }
    }

    pub fn table(&self) -> Table {
        self.table.clone()
    }
}

/// Makes the key that cosign signs with in its own file format.
fn theirs(sandbox: &Sandbox, peers: &Peers, kind: KeyKind) -> &'static str {
    let cosign = peers.cosign(Cosign::Three);
    let prefix = format!("cosign-{}", kind.slug());
    if kind.name == "P-256" {
        sandbox.run(cosign, ["generate-key-pair", "--output-key-prefix", &prefix]).succeeds();
        return "generate-key-pair";
    }
    let pem = format!("{prefix}.pem");
    let make = ["genpkey", "-out", &pem, "-algorithm"];
    sandbox.run(&peers.openssl, make.iter().chain(kind.openssl)).succeeds();
    let import = ["import-key-pair", "-y", "--key", &pem, "--output-key-prefix", &prefix];
    sandbox.run(cosign, import).succeeds();
    "import-key-pair"
}
