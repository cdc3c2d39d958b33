//! From the facts that are left to an inventory.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::fact::{Distribution, Ecosystem, Fact, Package};
use crate::inventory::{Component, Incomplete, Inventory, Kind, Location, Subject};
use crate::limits;
use crate::purl;
use crate::told;
use crate::tree::Tree;

/// Where os-release(5) is looked for, in its order.
const OS_RELEASE: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

/// Assembles what a tree shows.
pub fn assemble(subject: Subject, tree: Tree) -> Inventory {
    let lacks = |(path, whys): (&String, &BTreeSet<String>)| {
        whys.iter().map(|why| Incomplete { path: path.clone(), why: why.clone() }).collect::<Vec<_>>()
    };
    let mut incomplete: Vec<_> = tree.incomplete.iter().flat_map(lacks).collect();
    let distribution = distribution(&tree);
    let (mut gathered, mut told) = (Gathered::default(), Vec::new());
    for (path, found) in &tree.found {
        let location = Location { path: path.clone(), layer: found.layer.clone() };
        for fact in &found.facts {
            match fact {
                Fact::Package(package) => gathered.package(package, location.clone(), distribution.as_ref()),
                Fact::Owns { package, files } => gathered.owns(package, files),
                Fact::License { package, licenses } => gathered.license(package, licenses),
                Fact::Incomplete { part, why } => {
                    let path = format!("{path}/{part}");
                    incomplete.push(Incomplete { path, why: why.clone() });
                }
                Fact::Told(package) => told.push((location.clone(), package.as_ref())),
                // What a lock file asks for counts only as a package: `locked` decides.
                Fact::Locked(_) | Fact::Distribution(_) => {}
            }
        }
    }
    let (components, dependencies) = told::join(gathered.finish(&tree.links, &mut incomplete), told);
    incomplete.sort();
    incomplete.dedup();
    Inventory { subject, distribution, components, dependencies, incomplete }
}

fn distribution(tree: &Tree) -> Option<Distribution> {
    OS_RELEASE.iter().find_map(|path| {
        tree.found.get(*path)?.facts.iter().find_map(|fact| match fact {
            Fact::Distribution(distribution) => Some(distribution.clone()),
            _ => None,
        })
    })
}

/// What has been seen so far. A package that several files show is one component.
#[derive(Default)]
struct Gathered {
    packages: BTreeMap<String, (Package, BTreeSet<Location>)>,
    /// By the name of a package of a distribution, with and without its architecture.
    owned: HashMap<String, Vec<String>>,
    licenses: HashMap<String, Vec<String>>,
}

impl Gathered {
    fn package(&mut self, package: &Package, location: Location, distribution: Option<&Distribution>) {
        let purl = purl::of(package, distribution);
        let (known, locations) =
            self.packages.entry(purl).or_insert_with(|| (package.clone(), BTreeSet::new()));
        locations.insert(location);
        // One may know what the other does not.
        if known.licenses.is_empty() {
            known.licenses.clone_from(&package.licenses);
        }
        known.supplier = known.supplier.take().or_else(|| package.supplier.clone());
        known.description = known.description.take().or_else(|| package.description.clone());
        known.homepage = known.homepage.take().or_else(|| package.homepage.clone());
    }

    fn owns(&mut self, package: &str, files: &[String]) {
        self.owned.entry(package.to_owned()).or_default().extend_from_slice(files);
    }

    fn license(&mut self, package: &str, licenses: &[String]) {
        self.licenses.entry(package.to_owned()).or_default().extend_from_slice(licenses);
    }

    fn finish(
        self,
        links: &BTreeMap<String, String>,
        incomplete: &mut Vec<Incomplete>,
    ) -> (Vec<Component>, Vec<(usize, usize)>) {
        let packages: Vec<_> = self.packages.into_iter().collect();
        let owners = owners(&packages, &self.owned, links);
        let (dependencies, all) = dependencies(&packages, &owners, limits::DEPENDENCIES);
        if !all {
            incomplete.push(more_than("the number of dependencies", limits::DEPENDENCIES));
        }
        let mut copies = Copies { left: limits::COPIED_BYTES, all: true };
        // Who supplies the owner supplies what came with it.
        let suppliers: Vec<_> = packages.iter().map(|(_, (package, _))| package.supplier.clone()).collect();
        let component = |(purl, (package, locations)): (String, (Package, BTreeSet<Location>))| {
            // What also lies somewhere else came with nothing: who looks at what is loose must see it.
            let came_with = |location: &Location| owners.get(&resolved(&location.path, links)).copied();
            let owner = match package.ecosystem.is_of_distribution() {
                true => None,
                false => locations.iter().map(came_with).collect::<Option<Vec<_>>>(),
            };
            let owner = owner.and_then(|owners| owners.first().copied());
            let mut licenses = package.licenses;
            if licenses.is_empty() && package.ecosystem.is_of_distribution() {
                licenses = self.licenses.get(&package.name).map(|texts| copies.of(texts)).unwrap_or_default();
            }
            licenses.sort();
            licenses.dedup();
            let of_owner = owner.and_then(|owner| suppliers.get(owner)?.as_ref());
            let supplier = package.supplier.or_else(|| copies.of(std::slice::from_ref(of_owner?)).pop());
            let generic = package.ecosystem == Ecosystem::Generic;
            Component {
                kind: if generic { Kind::Application } else { Kind::Library },
                ecosystem: Some(package.ecosystem),
                namespace: package.namespace,
                name: package.name,
                version: package.version,
                purl: Some(purl),
                cpes: Vec::new(),
                licenses,
                supplier,
                description: package.description,
                homepage: package.homepage,
                hashes: package.hashes,
                locations: locations.into_iter().collect(),
                owner,
                origins: Vec::new(),
            }
        };
        let components = packages.into_iter().map(component).collect();
        if !copies.all {
            incomplete.push(more_than("what packages take over of others, in bytes,", limits::COPIED_BYTES));
        }
        (components, dependencies)
    }
}

