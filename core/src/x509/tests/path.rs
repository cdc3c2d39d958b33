//! Rules of paths that no shared vector shows.

use jiff::Timestamp;

use super::forge::{
    ALTERNATIVE_NAMES, ANY_PURPOSE, BASIC_CONSTRAINTS, CODE_SIGNING, DIGITAL_SIGNATURE, Draft, ECDSA_SHA1,
    EMAIL_PROTECTION, KEY_USAGE, NAME_CONSTRAINTS, NON_REPUDIATION, PURPOSES, TIME_STAMPING, constraints,
    name, names, purposes,
};
use crate::limits;
use crate::x509::Certificate;
use crate::x509::path::{self, PathError, Purpose};

/// Root, authority and leaf, each issued by the one before.
struct Chain {
    root: Draft,
    middle: Draft,
    leaf: Draft,
}

impl Chain {
    fn new() -> Self {
        Self { root: Draft::authority("CN=root"), middle: Draft::authority("CN=middle"), leaf: Draft::leaf() }
    }

    fn verify(&self, purpose: Purpose) -> Result<path::Path, PathError> {
        let root = self.root.issue(&self.root);
        let middle = self.middle.issue(&self.root);
        path::verify(&self.leaf.issue(&self.middle), &[middle], &root, at(), purpose)
    }
}

fn at() -> Timestamp {
    "2025-01-01T00:00:00Z".parse().unwrap()
}

type Edit = fn(&mut Chain);

/// The verdict on a chain that was changed must be the code, and its message hold the text; no code for proven.
fn check(cases: &[(&str, Purpose, Edit, &str, &str)]) {
    for (what, purpose, edit, code, text) in cases {
        let mut chain = Chain::new();
        edit(&mut chain);
        let got = chain.verify(*purpose);
        let (got_code, message) =
            got.as_ref().err().map(|error| (error.code(), error.to_string())).unwrap_or_default();
        assert_eq!(got_code, *code, "{what}: {got:?}");
        assert!(message.contains(text), "{what}: {message}");
    }
}

#[test]
fn usages() {
    use Purpose::CodeSigning as Code;
    const USAGE: &str = "CERTIFICATE_USAGE";
    check(&[
        ("as it is", Code, |_| (), "", ""),
        (
            "an authority without keyCertSign",
            Code,
            |c| _ = c.middle.set(KEY_USAGE, true, DIGITAL_SIGNATURE.to_vec()),
            USAGE,
            "the authority 'CN=middle': expected keyUsage with keyCertSign, got digitalSignature",
        ),
        (
            "an authority without keyUsage",
            Code,
            |c| _ = c.root.remove(KEY_USAGE),
            USAGE,
            "the authority 'CN=root': expected keyUsage with keyCertSign, got none",
        ),
        (
            "an authority for email",
            Code,
            |c| _ = c.middle.set(PURPOSES, false, purposes(&[EMAIL_PROTECTION])),
            USAGE,
            "expected extKeyUsage with codeSigning, or none, got 1.3.6.1.5.5.7.3.4, not critical",
        ),
        (
            "an anchor for email",
            Code,
            |c| _ = c.root.set(PURPOSES, true, purposes(&[EMAIL_PROTECTION])),
            USAGE,
            "the authority 'CN=root'",
        ),
        (
            "an authority for any purpose",
            Code,
            |c| _ = c.middle.set(PURPOSES, false, purposes(&[ANY_PURPOSE])),
            "",
            "",
        ),
        ("a leaf without purpose", Code, |c| _ = c.leaf.remove(PURPOSES), USAGE, "got none"),
        (
            "a leaf for any purpose",
            Code,
            |c| _ = c.leaf.set(PURPOSES, false, purposes(&[ANY_PURPOSE])),
            USAGE,
            "expected extKeyUsage with codeSigning, got anyExtendedKeyUsage",
        ),
        (
            "a leaf without keyUsage",
            Code,
            |c| _ = c.leaf.remove(KEY_USAGE),
            USAGE,
            "the leaf certificate 'a@example.com': expected keyUsage with digitalSignature, got none",
        ),
        (
            "a leaf that only attests",
            Code,
            |c| _ = c.leaf.set(KEY_USAGE, true, NON_REPUDIATION.to_vec()),
            USAGE,
            "got nonRepudiation",
        ),
    ]);
}

