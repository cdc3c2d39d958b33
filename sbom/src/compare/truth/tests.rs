use globset::{Glob, GlobSet, GlobSetBuilder};

use super::*;
use crate::compare::identity::Package;
use crate::fact::Distribution;
use crate::inventory::{Component, Kind, Location, Subject};

/// An image of Debian with packages of three ecosystems.
const THERE: [&str; 6] = [
    "pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64&distro=debian-12&upstream=bash%405.2.15-2",
    "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12&upstream=glibc",
    "pkg:deb/debian/libstdc%2B%2B6@1:12.2-1?arch=amd64&upstream=gcc-12",
    "pkg:deb/debian/python3-six@1.16-1?arch=all",
    "pkg:npm/ms@2.1.3",
    "pkg:pypi/six@1.16.0",
];

fn component(purl: &str) -> Component {
    Component { purl: Some(purl.to_owned()), ..Component::default() }
}

fn inventory(purls: &[&str]) -> Inventory {
    let subject = Subject {
        name: "registry.example/app".to_owned(),
        digest: Some(format!("sha256:{}", "ab".repeat(32))),
        ..Subject::default()
    };
    let components = purls.iter().map(|purl| component(purl)).collect();
    Inventory { subject, components, ..Inventory::default() }
}

fn there() -> Inventory {
    let mut there = inventory(&THERE);
    // six came with python3-six.
    there.components[5].owner = Some(3);
    there
}

fn globs(globs: &[&str]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(Glob::new(glob).unwrap());
    }
    set.build().unwrap()
}

fn codes(verification: &Verification) -> Vec<&'static str> {
    verification.findings.iter().map(|finding| finding.code.as_str()).collect()
}

/// What the document says in the place of the one package, or besides.
fn says(change: impl FnOnce(&mut Inventory)) -> Verification {
    let mut document = inventory(&THERE);
    change(&mut document);
    verify(&document, &there(), &Question::default())
}

#[test]
fn the_truth_is_proven() {
    let truth = says(|_| ());
    assert_eq!((codes(&truth), truth.outcome()), (vec![], Outcome::Proven));
    let expected = [("deb".to_owned(), 4), ("npm".to_owned(), 1), ("pypi".to_owned(), 1)];
    assert_eq!(truth.compared, expected.into());
    assert_eq!(truth.not_checked, BTreeMap::new());
}

#[test]
fn each_lie_is_found_with_its_code() {
    let purl = |at: usize, purl: &'static str| {
        move |document: &mut Inventory| document.components[at] = component(purl)
    };
    let also = |purl: &'static str| move |document: &mut Inventory| document.components.push(component(purl));
    type Lie = Box<dyn FnOnce(&mut Inventory)>;
    let lies: Vec<(Lie, &[&str])> = vec![
        (Box::new(|document| drop(document.components.remove(0))), &["SBOM_MISSING_PACKAGE"]),
        (Box::new(|document| drop(document.components.remove(4))), &["SBOM_MISSING_PACKAGE"]),
        (Box::new(also("pkg:deb/debian/vim@9.0-1?arch=amd64")), &["SBOM_EXTRA_PACKAGE"]),
        (Box::new(also("pkg:npm/ms@2.0.0")), &["SBOM_EXTRA_PACKAGE"]),
        (Box::new(purl(4, "pkg:npm/ms@2.1.4")), &["SBOM_VERSION"]),
        (Box::new(purl(1, "pkg:deb/debian/libc6@1:2.36-9?arch=amd64")), &["SBOM_VERSION"]),
        (Box::new(|document| document.components[4].version = "9".into()), &["SBOM_VERSION"]),
        // Sources: by a name, by a version, by what the package URL says.
        (Box::new(also("pkg:deb/debian/glibc@2.36-9")), &["SBOM_SOURCE_PACKAGE"]),
        (Box::new(also("pkg:deb/debian/bash@5.2.15-2?arch=amd64")), &["SBOM_SOURCE_PACKAGE"]),
        (
            Box::new(purl(0, "pkg:deb/debian/bash@5.2.15-2?arch=amd64")),
            &["SBOM_MISSING_PACKAGE", "SBOM_SOURCE_PACKAGE"],
        ),
        (Box::new(also("pkg:deb/debian/dpkg@1.21?arch=source")), &["SBOM_SOURCE_PACKAGE"]),
        // Another processor's package is another package.
        (
            Box::new(purl(1, "pkg:deb/debian/libc6@2.36-9?arch=arm64")),
            &["SBOM_MISSING_PACKAGE", "SBOM_EXTRA_PACKAGE"],
        ),
        (Box::new(|document| document.subject.digest = Some("sha256:00".into())), &["SBOM_SUBJECT"]),
        (
            Box::new(|document| {
                document.subject = Subject { name: "registry.example/other:v1".into(), ..Subject::default() };
            }),
            &["SBOM_SUBJECT"],
        ),
    ];
    for (number, (lie, expected)) in lies.into_iter().enumerate() {
        let found = says(lie);
        assert_eq!((codes(&found), found.outcome()), (expected.to_vec(), Outcome::Refused), "{number}");
    }
}

