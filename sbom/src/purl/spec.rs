//! The parser before a table of its own, and before the published test suite of the specification where that is at hand:
//! the folder `tests` of package-url/purl-spec, named by `PURL_SPEC_TESTS`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{PackageUrl, PurlError};

/// Cases in the manner of purl-spec's `tests/spec` and `tests/types`: what is parsed, and its canonical form.
#[test]
fn package_urls_are_taken_apart_and_put_together() {
    for (text, canonical) in [
        (
            "pkg:deb/debian/libstdc%2B%2B6@1:2.36?arch=amd64",
            "pkg:deb/debian/libstdc%2B%2B6@1:2.36?arch=amd64",
        ),
        ("pkg:deb/Debian/Curl@7.50.3-1?Arch=i386&distro=", "pkg:deb/debian/curl@7.50.3-1?arch=i386"),
        ("pkg:deb/debian/x@1%3A2", "pkg:deb/debian/x@1:2"),
        ("PKG://npm//%40angular/animation@12.3.1/", "pkg:npm/%40angular/animation@12.3.1"),
        ("pkg:npm/@angular/animation@12.3.1", "pkg:npm/%40angular/animation@12.3.1"),
        ("pkg:npm/@angular/animation", "pkg:npm/%40angular/animation"),
        ("pkg:pypi/Django_allauth@12.23", "pkg:pypi/django-allauth@12.23"),
        (
            "pkg:golang/github.com/BurntSushi/toml@v1#/a//./b/../c/",
            "pkg:golang/github.com/BurntSushi/toml@v1#a/b/c",
        ),
        (
            "pkg:docker/customer/dockerimage@sha256%3A244fd47e07d10?repository_url=gcr.io",
            "pkg:docker/customer/dockerimage@sha256:244fd47e07d10?repository_url=gcr.io",
        ),
        ("pkg:generic/a?b=%2F&a=1", "pkg:generic/a?a=1&b=%2F"),
        ("pkg:generic/100%", "pkg:generic/100%25"),
    ] {
        let purl: PackageUrl = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(purl.to_string(), canonical, "{text}");
        assert_eq!(canonical.parse(), Ok(purl), "{canonical}");
    }
    for (text, error) in [
        ("npm/x@1", PurlError::Scheme),
        ("pkg%3Amaven/org/io", PurlError::Scheme),
        ("pkg:EnterpriseLibrary.Common@6.0.1304", PurlError::Type),
        ("pkg:n&g?inx/nginx@0.8.9", PurlError::Type),
        ("pkg:3nginx/nginx@0.8.9", PurlError::Type),
        ("pkg:maven/@1.3.4", PurlError::Name),
        ("pkg:npm/x@1?in%20production=true", PurlError::Qualifier),
        ("pkg:npm/%ff", PurlError::Encoding),
        ("pkg:swift/name@1", PurlError::Namespace { required: true }),
    ] {
        assert_eq!(text.parse::<PackageUrl>(), Err(error), "{text}");
    }
}

/// What the suite refuses and is read here: keys of qualifiers in upper case, which its own "How to parse" puts in lower
/// case, and a `/` after the name, which it strips elsewhere.
const READ_ALL_THE_SAME: [&str; 3] = [
    "pkg:Rpm/fedora/curl@7.50.3-1.fc25?Arch=i386&Distro=fedora-25",
    "pkg:gem/jruby-launcher@1.1.2?Platform=java",
    "pkg:swift/github.com/Alamofire/@5.4.3",
];

/// The suite's cases of the types that are catalogued here, of some others, and of the specification itself.
#[test]
fn the_published_suite() {
    let Some(folder) = std::env::var_os("PURL_SPEC_TESTS").map(PathBuf::from) else { return };
    let types = crate::fact::Ecosystem::ALL.map(|it| format!("types/{}-test.json", it.purl_type()));
    let files = types
        .into_iter()
        .chain(["oci", "github", "docker", "swift"].map(|it| format!("types/{it}-test.json")));
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files.chain(["spec/specification-test.json".to_owned()]) {
        for case in cases(&folder.join(file)) {
            count += 1;
            wrong.extend(fault(&case));
        }
    }
    assert!(count > 100, "{count} cases");
    assert_eq!(wrong, Vec::<String>::new(), "of {count}");
}

fn cases(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let suite: Value = serde_json::from_str(&text).expect("JSON");
    suite["tests"].as_array().expect("tests").clone()
}

/// What is wrong with the answer to one case.
fn fault(case: &Value) -> Option<String> {
    let got = match &case["input"] {
        Value::String(text) => text.parse::<PackageUrl>(),
        parts => of_parts(parts).normalised(),
    };
    let fits = match (&got, &case["expected_output"]) {
        (Err(_), _) => case["expected_failure"] == true,
        (Ok(_), _) if case["expected_failure"] == true => {
            case["input"].as_str().is_some_and(|text| READ_ALL_THE_SAME.contains(&text))
        }
        (Ok(purl), Value::String(text)) => purl.to_string() == *text,
        (Ok(purl), parts) => Ok(purl.clone()) == of_parts(parts).normalised(),
    };
    (!fits).then(|| {
        format!("{} {}: got {got:?}, expected {}", case["test_type"], case["input"], case["expected_output"])
    })
}

fn of_parts(parts: &Value) -> PackageUrl {
    let text = |key: &str| parts[key].as_str().map(str::to_owned);
    let qualifiers = parts["qualifiers"].as_object().into_iter().flatten();
    PackageUrl {
        kind: text("type").unwrap_or_default(),
        namespace: text("namespace"),
        name: text("name").unwrap_or_default(),
        version: text("version"),
        qualifiers: qualifiers
            .map(|(key, value)| (key.clone(), value.as_str().expect("a value").to_owned()))
            .collect::<BTreeMap<_, _>>(),
        subpath: text("subpath"),
    }
}