#[test]
fn timestamps() {
    use Purpose::{CodeSigning, TimeStamping};
    const USAGE: &str = "CERTIFICATE_USAGE";
    check(&[
        ("a leaf for code", TimeStamping, |_| (), USAGE, "critical extKeyUsage with timeStamping alone"),
        (
            "for timestamps",
            TimeStamping,
            |c| _ = c.leaf.set(PURPOSES, true, purposes(&[TIME_STAMPING])),
            "",
            "",
        ),
        (
            "for timestamps, asked for code",
            CodeSigning,
            |c| _ = c.leaf.set(PURPOSES, true, purposes(&[TIME_STAMPING])),
            USAGE,
            "expected extKeyUsage with codeSigning, got timeStamping",
        ),
        (
            "not critical",
            TimeStamping,
            |c| _ = c.leaf.set(PURPOSES, false, purposes(&[TIME_STAMPING])),
            USAGE,
            "got timeStamping, not critical",
        ),
        (
            "not alone",
            TimeStamping,
            |c| _ = c.leaf.set(PURPOSES, true, purposes(&[TIME_STAMPING, CODE_SIGNING])),
            USAGE,
            "got timeStamping, codeSigning",
        ),
        (
            "attests",
            TimeStamping,
            |c| {
                c.leaf.set(PURPOSES, true, purposes(&[TIME_STAMPING]));
                c.leaf.set(KEY_USAGE, true, NON_REPUDIATION.to_vec());
            },
            "",
            "",
        ),
        (
            "below an authority for code",
            TimeStamping,
            |c| {
                c.leaf.set(PURPOSES, true, purposes(&[TIME_STAMPING]));
                c.middle.set(PURPOSES, false, purposes(&[CODE_SIGNING]));
            },
            USAGE,
            "the authority 'CN=middle'",
        ),
    ]);
}

#[test]
fn signatures_and_lengths() {
    use Purpose::CodeSigning as Code;
    check(&[
        (
            "signed with SHA-1",
            Code,
            |c| c.leaf.algorithms = [ECDSA_SHA1; 2],
            "CERTIFICATE_ALGORITHM",
            "the leaf certificate 'a@example.com' is signed with an algorithm that is not accepted: unsupported: ECDSA \
             signatures with SHA-1",
        ),
        (
            "an anchor signed with SHA-1",
            Code,
            |c| c.root.algorithms = [ECDSA_SHA1; 2],
            "CERTIFICATE_ALGORITHM",
            "the authority 'CN=root'",
        ),
        (
            "an anchor that allows no authority below",
            Code,
            |c| _ = c.root.set(BASIC_CONSTRAINTS, true, vec![0x30, 6, 1, 1, 0xff, 2, 1, 0]),
            "CERTIFICATE_PATH_LENGTH",
            "the authority 'CN=root' allows 0 authorities below it, got 1",
        ),
        (
            "an authority not valid yet",
            Code,
            |c| c.middle.validity[0] = (0x17, "250101000001Z"),
            "CERTIFICATE_EXPIRED",
            "the authority 'CN=middle' is valid from 2025-01-01T00:00:01Z to 2030-01-01T00:00:00Z, the time of the \
             signature is 2025-01-01T00:00:00Z",
        ),
        (
            "another issuer's name",
            Code,
            |c| c.leaf.issuer = Some(name("CN=nobody")),
            "CERTIFICATE_CHAIN",
            "the leaf certificate 'a@example.com' was not issued by the authority 'CN=root', nor by an authority below",
        ),
        (
            "the right name and another's key",
            Code,
            |c| {
                c.middle.subject = name("CN=other");
                c.leaf.issuer = Some(name("CN=root"));
            },
            "CERTIFICATE_CHAIN",
            "the signature on the leaf certificate 'a@example.com' was not made by the authority 'CN=root'",
        ),
    ]);
}

