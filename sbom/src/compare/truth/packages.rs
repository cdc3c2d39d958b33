//! Package by package.
//!
//! Of one identity, every version that the document has must be there and every one that is there must be in the document,
//! for each processor. What is left over on both sides is one package in another version; what is left over on one side is
//! missing, or extra, or the source of what is installed.

use std::collections::{BTreeMap, BTreeSet};

use super::{Code, Question, Reason, Verification};
use crate::compare::identity::{Identity, Package};
use crate::compare::pairs;
use crate::fact::Ecosystem;
use crate::inventory::{Component, Inventory, Kind};

pub(super) fn verify(
    document: &Inventory,
    source: &Inventory,
    question: &Question,
    answer: &mut Verification,
) {
    if let Some(distribution) = &document.distribution {
        answer.pass_over(Reason::NoPackage, distribution.id.clone());
    }
    let said = sorted_out(&document.components, question, answer);
    let found = sorted_out(&source.components, question, answer);
    if !question.any_subject {
        other_distribution(&said, &found, answer);
    }
    let sources = Sources::of(&source.components);
    let mut groups: BTreeMap<&Identity, (Vec<Package<'_>>, Vec<Package<'_>>)> = BTreeMap::new();
    for package in &said {
        groups.entry(&package.identity).or_default().0.push(package.clone());
    }
    for package in &found {
        groups.entry(&package.identity).or_default().1.push(package.clone());
    }
    let identities: BTreeSet<Identity> = said.iter().map(|package| package.identity.clone()).collect();
    let has_owner = |package: &Package<'_>| {
        let owner = package.component.owner.and_then(|owner| source.components.get(owner));
        let owner = owner.and_then(|owner| Package::of(owner).ok());
        owner.is_some_and(|owner| owner.is_of_distribution() && identities.contains(&owner.identity))
    };
    for (said, found) in groups.into_values() {
        let installed = !found.is_empty();
        let (extra, missing) = matched(said, found, answer);
        let extra: Vec<_> =
            extra.into_iter().filter(|package| !sources.poses(package, installed, answer)).collect();
        let (wrong, extra, missing) = other_versions(extra, missing);
        for (said, found) in wrong {
            other_version(&said, &found, answer);
        }
        extra.iter().for_each(|package| not_there(package, answer));
        missing.iter().for_each(|package| not_said(package, has_owner(package), answer));
    }
}

/// Packages of another distribution than those that are there are about another image, also where their names and versions are
/// the same. Nothing is said where one side does not tell.
fn other_distribution(said: &[Package<'_>], found: &[Package<'_>], answer: &mut Verification) {
    let distributions = |packages: &[Package<'_>]| -> BTreeSet<String> {
        packages.iter().filter_map(|package| package.distribution.clone()).collect()
    };
    let there = distributions(found);
    if there.is_empty() {
        return;
    }
    let names = there.iter().cloned().collect::<Vec<_>>().join(", ");
    for other in distributions(said).difference(&there) {
        let message =
            format!("the document lists packages of {other}, and those that are there are of {names}");
        answer.find(Code::Subject, Some(other.clone()), Some(names.clone()), message);
    }
}

/// What can be compared; the rest is counted.
fn sorted_out<'a>(
    components: &'a [Component],
    question: &Question,
    answer: &mut Verification,
) -> Vec<Package<'a>> {
    let mut packages = Vec::with_capacity(components.len());
    for component in components {
        let named = || component.purl.clone().unwrap_or_else(|| component.name.clone());
        match sort(component, question) {
            Ok(package) => packages.push(package),
            Err(reason) => answer.pass_over(reason, named()),
        }
    }
    packages
}

fn sort<'a>(component: &'a Component, question: &Question) -> Result<Package<'a>, Reason> {
    let Some(text) = &component.purl else {
        let no_package = matches!(
            component.kind,
            Kind::File | Kind::OperatingSystem | Kind::Container | Kind::Device | Kind::Firmware
        );
        return Err(if no_package { Reason::NoPackage } else { Reason::NoPackageUrl });
    };
    let package = Package::of(component).map_err(|_| Reason::MalformedPackageUrl)?;
    if question.ignore.is_match(text) || question.ignore.is_match(package.shown()) {
        return Err(Reason::Ignored);
    }
    if Ecosystem::of_purl(text).is_none() {
        return Err(Reason::UnknownEcosystem);
    }
    if !question.only.is_empty() && !question.only.contains(&package.identity.kind) {
        return Err(Reason::NotAsked);
    }
    match component.kind {
        Kind::Source => Err(Reason::DeclaredSource),
        Kind::File | Kind::OperatingSystem | Kind::Container => Err(Reason::NoPackage),
        _ => Ok(package),
    }
}