fn more_than(what: &str, limit: usize) -> Incomplete {
    Incomplete { path: "/".to_owned(), why: format!("{what} is more than {limit}") }
}

/// What packages may still take over of others: one text may be that of very many.
struct Copies {
    left: usize,
    /// Whether nothing was left out.
    all: bool,
}

impl Copies {
    fn of(&mut self, texts: &[String]) -> Vec<String> {
        let bytes = texts.iter().map(|text| text.len() + size_of::<String>()).sum();
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                texts.to_vec()
            }
            None => {
                self.all = false;
                Vec::new()
            }
        }
    }
}

type Numbered = [(String, (Package, BTreeSet<Location>))];

/// Which package of a distribution owns a file, by its path; of several the last. What is listed by a name belongs to
/// the last package of this name: it is looked at once, however many there are.
fn owners(
    packages: &Numbered,
    owned: &HashMap<String, Vec<String>>,
    links: &BTreeMap<String, String>,
) -> HashMap<String, usize> {
    let of_distribution = || {
        let packages = packages.iter().map(|(_, (package, _))| package).enumerate();
        packages.filter(|(_, package)| package.ecosystem.is_of_distribution())
    };
    let names = |package: &Package| {
        let arch = package.qualifiers.get("arch").map(|arch| format!("{}:{arch}", package.name));
        [Some(package.name.clone()), arch].into_iter().flatten()
    };
    let last: HashMap<String, usize> = of_distribution()
        .flat_map(|(index, package)| names(package).map(move |name| (name, index)))
        .collect();
    let mut owners = HashMap::new();
    for (index, package) in of_distribution() {
        let listed = names(package).filter(|name| last.get(name) == Some(&index));
        let listed = listed.filter_map(|name| owned.get(&name)).flatten();
        for file in package.files.iter().chain(listed) {
            owners.insert(resolved(file, links), index);
        }
    }
    owners
}

/// A path with the links of the root resolved: `/lib/x` is `/usr/lib/x` where `/lib` leads to `/usr/lib`.
fn resolved(path: &str, links: &BTreeMap<String, String>) -> String {
    let end = path.get(1..).and_then(|rest| rest.find('/')).map_or(path.len(), |end| end + 1);
    let (first, rest) = path.split_at(end);
    match links.get(first) {
        Some(target) => format!("{target}{rest}"),
        None => path.to_owned(),
    }
}

