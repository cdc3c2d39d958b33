//! The page of the stable codes is whole.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use countersign_core::verify::RefusalCode;
use testkit::project;

use crate::read;

const PAGE: &str = "docs/reference/errors.md";

/// The codes in the first cells of the page's tables.
fn listed() -> BTreeSet<String> {
    let code = regex::Regex::new(r"(?m)^\| `([A-Z0-9_]+)` \|").expect("an expression");
    code.captures_iter(&read(PAGE)).map(|found| found[1].to_owned()).collect()
}

#[test]
fn every_refusal_is_on_the_page() {
    let listed = listed();
    for code in RefusalCode::ALL {
        assert!(listed.contains(code.as_str()), "{PAGE} lacks {}", code.as_str());
    }
}

/// The literals in functions `code`, and those that the program gives to a failure, are the codes of the page: all of
/// them, and no other.
#[test]
fn every_code_of_the_source_is_on_the_page() {
    let literal = regex::Regex::new("\"([A-Z][A-Z0-9_]+)\"").expect("an expression");
    let function =
        regex::Regex::new(r"(?s)fn (?:code|as_str)\((?:&self|self)\) -> &'static str \{.*?\n    \}")
            .expect("an expression");
    let failure = regex::Regex::new(r"(?s)(?:Failure|Self)::new\(\s*Outcome::\w+,\s*\x22[A-Z_]+\x22")
        .expect("an expression");
    let mut codes = BTreeSet::new();
    for folder in ["core/src", "sbom/src", "cli/src"] {
        for file in sources(&project().join(folder)) {
            let text = std::fs::read_to_string(&file).expect("a source file");
            for part in function.find_iter(&text).chain(failure.find_iter(&text)) {
                codes.extend(literal.captures_iter(part.as_str()).map(|found| found[1].to_owned()));
            }
        }
    }
    assert!(codes.len() > 60, "{codes:?}");
    let difference: Vec<_> = codes.symmetric_difference(&listed()).cloned().collect();
    assert_eq!(difference, Vec::<String>::new(), "on the page only, or in the source only");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