#[test]
fn name_constraints() {
    // Tag of the form, name of the leaf, permitted, excluded, and whether the leaf passes.
    type Case = (
        &'static [(u8, &'static [u8])],
        &'static [(u8, &'static [u8])],
        &'static [(u8, &'static [u8])],
        bool,
    );
    const EMAIL: u8 = 0x81;
    const DNS: u8 = 0x82;
    const URI: u8 = 0x86;
    const ADDRESS: u8 = 0x87;
    let cases: &[Case] = &[
        (&[(EMAIL, b"a@example.com")], &[(EMAIL, b"example.com")], &[], true),
        (&[(EMAIL, b"a@example.com")], &[(EMAIL, b"example.org")], &[], false),
        (&[(EMAIL, b"a@example.com")], &[(EMAIL, b"example.org"), (EMAIL, b"example.com")], &[], true),
        (&[(EMAIL, b"a@example.com")], &[(EMAIL, b"example.com")], &[(EMAIL, b"a@example.com")], false),
        (&[(EMAIL, b"a@example.com")], &[(DNS, b"example.org")], &[], true),
        (&[(EMAIL, b"a@example.com"), (DNS, b"example.com")], &[(DNS, b"example.org")], &[], false),
        (&[(URI, b"https://github.com/a/b")], &[(URI, b"github.com")], &[], true),
        (&[(URI, b"https://github.com/a/b")], &[], &[(URI, b"github.com")], false),
        (&[(URI, b"urn:a:b")], &[], &[(URI, b"github.com")], false),
        (&[(URI, b"urn:a:b")], &[(EMAIL, b"github.com")], &[], true),
        (&[(ADDRESS, &[10, 0, 0, 1])], &[(ADDRESS, &[10, 0, 0, 0, 255, 0, 0, 0])], &[], true),
        (&[(ADDRESS, &[11, 0, 0, 1])], &[(ADDRESS, &[10, 0, 0, 0, 255, 0, 0, 0])], &[], false),
        (&[(EMAIL, b"a@example.com")], &[(0x88, &[42])], &[], false),
    ];
    for (list, permitted, excluded, passes) in cases {
        for above in [(|c| &mut c.root) as fn(&mut Chain) -> &mut Draft, |c| &mut c.middle] {
            let mut chain = Chain::new();
            above(&mut chain).set(NAME_CONSTRAINTS, true, constraints(permitted, excluded));
            chain.leaf.set(ALTERNATIVE_NAMES, true, names(list));
            let got = chain.verify(Purpose::CodeSigning);
            assert_eq!(got.is_ok(), *passes, "{list:?} {permitted:?} {excluded:?}: {got:?}");
            assert!(got.is_ok() || got.is_err_and(|error| error.code() == "CERTIFICATE_NAME_CONSTRAINTS"));
        }
    }
}

/// Subjects of authorities are names too, and an address hidden in the subject is an address.
#[test]
fn name_constraints_of_subjects() {
    let organisation = name("O=Example");
    let only =
        |c: &mut Chain| _ = c.root.set(NAME_CONSTRAINTS, true, constraints(&[(0xa4, &organisation)], &[]));
    for (middle, leaf, passes) in [
        ("CN=middle,O=Example", "", true),
        ("CN=middle,O=EXAMPLE", "", true),
        ("CN=middle,O=Other", "", false),
        ("CN=middle,O=Example", "CN=leaf,O=Example", true),
        ("CN=middle,O=Example", "CN=leaf", false),
    ] {
        let mut chain = Chain::new();
        only(&mut chain);
        (chain.middle.subject, chain.leaf.subject) = (name(middle), name(leaf));
        assert_eq!(chain.verify(Purpose::CodeSigning).is_ok(), passes, "{middle} {leaf}");
    }
    for (address, passes) in [("a@example.com", true), ("a@example.org", false)] {
        let mut chain = Chain::new();
        chain.root.set(NAME_CONSTRAINTS, true, constraints(&[(0x81, b"example.com")], &[]));
        chain.leaf.remove(ALTERNATIVE_NAMES).subject = name(&format!("emailAddress={address}"));
        assert_eq!(chain.verify(Purpose::CodeSigning).is_ok(), passes, "{address}");
    }
}