/// Who needs whom: a name is that of a package of the same ecosystem, one that it provides, or a file that one owns.
/// There may be as many as there are pairs of packages: at most so many are looked at. The second is whether these were
/// all.
fn dependencies(
    packages: &Numbered,
    owners: &HashMap<String, usize>,
    most: usize,
) -> (Vec<(usize, usize)>, bool) {
    let mut named: HashMap<(u8, String), Vec<usize>> = HashMap::new();
    let key = |package: &Package, name: &str| (package.ecosystem as u8, name.to_owned());
    for (index, (_, (package, _))) in packages.iter().enumerate() {
        let scoped = package.namespace.as_ref().map(|namespace| format!("{namespace}/{}", package.name));
        let names = package.provides.iter().cloned().chain([package.name.clone()]).chain(scoped);
        for name in names {
            named.entry(key(package, &name)).or_default().push(index);
        }
    }
    let (mut edges, mut left) = (BTreeSet::new(), most);
    for (index, (_, (package, _))) in packages.iter().enumerate() {
        for name in &package.depends {
            let by_name = named.get(&key(package, name)).into_iter().flatten();
            let found = by_name.chain(owners.get(name)).filter(|other| **other != index);
            for other in found {
                if left == 0 {
                    return (edges.into_iter().collect(), false);
                }
                left -= 1;
                edges.insert((index, *other));
            }
        }
    }
    (edges.into_iter().collect(), true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Found;

    fn tree(files: &[(&str, Vec<Fact>)]) -> Tree {
        let found = |facts: &Vec<Fact>| Found { facts: facts.clone(), layer: Some("sha256:l".into()) };
        Tree {
            found: files.iter().map(|(path, facts)| ((*path).to_owned(), found(facts))).collect(),
            links: [("/lib".to_owned(), "/usr/lib".to_owned())].into(),
            ..Tree::default()
        }
    }

    #[test]
    fn packages_get_their_distribution_their_owner_and_what_they_need() {
        let mut python = Package::new(Ecosystem::Deb, "python3-six", "1.16");
        python.depends = vec!["python3".into(), "not-there".into()];
        python.qualifiers.insert("arch".into(), "all".into());
        let mut interpreter = Package::new(Ecosystem::Deb, "python3.11", "3.11");
        interpreter.provides = vec!["python3".into()];
        python.supplier = Some("Debian Python Team".into());
        let six = Package::new(Ecosystem::Pypi, "six", "1.16");
        let ply = Package::new(Ecosystem::Pypi, "ply", "3.11");
        let debian =
            Distribution { id: "debian".into(), version_id: Some("12".into()), ..Distribution::default() };
        let metadata = "/usr/lib/python3/dist-packages/six.egg-info";
        let other = "/usr/lib/python3/dist-packages/ply.egg-info";
        let inventory = assemble(
            Subject::default(),
            tree(&[
                ("/etc/os-release", vec![Fact::Distribution(debian)]),
                ("/var/lib/dpkg/status", vec![Fact::Package(python), Fact::Package(interpreter)]),
                (
                    "/var/lib/dpkg/info/python3-six.list",
                    vec![Fact::Owns {
                        package: "python3-six".into(),
                        files: vec!["/lib/python3/dist-packages/six.egg-info".into(), other.into()],
                    }],
                ),
                (
                    "/usr/share/doc/python3-six/copyright",
                    vec![Fact::License { package: "python3-six".into(), licenses: vec!["MIT".into()] }],
                ),
                (metadata, vec![Fact::Package(six.clone())]),
                (other, vec![Fact::Package(ply)]),
                ("/opt/six.egg-info", vec![Fact::Package(six)]),
            ]),
        );
        let names: Vec<_> =
            inventory.components.iter().map(|component| component.purl.as_deref().unwrap()).collect();
        assert_eq!(
            names,
            [
                "pkg:deb/debian/python3-six@1.16?arch=all&distro=debian-12",
                "pkg:deb/debian/python3.11@3.11?distro=debian-12",
                "pkg:pypi/ply@3.11",
                "pkg:pypi/six@1.16",
            ]
        );
        assert_eq!(inventory.dependencies, [(0, 1)]);
        assert_eq!(inventory.components[0].licenses, ["MIT"]);
        let ply = &inventory.components[2];
        assert_eq!((ply.owner, ply.supplier.as_deref()), (Some(0), Some("Debian Python Team")));
        // A copy of it lies where no package put it.
        assert_eq!((inventory.components[3].owner, &inventory.components[3].supplier), (None, &None));
        let locations: Vec<_> =
            inventory.components[3].locations.iter().map(|location| &location.path).collect();
        assert_eq!(locations, ["/opt/six.egg-info", metadata]);
    }

    fn numbered(packages: Vec<Package>) -> Vec<(String, (Package, BTreeSet<Location>))> {
        packages.into_iter().map(|package| (purl::of(&package, None), (package, BTreeSet::new()))).collect()
    }

    /// A thousand packages that all need what all of them provide need one another in a million ways (threat model,
    /// row 88).
    #[test]
    fn dependencies_are_counted() {
        let package = |number: u32| {
            let mut package = Package::new(Ecosystem::Deb, format!("p{number}"), "1");
            (package.provides, package.depends) = (vec!["x".into()], vec!["x".into()]);
            package
        };
        let packages = numbered((0..10).map(package).collect());
        for (most, expected) in [(89, (89, false)), (90, (90, true))] {
            let (edges, all) = dependencies(&packages, &HashMap::new(), most);
            assert_eq!((edges.len(), all), expected);
        }
    }

    /// A file belongs to the last of several packages with one name, each of which owns what the name lists (threat model,
    /// row 88).
    #[test]
    fn many_packages_of_one_name() {
        let mut packages: Vec<_> =
            (0..3).map(|version| Package::new(Ecosystem::Deb, "x", version.to_string())).collect();
        packages[0].files = vec!["/own".into(), "/listed".into()];
        let owned = [("x".to_owned(), vec!["/listed".to_owned()])].into();
        let owners = owners(&numbered(packages), &owned, &BTreeMap::new());
        assert_eq!(owners, [("/own".to_owned(), 0), ("/listed".to_owned(), 2)].into());
    }

    /// What is told once and said of many is bounded (threat model, row 88).
    #[test]
    fn copies_are_bounded() {
        let texts = ["MIT".to_owned(), "ISC".to_owned()];
        let mut copies = Copies { left: 2 * (3 + size_of::<String>()), all: true };
        assert_eq!(copies.of(&texts), texts);
        assert!(copies.all);
        assert_eq!(copies.of(&texts[..1]), [""; 0]);
        assert!(!copies.all);
    }
}