/// Takes away what is on both sides; gives what only the document has, and what only is there.
fn matched<'a>(
    said: Vec<Package<'a>>,
    found: Vec<Package<'a>>,
    answer: &mut Verification,
) -> (Vec<Package<'a>>, Vec<Package<'a>>) {
    let (by_said, by_found) = (Versions::of(&said), Versions::of(&found));
    let (both, extra): (Vec<_>, Vec<_>) = said.into_iter().partition(|package| by_found.has(package));
    let missing = found.iter().filter(|package| !by_said.has(package)).cloned().collect();
    for said in &both {
        *answer.compared.entry(said.identity.kind.clone()).or_default() += 1;
        contradicts_itself(said, answer);
        other_name(said, answer);
        other_hash(said, &found, answer);
    }
    (extra, missing)
}

/// The versions of one package, and their processors.
struct Versions(BTreeMap<String, BTreeSet<Option<String>>>);

impl Versions {
    fn of(packages: &[Package<'_>]) -> Self {
        let mut versions: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for package in packages {
            versions.entry(package.version.clone()).or_default().insert(package.architecture.clone());
        }
        Self(versions)
    }

    fn has(&self, package: &Package<'_>) -> bool {
        self.0.get(&package.version).is_some_and(|architectures| {
            package.architecture.is_none()
                || architectures.contains(&None)
                || architectures.contains(&package.architecture)
        })
    }
}

/// A package URL and the version beside it are two statements, and one of them is wrong.
fn contradicts_itself(said: &Package<'_>, answer: &mut Verification) {
    if let Some(beside) = said.contradiction() {
        let shown = said.shown();
        let message = format!("the document says version '{beside}' beside the package URL {shown}");
        answer.find(Code::Version, Some(format!("{shown} ({beside})")), None, message);
    }
}

/// Generators name packages in many ways, so that another name is no lie, but nobody shall take it for a proven one.
fn other_name(said: &Package<'_>, answer: &mut Verification) {
    if !said.is_named_so() {
        answer.pass_over(Reason::OtherName, format!("{} ({})", said.shown(), said.component.name));
    }
}

/// A digest of the document's must be that of one of the packages, as far as they have one of its algorithm.
fn other_hash(said: &Package<'_>, found: &[Package<'_>], answer: &mut Verification) {
    let there = || found.iter().filter(|found| found.version == said.version);
    for (algorithm, digest) in &said.component.hashes {
        let mut known = there().filter_map(|found| found.component.hashes.get(algorithm)).peekable();
        let Some(first) = known.peek().map(|first| (*first).clone()) else {
            answer.pass_over(Reason::UnknownHash, format!("{} {algorithm}:{digest}", said.shown()));
            continue;
        };
        if !known.any(|known| known.eq_ignore_ascii_case(digest)) {
            let shown = said.shown();
            let message = format!("{shown} has the {algorithm} {first}; the document says {digest}");
            let (document, source) =
                (format!("{shown} {algorithm}:{digest}"), format!("{algorithm}:{first}"));
            answer.find(Code::Hash, Some(document), Some(source), message);
        }
    }
}

type Paired<'a> = Vec<(Package<'a>, Package<'a>)>;

/// Pairs what is left over, where it can be the same package for the same processor.
fn other_versions<'a>(
    extra: Vec<Package<'a>>,
    missing: Vec<Package<'a>>,
) -> (Paired<'a>, Vec<Package<'a>>, Vec<Package<'a>>) {
    let (mut wrong, extra, missing) = pairs(extra, missing, |package| package.architecture.clone());
    let untold = |packages: Vec<Package<'a>>| {
        packages.into_iter().partition::<Vec<_>, _>(|package| package.architecture.is_none())
    };
    let (extra_untold, mut extra) = untold(extra);
    let (missing_untold, mut missing) = untold(missing);
    let (first, left, right) = pairs(extra_untold, missing, |_| ());
    wrong.extend(first);
    missing = right;
    let (second, rest, untold) = pairs(extra, missing_untold, |_| ());
    wrong.extend(second);
    extra = left;
    extra.extend(rest);
    missing.extend(untold);
    (wrong, extra, missing)
}