/// Authorities one below the other, the anchor first, and a leaf below the last.
fn line(authorities: usize) -> (Vec<Certificate>, Certificate) {
    let drafts: Vec<_> = (0..authorities).map(|depth| Draft::authority(&format!("CN={depth}"))).collect();
    let issue = |depth: usize| drafts[depth].issue(&drafts[depth.saturating_sub(1)]);
    ((0..authorities).map(issue).collect(), Draft::leaf().issue(&drafts[authorities - 1]))
}

#[test]
fn depth_is_bounded() {
    for (authorities, code) in
        [(limits::CERTIFICATES - 1, None), (limits::CERTIFICATES, Some("CERTIFICATE_LIMIT"))]
    {
        let (certificates, leaf) = line(authorities);
        let (anchor, pool) = certificates.split_first().unwrap();
        let verdict = path::verify(&leaf, pool, anchor, at(), Purpose::CodeSigning);
        assert_eq!(verdict.as_ref().err().map(PathError::code), code);
        if let Ok(path) = verdict {
            let upwards: Vec<_> = std::iter::once(leaf).chain(certificates.iter().rev().cloned()).collect();
            assert_eq!(path.certificates(), upwards);
        }
    }
}

#[test]
fn work_is_bounded() {
    let root = Draft::authority("CN=root");
    let leaf = Draft::leaf().issue(&Draft::authority("CN=middle"));
    let others =
        |count| -> Vec<_> { (0..count).map(|_| Draft::authority("CN=middle").issue(&root)).collect() };
    for (count, code) in
        [(limits::PATH_SIGNATURES, "CERTIFICATE_CHAIN"), (limits::PATH_SIGNATURES + 1, "CERTIFICATE_LIMIT")]
    {
        let verdict = path::verify(&leaf, &others(count), &root.issue(&root), at(), Purpose::CodeSigning);
        assert_eq!(verdict.unwrap_err().code(), code, "{count}");
    }
}

#[test]
fn an_anchor_is_no_leaf_and_a_leaf_no_anchor() {
    let mut both = Draft::authority("CN=both");
    let certificate = both.issue(&both);
    let verdict = path::verify(&certificate, &[], &certificate, at(), Purpose::CodeSigning);
    assert_eq!(verdict.unwrap_err().code(), "CERTIFICATE_USAGE");
    both.extensions = Draft::leaf().extensions;
    let certificate = both.issue(&both);
    let verdict = path::verify(
        &certificate,
        std::slice::from_ref(&certificate),
        &certificate,
        at(),
        Purpose::CodeSigning,
    );
    assert_eq!(verdict.unwrap_err().code(), "CERTIFICATE_CHAIN");
}

/// Whichever bit of a certificate is flipped, it proves nothing.
#[test]
fn no_bit_can_be_flipped() {
    let chain = Chain::new();
    let (root, middle) = (chain.root.issue(&chain.root), chain.middle.issue(&chain.root));
    let der = chain.leaf.der(&chain.middle);
    let pool = [middle];
    let proven = |der: &[u8]| {
        Certificate::parse(der)
            .is_ok_and(|leaf| path::verify(&leaf, &pool, &root, at(), Purpose::CodeSigning).is_ok())
    };
    assert!(proven(&der));
    for position in 0..der.len() {
        let mut changed = der.clone();
        changed[position] ^= 1 << (position % 8);
        assert!(!proven(&changed), "bit {} of byte {position}", position % 8);
    }
}