#[test]
fn digests_of_packages_are_compared_where_both_have_one() {
    let with = |algorithm: &str, digest: &str| {
        let mut inventory = inventory(&["pkg:maven/a/b@1"]);
        inventory.components[0].hashes = [(algorithm.to_owned(), digest.to_owned())].into();
        inventory
    };
    for (algorithm, digest, expected) in
        [("SHA-1", "AB", vec![]), ("SHA-256", "cd", vec![]), ("SHA-1", "cd", vec!["SBOM_HASH"])]
    {
        let found = verify(&with(algorithm, digest), &with("SHA-1", "ab"), &Question::default());
        assert_eq!(codes(&found), expected, "{algorithm} {digest}");
    }
}

/// Whoever reads no embedded SBOMs has not lied; whoever does, has not either.
#[test]
fn what_only_a_document_in_the_image_tells_may_be_missing() {
    let told = |path: &str| {
        let locations = vec![Location { path: path.into(), layer: None }];
        let origins = vec!["/usr/share/sbom/x.cdx.json".to_owned()];
        Component { locations, origins, ..component("pkg:npm/told@1") }
    };
    let with = |component: Component| {
        let mut inventory = there();
        inventory.components.push(component);
        inventory
    };
    let only = with(told("/usr/share/sbom/x.cdx.json"));
    let without = there();
    let answer = verify(&without, &only, &Question::default());
    assert_eq!((codes(&answer), answer.not_checked[&Reason::OnlyTold].count), (vec![], 1));
    let answer = verify(&only, &only, &Question::default());
    assert_eq!((codes(&answer), answer.not_checked.len()), (vec![], 0));
    // What another file shows as well is there.
    let shown = with(told("/app/node_modules/told/package.json"));
    assert_eq!(codes(&verify(&without, &shown, &Question::default())), ["SBOM_MISSING_PACKAGE"]);
}

#[test]
fn what_cannot_be_compared_is_counted() {
    let reasons = |change: fn(&mut Inventory)| {
        let answer = says(change);
        assert_eq!((codes(&answer), answer.outcome()), (vec![], Outcome::Proven), "{answer:?}");
        answer.not_checked.into_iter().map(|(reason, passed)| (reason, passed.count)).collect::<Vec<_>>()
    };
    assert_eq!(reasons(|document| document.subject.digest = None), [(Reason::Subject, 1)]);
    assert_eq!(reasons(|document| drop(document.components.pop())), [(Reason::CameWithPackage, 1)]);
    type Change = fn(&mut Inventory);
    let cases: [(Change, Reason); 7] = [
        (
            |it| it.components.push(Component { name: "x".into(), ..Component::default() }),
            Reason::NoPackageUrl,
        ),
        (|it| it.components.push(component("pkg:npm")), Reason::MalformedPackageUrl),
        (|it| it.components.push(component("pkg:github/a/b@1")), Reason::UnknownEcosystem),
        (|it| it.components.push(Component { kind: Kind::File, ..Component::default() }), Reason::NoPackage),
        (
            |it| {
                let source = component("pkg:deb/debian/glibc@2.36-9?arch=source");
                it.components.push(Component { kind: Kind::Source, ..source });
            },
            Reason::DeclaredSource,
        ),
        (|it| it.components.push(component("pkg:generic/nginx@1.25")), Reason::KnownProgram),
        (|it| it.components.push(component("pkg:golang/example.com/app@(devel)")), Reason::OwnModule),
    ];
    for (change, reason) in cases {
        assert_eq!(reasons(change), [(reason, 1)]);
    }
}