fn other_version(said: &Package<'_>, found: &Package<'_>, answer: &mut Verification) {
    let (said_shown, found_shown) = (said.shown(), found.shown());
    match (said.version.is_empty(), found.version.is_empty()) {
        (_, true) => return answer.pass_over(Reason::NoVersion, said_shown),
        (true, false) => return answer.pass_over(Reason::UntoldVersion, said_shown),
        (false, false) => {}
    }
    let message = format!("{found_shown} is there; the document says {said_shown}");
    answer.find(Code::Version, Some(said_shown), Some(found_shown), message);
}

fn not_there(package: &Package<'_>, answer: &mut Verification) {
    let shown = package.shown();
    match one_sided(package).filter(|_| !answer.strict) {
        Some(reason) => answer.pass_over(reason, shown),
        None => {
            let message = format!("{shown} is in the document, and is not there");
            answer.find(Code::ExtraPackage, Some(shown), None, message);
        }
    }
}

fn not_said(package: &Package<'_>, has_owner: bool, answer: &mut Verification) {
    let shown = package.shown();
    let came_with = has_owner.then_some(Reason::CameWithPackage);
    let only_told = package.component.is_only_told().then_some(Reason::OnlyTold);
    match one_sided(package).or(came_with).or(only_told).filter(|_| !answer.strict) {
        Some(reason) => answer.pass_over(reason, shown),
        None => {
            let message = format!("{shown} is there, and is not in the document");
            answer.find(Code::MissingPackage, None, Some(shown), message);
        }
    }
}

/// What one side may have alone.
fn one_sided(package: &Package<'_>) -> Option<Reason> {
    match package.identity.kind.as_str() {
        "generic" => Some(Reason::KnownProgram),
        "golang" if package.version.is_empty() => Some(Reason::OwnModule),
        _ => None,
    }
}

/// The sources that installed packages of a distribution were built from: the qualifier `upstream`.
struct Sources(BTreeMap<(String, String), BTreeSet<String>>);

impl Sources {
    fn of(components: &[Component]) -> Self {
        let mut sources: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for component in components {
            let Ok(package) = Package::of(component) else { continue };
            let Some(upstream) = package.purl.as_ref().and_then(|purl| purl.qualifier("upstream")) else {
                continue;
            };
            let (name, version) = source_name(upstream);
            let versions = sources.entry((package.identity.kind.clone(), name)).or_default();
            versions.insert(version.unwrap_or(package.version));
        }
        Self(sources)
    }

    /// Whether what is not there in this version is a source. Where a package of its name is installed, only a version
    /// tells one from the other.
    fn poses(&self, package: &Package<'_>, installed: bool, answer: &mut Verification) -> bool {
        let without_epoch = |version: &str| version.split_once(':').map_or(version, |(_, it)| it).to_owned();
        let version = without_epoch(&package.version);
        let declared = package.architecture.as_deref().is_some_and(|it| matches!(it, "source" | "src"));
        let versions = self.0.get(&(package.identity.kind.clone(), package.identity.name.clone()));
        let built_from = versions
            .is_some_and(|versions| !installed || versions.iter().any(|it| without_epoch(it) == version));
        if !(declared || built_from) {
            return false;
        }
        let shown = package.shown();
        let message = format!(
            "{shown} is the source of installed packages, and is in the document as if it were installed"
        );
        answer.find(Code::SourcePackage, Some(shown), None, message);
        true
    }
}

/// `glibc@2.36-9` of dpkg, `musl` of apk, `bash-5.1.8-6.el9.src.rpm` of rpm: the name, and the version where it is told.
fn source_name(upstream: &str) -> (String, Option<String>) {
    if let Some(rpm) = upstream.strip_suffix(".src.rpm") {
        let mut parts = rpm.rsplitn(3, '-');
        if let (Some(release), Some(version), Some(name)) = (parts.next(), parts.next(), parts.next()) {
            return (name.to_owned(), Some(format!("{version}-{release}")));
        }
    }
    match upstream.split_once('@') {
        Some((name, version)) => (name.to_owned(), Some(version.to_owned())),
        None => (upstream.to_owned(), None),
    }
}
