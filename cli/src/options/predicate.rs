//! What an attestation says.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use countersign_core::format::predicate::PredicateType;
use countersign_core::format::statement::Subject;
use countersign_core::sign::Attestation;
use jiff::Timestamp;

use crate::failure::Failure;
use crate::files;

/// Flags of attesting.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("says").args(["predicate", "statement"]).required(true))]
pub(crate) struct PredicateArgs {
    /// What the predicate is: custom, slsaprovenance, slsaprovenance1, vsa, spdx, spdxjson, cyclonedx, vuln, vulns,
    /// openvex, link, test-result, sarif, trivy, grype, kubesec, hadolint, trufflehog, or a URI
    #[arg(long = "type", value_name = "TYPE", default_value = "custom", value_parser = predicate_type)]
    kind: PredicateType,

    /// The file with the predicate; - is standard input
    #[arg(long, value_name = "FILE")]
    predicate: Option<PathBuf>,

    /// A whole in-toto statement instead of a predicate; - is standard input
    #[arg(long, value_name = "FILE")]
    statement: Option<PathBuf>,
}

/// What is to be signed.
#[derive(Clone)]
pub(crate) enum Says {
    /// A predicate of this type, about whatever is named on the command line.
    Predicate(PredicateType, Vec<u8>),
    /// A statement.
    Statement(Vec<u8>),
}

/// A short name or a URI.
pub(crate) fn predicate_type(text: &str) -> Result<PredicateType, String> {
    text.parse().map_err(|error| {
        let names: Vec<_> = PredicateType::names().collect();
        format!("{error}; the names are {}", names.join(", "))
    })
}

impl PredicateArgs {
    /// The file that is read.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.predicate.as_deref().or(self.statement.as_deref())
    }

    /// Reads what is to be signed.
    ///
    /// # Errors
    /// When it cannot be read, or is not what its type says.
    pub(crate) fn read(&self, now: Timestamp) -> Result<Says, Failure> {
        let Some(path) = self.file() else { return Err(Failure::usage("--predicate is missing")) };
        let content = files::content(path)?;
        if self.statement.is_some() {
            return Ok(Says::Statement(content));
        }
        let predicate = self.kind.predicate(content, now).map_err(|error| {
            let message = format!("{}: no predicate of type {}: {error}", path.display(), self.kind);
            Failure::new(countersign_core::outcome::Outcome::Usage, error.code(), message)
                .hint("give the type that the file is of with --type, or mend the file")
        })?;
        Ok(Says::Predicate(self.kind.clone(), predicate))
    }
}

impl Says {
    /// The statement about these.
    ///
    /// # Errors
    /// When a given statement is malformed or about something else.
    pub(crate) fn about(self, subjects: Vec<Subject>) -> Result<Attestation, Failure> {
        match self {
            Self::Predicate(kind, predicate) => Ok(Attestation::new(subjects, kind.uri(), predicate)?),
            Self::Statement(statement) => Attestation::of_statement(statement, &subjects)?.ok_or_else(|| {
                let digests = subjects.iter().flat_map(|subject| &subject.digest);
                let named: Vec<_> = digests.map(|(name, hex)| format!("{name}:{hex}")).collect();
                let named = match named.len() {
                    0..=3 => named.join(", "),
                    count => format!("each of the {count} files"),
                };
                Failure::usage(format!("--statement: is not about {named}"))
                    .hint("name what the statement is about")
            }),
        }
    }
}
