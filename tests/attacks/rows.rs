//! Which rows are covered: each must be cited by a test somewhere in the tree.

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;

/// The rows about registries, references, keys, signatures by keys, layouts, archives and the terminal.
const ROWS: &[u32] = &[
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
    29, 30, 32, 33, 46, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 72, 78, 79, 80, 81, 82, 83, 84, 85, 86,
    87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98,
];

#[test]
fn every_row_is_cited_by_a_test() {
    let mut cited = BTreeSet::new();
    for folder in ["core", "sbom", "cli", "tests"] {
        files(&testkit::project().join(folder), &mut |text| cited.extend(rows_of_tests(text)));
    }
    let missing: Vec<_> = ROWS.iter().filter(|row| !cited.contains(*row)).collect();
    assert!(missing.is_empty(), "no test cites threat model, row {missing:?}");
}

/// The page lists these rows, and no others.
#[test]
fn every_row_is_on_the_page() {
    let page = std::fs::read_to_string(testkit::project().join("docs/threat-model.md")).expect("the page");
    let cells = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let listed: BTreeSet<u32> =
        cells.flat_map(|cell| cell.split(", ")).filter_map(|number| number.parse().ok()).collect();
    assert_eq!(listed, ROWS.iter().copied().collect());
}

fn files(folder: &Path, each: &mut impl FnMut(&str)) {
    for entry in std::fs::read_dir(folder).expect("a folder of the project").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, each);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            each(&std::fs::read_to_string(&path).expect("a source file"));
        }
    }
}

/// The rows that are cited in the comment of a test, or at the head of a file of tests.
fn rows_of_tests(text: &str) -> BTreeSet<u32> {
    let mut rows = BTreeSet::new();
    let mut comment = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(head) = line.strip_prefix("//!") {
            comment.push_str(head);
        } else if let Some(more) = line.strip_prefix("///") {
            comment.push_str(more);
        } else {
            let test = line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            let head = line.is_empty() && text.trim_start().starts_with("//!") && text.contains("#[test]");
            if test || head {
                rows.extend(cited(&comment));
            }
            comment.clear();
        }
    }
    rows
}

/// The numbers in `threat model, row 3`, `threat model, rows 3, 4 and 5`, `threat model, rows 3 to 5`.
fn cited(comment: &str) -> Vec<u32> {
    let list =
        Regex::new(r"threat\s+model,\s+rows?\s+(\d+(?:(?:,\s*|\s+and\s+|\s+to\s+)\d+)*)").expect("a pattern");
    let number = Regex::new(r"(to\s+)?(\d+)").expect("a pattern");
    let mut rows: Vec<u32> = Vec::new();
    for list in list.captures_iter(comment) {
        for found in number.captures_iter(&list[1]) {
            let row = found[2].parse().expect("a number");
            match (found.get(1), rows.last().copied()) {
                (Some(_), Some(from)) => rows.extend(from + 1..=row),
                _ => rows.push(row),
            }
        }
    }
    rows
}

#[test]
fn citations_are_understood() {
    assert_eq!(
        cited(" x (threat model, rows 1, 2 and 9): y, threat model, row 70 to 72"),
        [1, 2, 9, 70, 71, 72]
    );
    let text = "/// threat model, row 5.\n#[test]\nfn a() {}\n/// threat model, row 6.\nfn b() {}";
    assert_eq!(rows_of_tests(text), [5].into());
}