#[test]
fn another_name_and_an_unknown_digest_are_counted() {
    let document = |name: &str, hash: Option<&str>| {
        let mut document = inventory(&THERE);
        document.components[4].name = name.to_owned();
        document.components[4].hashes.extend(hash.map(|hash| ("SHA-256".to_owned(), hash.to_owned())));
        verify(&document, &there(), &Question::default())
    };
    for name in ["", "ms", "MS"] {
        assert_eq!(document(name, None).not_checked.len(), 0, "{name}");
    }
    for (purl, name, is_named_so) in [
        ("pkg:npm/%40scope/ms@1", "@scope/ms", true),
        ("pkg:npm/%40scope/ms@1", "ms", true),
        ("pkg:npm/%40scope/ms@1", "@other/ms", false),
        ("pkg:maven/org.example/lib@1", "org.example:lib", true),
        ("pkg:golang/example.com/mod@v1", "example.com/mod", true),
        ("pkg:pypi/ruamel-yaml@1", "ruamel.yaml", true),
        ("pkg:deb/debian/openssl@1", "openssl", true),
        ("pkg:deb/debian/openssl@1", "not-openssl", false),
    ] {
        let named = Component { name: name.to_owned(), ..component(purl) };
        let package = Package::of(&named).unwrap();
        assert_eq!(package.is_named_so(), is_named_so, "{purl} {name}");
    }
    for (name, hash, reason) in [
        ("openssl", None, Reason::OtherName),
        ("ms", Some("ab"), Reason::UnknownHash),
        ("not-ms", None, Reason::OtherName),
    ] {
        let answer = document(name, hash);
        assert_eq!(answer.outcome(), Outcome::Proven);
        assert_eq!(answer.not_checked.keys().collect::<Vec<_>>(), [&reason], "{name}");
    }
}

/// What is allowed otherwise is a difference, and what was not compared is not proven.
#[test]
fn strictly_nothing_is_allowed() {
    let strict = Question { strict: true, ..Question::default() };
    let answer = |change: fn(&mut Inventory)| {
        let mut document = inventory(&THERE);
        change(&mut document);
        let answer = verify(&document, &there(), &strict);
        (answer.outcome(), codes(&answer))
    };
    assert_eq!(answer(|_| ()), (Outcome::Proven, vec![]));
    assert_eq!(answer(|it| drop(it.components.pop())), (Outcome::Refused, vec!["SBOM_MISSING_PACKAGE"]));
    let extra = |it: &mut Inventory| it.components.push(component("pkg:generic/nginx@1.25"));
    assert_eq!(answer(extra), (Outcome::Refused, vec!["SBOM_EXTRA_PACKAGE"]));
    let other: [fn(&mut Inventory); 2] = [
        |it| it.components[4].name = "openssl".into(),
        |it| it.components.push(component("pkg:github/a/b@1")),
    ];
    for change in other {
        assert_eq!(answer(change), (Outcome::Undecided, vec![]));
    }
}

/// Only what a distribution's package brought may be left out, not what another package of a language did.
#[test]
fn what_came_with_a_package_of_a_language_must_be_said() {
    let mut there = there();
    there.components[5].owner = Some(4);
    let mut document = inventory(&THERE);
    document.components.pop();
    assert_eq!(codes(&verify(&document, &there, &Question::default())), ["SBOM_MISSING_PACKAGE"]);
}

#[test]
fn another_distribution_is_another_image() {
    for (says, found) in [
        ("pkg:deb/debian/bash@5?arch=amd64", vec![]),
        ("pkg:deb/bash@5?arch=amd64", vec![]),
        ("pkg:deb/bash@5?arch=amd64&distro=debian-12", vec![]),
        ("pkg:deb/wolfi/bash@5?arch=amd64", vec!["SBOM_SUBJECT"]),
        ("pkg:deb/bash@5?arch=amd64&distro=ubuntu-22.04", vec!["SBOM_SUBJECT"]),
    ] {
        let (document, there) = (inventory(&[says]), inventory(&["pkg:deb/debian/bash@5?arch=amd64"]));
        assert_eq!(codes(&verify(&document, &there, &Question::default())), found, "{says}");
        let passed_over = Question { any_subject: true, ..Question::default() };
        assert_eq!(verify(&document, &there, &passed_over).outcome(), Outcome::Proven, "{says}");
        // What does not tell its distribution is of any.
        let untold = inventory(&["pkg:deb/bash@5?arch=amd64"]);
        assert_eq!(verify(&document, &untold, &Question::default()).outcome(), Outcome::Proven, "{says}");
    }
}

