//! `sbom score`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use countersign_core::outcome::Outcome;
use countersign_sbom::score::{self, Judged, Profile, Score};
use serde_json::json;

use super::document;
use crate::commands::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::TextOrJson;
use crate::report;

/// Count how much an SBOM tells of what authorities ask for.
///
/// For each element of a profile: how many components have it. What is counted is that something is told, not that it is
/// true: 'sbom verify' checks that. What cannot be judged by the components alone is said to be so.
#[derive(Args, Debug)]
pub(crate) struct ScoreArgs {
    /// The document, or - for standard input
    #[arg(value_name = "SBOM")]
    document: PathBuf,

    /// Who asks: NTIA 2021, CISA 2025 (draft), BSI TR-03183-2 v2.1.0
    #[arg(long, value_enum, default_value = "all")]
    profile: ProfileArg,

    /// Refuse a document of which a profile's score is lower: 0 to 100
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    min: Option<u8>,

    /// What to print: a line for each element, or the whole report as JSON
    #[arg(long, short, value_enum, default_value = "text")]
    output: TextOrJson,
}

/// See `--profile`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ProfileArg {
    Ntia,
    Cisa,
    Bsi,
    All,
}

impl ProfileArg {
    const fn profiles(self) -> &'static [Profile] {
        match self {
            Self::Ntia => &[Profile::Ntia],
            Self::Cisa => &[Profile::Cisa],
            Self::Bsi => &[Profile::Bsi],
            Self::All => &Profile::ALL,
        }
    }
}

pub(super) async fn run(args: &ScoreArgs, context: &Context) -> Result {
    let read = document::read(context, &args.document).await?;
    let scores: Vec<_> =
        args.profile.profiles().iter().map(|profile| score::score(&read, *profile)).collect();
    match args.output {
        TextOrJson::Text => scores.iter().try_for_each(|score| print(score, context))?,
        TextOrJson::Json => context.output.json(&json!({
            "apiVersion": report::API_VERSION,
            "kind": "SbomScore",
            "document": {"format": read.origin.format, "identifier": read.origin.identifier},
            "profiles": scores,
        }))?,
    }
    let min = usize::from(args.min.unwrap_or_default());
    match scores.iter().find(|score| score.percent < min) {
        None => Ok(Outcome::Proven),
        Some(low) => {
            let (place, title, percent) = (args.document.display(), low.profile.title(), low.percent);
            let message = format!("{place}: {title}: {percent} %, less than {min} %");
            Err(Failure::new(Outcome::Refused, "SBOM_SCORE", message))
        }
    }
}

fn print(score: &Score, context: &Context) -> std::result::Result<(), Failure> {
    let passed = match score.passed {
        Some(true) => "met",
        Some(false) => "not met",
        None => "met as far as it is judged",
    };
    context.output.line(&format!("{}: {passed}, {} %", score.profile.title(), score.percent))?;
    for element in &score.elements {
        context.output.line(&line(element))?;
    }
    context.output.line("")
}

fn line(element: &Judged) -> String {
    let passed = match (element.passed, element.required) {
        (None, _) => "not judged",
        (Some(true), _) => "yes",
        (Some(false), true) => "no",
        (Some(false), false) => "no, optional",
    };
    let count = match element.passed {
        None => "-".to_owned(),
        Some(_) => format!("{} of {}", element.have, element.of),
    };
    let Judged { name, section, .. } = element;
    let mut line = format!("  {passed:<12}  {count:>12}  {name} ({section})");
    if !element.lacking.is_empty() {
        let more = if element.of - element.have > element.lacking.len() { ", ..." } else { "" };
        line.push_str(&format!(": lacks {}{more}", element.lacking.join(", ")));
    }
    line
}
