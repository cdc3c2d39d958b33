//! A statement about a directory: its subjects and the directory's files are the same, by name and digest.

use std::collections::BTreeMap;
use std::fmt;

use super::refusal::Refusal;
use crate::file::tree::Tree;
use crate::format::statement::Statement;

/// Differences that are named in a message.
const NAMED: usize = 5;

/// The files that a statement must be about.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// What the directory holds.
    pub tree: Tree,
    /// Whether subjects that are not in the directory are passed over, as `sha256sum --ignore-missing` does.
    pub ignore_missing: bool,
}

/// One way in which a directory is not what was signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileDifference {
    /// The file has another content.
    Changed(String),
    /// The file is not there.
    Missing(String),
    /// The file, or whatever has this name, is not among the subjects.
    Unknown(String),
    /// The subject can be compared with no file: it has no name, no SHA-256, or shares its name with another.
    Subject(String),
}

/// All of them; at least one.
#[derive(Clone, Debug)]
pub struct FileDifferences(pub Vec<FileDifference>);

impl Files {
    /// Compares the files with a statement's subjects (in-toto Statement v1, "subject": each has a name that is unique
    /// in the statement, and its digests).
    ///
    /// # Errors
    /// [`Refusal::Files`] with every difference, sorted.
    pub(super) fn compare(&self, statement: &Statement<'_>) -> Result<(), Refusal> {
        let mut found = Vec::new();
        let subjects = subjects(statement, &mut found);
        for (name, hex) in &subjects {
            match self.tree.files.get(*name) {
                Some(digest) if digest.hex() == **hex => {}
                Some(_) => found.push(FileDifference::Changed((*name).to_owned())),
                None if self.ignore_missing => {}
                None => found.push(FileDifference::Missing((*name).to_owned())),
            }
        }
        let names = self.tree.files.keys().filter(|name| !subjects.contains_key(name.as_str()));
        found.extend(names.chain(&self.tree.others).cloned().map(FileDifference::Unknown));
        if self.tree.files.is_empty() && found.is_empty() {
            // Nothing was compared at all.
            found.extend(subjects.keys().map(|name| FileDifference::Missing((*name).to_owned())));
            found.extend(subjects.is_empty().then(|| FileDifference::Subject("none at all".into())));
        }
        found.sort();
        found.dedup();
        match found.is_empty() {
            true => Ok(()),
            false => Err(Refusal::Files(FileDifferences(found))),
        }
    }
}

/// Names and SHA-256 digests; a `./` before a name, which `sha256sum` leaves there, means nothing.
fn subjects<'a>(
    statement: &'a Statement<'_>,
    found: &mut Vec<FileDifference>,
) -> BTreeMap<&'a str, &'a String> {
    let mut subjects = BTreeMap::new();
    for (number, subject) in (1..).zip(&statement.subject) {
        let name = subject.name.as_deref().map(|name| name.strip_prefix("./").unwrap_or(name));
        let unclear = match (name.filter(|name| !name.is_empty()), subject.digest.get("sha256")) {
            (Some(name), Some(hex)) => subjects.insert(name, hex).is_some_and(|earlier| earlier != hex),
            _ => true,
        };
        if unclear {
            found
                .push(FileDifference::Subject(name.map_or_else(|| format!("number {number}"), String::from)));
        }
    }
    subjects
}

impl fmt::Display for FileDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(name) => write!(f, "{name:?} has another content"),
            Self::Missing(name) => write!(f, "{name:?} is missing"),
            Self::Unknown(name) => write!(f, "{name:?} is not among the subjects"),
            Self::Subject(name) => write!(f, "the subject {name:?} names no one file by its SHA-256"),
        }
    }
}

impl fmt::Display for FileDifferences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, difference) in self.0.iter().take(NAMED).enumerate() {
            write!(f, "{}{difference}", if index == 0 { "" } else { ", " })?;
        }
        match self.0.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, ", and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::format::statement::STATEMENT_V1;

    fn tree(files: &[(&str, &str)], others: &[&str]) -> Tree {
        let files =
            files.iter().map(|(name, text)| ((*name).into(), Digest::sha256(text.as_bytes()))).collect();
        Tree { files, others: others.iter().map(ToString::to_string).collect() }
    }

    fn said(subjects: &[(&str, &str)], tree: Tree, ignore_missing: bool) -> String {
        let hex = |text: &str| Digest::sha256(text.as_bytes()).hex();
        let subject = |(name, text): &(&str, &str)| match *text {
            "no digest" => format!(r#"{{"name":"{name}"}}"#),
            text => format!(r#"{{"name":"{name}","digest":{{"sha256":"{}"}}}}"#, hex(text)),
        };
        let subjects: Vec<_> = subjects.iter().map(subject).collect();
        let text =
            format!(r#"{{"_type":"{STATEMENT_V1}","subject":[{}],"predicateType":"x"}}"#, subjects.join(","));
        let statement = Statement::parse(text.as_bytes()).unwrap();
        let compared = Files { tree, ignore_missing }.compare(&statement);
        compared.err().map(|refusal| refusal.to_string()).unwrap_or_default()
    }

    #[test]
    fn names_and_contents_must_be_the_same() {
        const TWO: [(&str, &str); 2] = [("a", "1"), ("sub/b", "2")];
        for (subjects, files, others, refused) in [
            (&TWO[..], &TWO[..], &[][..], ""),
            (&[("./a", "1"), ("sub/b", "2")], &TWO, &[], ""),
            (&[("a", "1"), ("a", "1"), ("sub/b", "2")], &TWO, &[], ""),
            (&TWO, &[("a", "2"), ("sub/b", "2")], &[], r#""a" has another content"#),
            (&TWO, &[("a", "1")], &[], r#""sub/b" is missing"#),
            (&TWO, &[("a", "1"), ("b", "2")], &[], r#""sub/b" is missing, "b" is not among the subjects"#),
            (&TWO, &TWO, &["link"], r#""link" is not among the subjects"#),
            (&[("a", "1"), ("a", "2")], &[("a", "2")], &[], r#"the subject "a" names no one file"#),
            (&[("a", "no digest")], &[("a", "1")], &[], r#""a" is not among the subjects, the subject "a""#),
            (&[("", "1")], &[("a", "1")], &[], r#"the subject "" names no one file"#),
            (&[], &[], &[], r#"the subject "none at all""#),
        ] {
            let said = said(subjects, tree(files, others), false);
            assert!(said.contains(refused) && said.is_empty() == refused.is_empty(), "{subjects:?}: {said}");
        }
    }

    #[test]
    fn missing_files_may_be_passed_over_but_not_all_of_them() {
        let two = [("a", "1"), ("b", "2")];
        assert_eq!(said(&two, tree(&[("a", "1")], &[]), true), "");
        assert!(said(&two, tree(&[("a", "1"), ("c", "1")], &[]), true).contains(r#""c" is not among"#));
        assert!(said(&two, tree(&[], &[]), true).contains(r#""a" is missing"#));
    }
}