/// A package without its version is no proof, and no version that the document tells anywhere is passed over.
#[test]
fn versions_that_one_side_does_not_tell() {
    let untold = vec![(Reason::UntoldVersion, 1)];
    for (there, says, beside, found, reasons, outcome) in [
        ("pkg:npm/ms@2.1.3", "pkg:npm/ms", "", vec![], untold.clone(), Outcome::Undecided),
        ("pkg:npm/ms@2.1.3", "pkg:npm/ms@unknown", "", vec![], untold.clone(), Outcome::Undecided),
        ("pkg:npm/ms@2.1.3", "pkg:npm/ms@NOASSERTION", "unknown", vec![], untold, Outcome::Undecided),
        ("pkg:npm/ms@2.1.3", "pkg:npm/ms@unknown", "2.1.3", vec![], vec![], Outcome::Proven),
        ("pkg:npm/ms@2.1.3", "pkg:npm/ms@unknown", "9", vec!["SBOM_VERSION"], vec![], Outcome::Refused),
        (
            "pkg:golang/a/b@v1.0.0",
            "pkg:golang/a/b@(devel)",
            "9",
            vec!["SBOM_VERSION"],
            vec![],
            Outcome::Refused,
        ),
        ("pkg:npm/ms", "pkg:npm/ms@1", "", vec![], vec![(Reason::NoVersion, 1)], Outcome::Proven),
    ] {
        let mut document = inventory(&["pkg:npm/other@1", says]);
        document.components[1].version = beside.to_owned();
        let answer = verify(&document, &inventory(&["pkg:npm/other@1", there]), &Question::default());
        let passed: Vec<_> =
            answer.not_checked.iter().map(|(reason, passed)| (*reason, passed.count)).collect();
        assert_eq!((codes(&answer), passed, answer.outcome()), (found, reasons, outcome), "{says} {beside}");
    }
}

#[test]
fn what_the_user_knows_is_left_out() {
    let document = inventory(&[&THERE[..5], &["pkg:npm/extra@1", "pkg:npm/extra@2"]].concat());
    let ask = |ignore: &[&str], only: &[&str]| {
        let only = only.iter().map(|kind| (*kind).to_owned()).collect();
        let question = Question { ignore: globs(ignore), only, ..Question::default() };
        codes(&verify(&document, &there(), &question))
    };
    assert_eq!(ask(&[], &[]), ["SBOM_EXTRA_PACKAGE"; 2]);
    assert_eq!(ask(&["pkg:npm/extra@1"], &[]), ["SBOM_EXTRA_PACKAGE"]);
    assert_eq!(ask(&["pkg:npm/extra*"], &[]), [""; 0]);
    assert_eq!(ask(&[], &["deb", "pypi"]), [""; 0]);
    assert_eq!(ask(&[], &["npm"]), ["SBOM_EXTRA_PACKAGE"; 2]);
    let mut document = inventory(&THERE);
    document.subject.digest = Some("sha256:index".into());
    let also_called = vec!["sha256:index".to_owned()];
    for question in [
        Question { also_called, ..Question::default() },
        Question { any_subject: true, ..Question::default() },
    ] {
        assert_eq!(verify(&document, &there(), &question).outcome(), Outcome::Proven);
    }
}

#[test]
fn what_could_not_be_read_proves_nothing() {
    let mut there = there();
    there.incomplete = vec![Incomplete { path: "/opt/torn.jar".into(), why: "torn".into() }];
    let answer = |document: &[&str], ignore: &[&str]| {
        let question = Question { ignore: globs(ignore), ..Question::default() };
        verify(&inventory(document), &there, &question).outcome()
    };
    assert_eq!(answer(&THERE, &[]), Outcome::Undecided);
    assert_eq!(answer(&THERE, &["/opt/*.jar"]), Outcome::Proven);
    // What the document lists beyond may be in there; what it lacks of the rest is lacking.
    assert_eq!(answer(&[&THERE[..], &["pkg:maven/a/b@1"]].concat(), &[]), Outcome::Undecided);
    assert_eq!(answer(&THERE[1..], &[]), Outcome::Refused);
}

#[test]
fn nothing_to_compare_is_no_proof() {
    let ask =
        |document: &Inventory, there: &Inventory| verify(document, there, &Question::default()).outcome();
    // An image in which there is nothing, and a document that says so of it.
    assert_eq!(ask(&inventory(&[]), &inventory(&[])), Outcome::Proven);
    // One that was not understood may hold anything.
    let mut there = inventory(&[]);
    there.subject.layers = vec!["sha256:layer".to_owned()];
    assert_eq!(ask(&inventory(&[]), &there), Outcome::Undecided);
    there.distribution = Some(Distribution { id: "alpine".to_owned(), ..Distribution::default() });
    assert_eq!(ask(&inventory(&[]), &there), Outcome::Proven);
    assert_eq!(ask(&Inventory::default(), &inventory(&[])), Outcome::Undecided);
    assert_eq!(ask(&inventory(&["pkg:github/a/b@1"]), &inventory(&[])), Outcome::Undecided);
}
