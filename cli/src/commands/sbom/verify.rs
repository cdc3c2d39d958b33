//! `sbom verify`

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use countersign_core::format::predicate::PredicateType;
use countersign_core::format::statement::Statement;
use countersign_core::gather::Wanted;
use countersign_core::image::Image;
use countersign_core::oci::Document;
use countersign_core::outcome::Outcome;
use countersign_core::verify::{ImagePolicy, RefusalCode, Verdict};
use countersign_sbom::compare::truth::{self, Question, Reason, Verification};
use countersign_sbom::fact::Ecosystem;
use countersign_sbom::format::read::Read;
use countersign_sbom::inventory::Subject;
use globset::{Glob, GlobSet, GlobSetBuilder};
use serde_json::{Value, json};

use super::document;
use super::source::{Located, SourceArgs};
use crate::commands::{Result, verify};
use crate::context::Context;
use crate::failure::Failure;
use crate::options::{TextOrJson, predicate_type};
use crate::output::counted;
use crate::{keys, report};

/// Check whether an SBOM tells the truth about an image or a directory.
///
/// What is in SOURCE is compared with the document, package by package, and whether the document is about SOURCE at all. The
/// exit code is the answer: 0 true, 1 not, 2 wrong usage, 3 could not be decided. Each finding has a code; what could not be
/// compared is counted.
#[derive(Args, Debug)]
#[command(allow_missing_positional = true)]
pub(crate) struct VerifyArgs {
    /// The document, or - for standard input; left out with --key
    #[arg(value_name = "SBOM")]
    document: Option<PathBuf>,

    #[command(flatten)]
    source: SourceArgs,

    /// Instead of a document, compare what is attested to the image with this public key: a file, env://NAME or
    /// https://...; may be given several times, and one of them is enough
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,

    /// Of what type the attestation is: cyclonedx or spdxjson
    #[arg(long = "type", value_name = "TYPE", default_value = "cyclonedx", value_parser = sbom_type)]
    kind: PredicateType,

    /// Leave out packages whose package URL matches, on either side, and unreadable files whose path does; may be given
    /// several times
    #[arg(long, value_name = "GLOB")]
    ignore: Vec<String>,

    /// Compare only packages of this ecosystem, as a package URL names it (deb, npm...); may be given several times
    #[arg(long, value_name = "ECOSYSTEM", value_parser = ecosystem)]
    only: Vec<String>,

    /// Compare packages also where the document is about another image
    #[arg(long)]
    ignore_subject: bool,

    /// Allow nothing to be on one side only, such as what came with a distribution's package, and leave nothing uncompared
    #[arg(long)]
    strict: bool,

    /// What to print: a finding a line, or the whole report as JSON
    #[arg(long, short, value_enum, default_value = "text")]
    output: TextOrJson,
}

/// Places of a document that are named.
const PLACES: usize = 5;

fn sbom_type(text: &str) -> std::result::Result<PredicateType, String> {
    match text {
        "cyclonedx" | "spdxjson" => predicate_type(text),
        _ => Err("expected cyclonedx or spdxjson".into()),
    }
}

fn ecosystem(text: &str) -> std::result::Result<String, String> {
    let mut known = Ecosystem::ALL.iter().map(|ecosystem| ecosystem.purl_type());
    match known.clone().any(|known| known == text) {
        true => Ok(text.to_owned()),
        false => Err(format!("expected one of {}", known.by_ref().collect::<Vec<_>>().join(", "))),
    }
}

impl VerifyArgs {
    /// Refuses SOURCE before SBOM.
    fn in_order(&self) -> std::result::Result<(), Failure> {
        let (Some(path), source) = (&self.document, self.source.name()) else { return Ok(()) };
        let first = path.to_string_lossy();
        let is_swapped =
            (source == "-" || document::is_one(source)) && first != "-" && !document::is_one(&first);
        match is_swapped {
            true => Err(Failure::usage(format!(
                "'{first}' is no SBOM, and '{source}' is one: SBOM comes before SOURCE"
            ))
            .hint(format!("countersign sbom verify {source} {first}"))),
            false => Ok(()),
        }
    }
}

pub(super) async fn run(args: &VerifyArgs, context: &Context) -> Result {
    let mut question = Question {
        ignore: globs(&args.ignore)?,
        only: args.only.iter().cloned().collect::<BTreeSet<_>>(),
        also_called: Vec::new(),
        any_subject: args.ignore_subject,
        strict: args.strict,
    };
    args.in_order()?;
    let read = named(args, context).await?;
    let located = args.source.locate(context).await?;
    let documents = match (read, &located) {
        (Some(read), _) => vec![read],
        (None, Some(located)) => attested(args, context, located).await?,
        (None, None) => {
            return Err(Failure::usage("--key: a directory has no attestations")
                .hint("name the document that is to be compared"));
        }
    };
    // What was located is looked at, also where a tag has moved since.
    let source = match &located {
        Some(located) => {
            question.also_called = other_names(located).await?;
            args.source.pinned(&located.image)
        }
        None => args.source.clone(),
    };
    // What decides is read, not remembered.
    let looked = source.uncached().look(context).await?;
    let mut worst = Ok(Outcome::Proven);
    for read in &documents {
        let verification = truth::verify(&read.inventory, &looked.inventory, &question);
        tell(args, context, read, &looked.inventory.subject, &verification)?;
        worst = worse(worst, ended(args, &verification));
    }
    worst
}

/// The document that is named; `None` where the one that is attested is asked for.
async fn named(args: &VerifyArgs, context: &Context) -> std::result::Result<Option<Read>, Failure> {
    match (&args.document, args.key.is_empty()) {
        (Some(path), true) => document::read(context, path).await.map(Some),
        (None, false) => Ok(None),
        (Some(_), false) => Err(Failure::usage("a document and --key: which of them is to be compared?")
            .hint("leave out the document, to compare what is attested to the image")),
        (None, true) => Err(Failure::usage("no document")
            .hint("name it before SOURCE, or give --key to compare what is attested to the image")),
    }
}

/// A clear no outweighs what is undecided; either outweighs a yes.
fn worse(one: Result, other: Result) -> Result {
    let weight = |result: &Result| match result {
        Ok(_) => 0,
        Err(failure) if failure.outcome == Outcome::Undecided => 1,
        Err(_) => 2,
    };
    if weight(&other) > weight(&one) { other } else { one }
}

/// The SBOMs that a trusted key attested: to the image itself, else to the index that it was taken from.
async fn attested(
    args: &VerifyArgs,
    context: &Context,
    located: &Located,
) -> std::result::Result<Vec<Read>, Failure> {
    let mut policy = ImagePolicy::new(keys::all_public(context, &args.key).await?, 1)?;
    policy.wanted = Wanted::Attestations(Some(args.kind.uri().to_owned()));
    let proven = |image: Image| {
        let policy = &policy;
        async move { verify::proven(context, &located.stores, policy, &image).await }
    };
    let verdict = match proven(located.image.clone()).await {
        Err(none)
            if none.code == RefusalCode::NoAttestations.as_str()
                && located.named.digest != located.image.digest =>
        {
            proven(located.named.clone()).await?
        }
        other => other?,
    };
    documents(&verdict)
}

fn documents(verdict: &Verdict) -> std::result::Result<Vec<Read>, Failure> {
    let envelopes = verdict.accepted.iter().filter_map(|accepted| accepted.attestation.as_ref());
    envelopes
        .map(|envelope| {
            let statement = Statement::parse(&envelope.payload)?;
            let predicate = statement.predicate.map_or("null", |predicate| predicate.get());
            document::parse(predicate.as_bytes(), "the attested SBOM")
        })
        .collect()
}

/// Other digests by which SBOMs name the same image: that of the index, and that of the configuration, which Docker calls
/// the image's ID.
async fn other_names(located: &Located) -> std::result::Result<Vec<String>, Failure> {
    let mut names = vec![located.named.digest.to_string()];
    if let Document::Manifest(manifest) = located.image.manifest().await?.parse()? {
        names.push(manifest.config.digest.to_string());
    }
    Ok(names)
}

fn globs(texts: &[String]) -> std::result::Result<GlobSet, Failure> {
    let wrong = |error: globset::Error| {
        Failure::usage(format!("--ignore: {error}")).hint("such as 'pkg:npm/*' or '/opt/**/*.jar'")
    };
    let mut set = GlobSetBuilder::new();
    for text in texts {
        set.add(Glob::new(text).map_err(wrong)?);
    }
    set.build().map_err(wrong)
}

/// Prints one answer.
fn tell(
    args: &VerifyArgs,
    context: &Context,
    read: &Read,
    subject: &Subject,
    answer: &Verification,
) -> std::result::Result<(), Failure> {
    let output = &context.output;
    match args.output {
        TextOrJson::Json => output.json(&report(args, read, subject, answer))?,
        TextOrJson::Text => {
            for finding in &answer.findings {
                output.row(&[finding.code.as_str(), &finding.message])?;
            }
        }
    }
    let compared: Vec<_> = answer.compared.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let compared = if compared.is_empty() { "nothing".to_owned() } else { compared.join(", ") };
    output.status(format!("the same  {compared}"));
    for (reason, passed) in &answer.not_checked {
        let more = if passed.count > passed.examples.len() { ", ..." } else { "" };
        let examples = passed.examples.join(", ");
        output.status(format!("not checked  {} {}: {examples}{more}", passed.count, reason.text()));
    }
    let unknown: usize = read.passed_over.values().sum();
    if unknown > 0 {
        let places: Vec<_> = read.passed_over.keys().take(PLACES).map(String::as_str).collect();
        let more = if read.passed_over.len() > PLACES { ", ..." } else { "" };
        output.status(format!(
            "not read  {} of the document: {}{more}",
            counted(unknown, "part"),
            places.join(", ")
        ));
    }
    for lacks in &answer.unread {
        output.warning(format!("{}: could not be read: {}", lacks.path, lacks.why));
    }
    Ok(())
}

/// The report (docs/sbom-report.schema.json).
fn report(args: &VerifyArgs, read: &Read, subject: &Subject, answer: &Verification) -> Value {
    let unread = answer.unread.iter().map(|lacks| json!({"path": lacks.path, "why": lacks.why}));
    json!({
        "apiVersion": report::API_VERSION,
        "kind": "SbomVerification",
        "outcome": report::outcome(answer.outcome()),
        "source": {"reference": args.source.name(), "digest": subject.digest},
        "document": {
            "format": read.origin.format,
            "identifier": read.origin.identifier,
            "digest": read.inventory.subject.digest,
        },
        "findings": answer.findings,
        "compared": answer.compared,
        "notChecked": answer.not_checked,
        "notRead": read.passed_over,
        "unread": unread.collect::<Vec<_>>(),
    })
}

fn ended(args: &VerifyArgs, answer: &Verification) -> Result {
    let source = args.source.name();
    let findings = counted(answer.findings.len(), "finding");
    match answer.outcome() {
        Outcome::Proven => Ok(Outcome::Proven),
        Outcome::Refused => {
            let message = format!("{source}: the document does not tell the truth: {findings}");
            Err(Failure::new(Outcome::Refused, "SBOM_MISMATCH", message)
                .hint("--ignore GLOB leaves out what you know; 'sbom generate' makes the SBOM anew"))
        }
        _ => {
            let untold = answer.not_checked.get(&Reason::UntoldVersion);
            let nothing = answer.compared.is_empty();
            let message = match (answer.unread.len(), untold) {
                (0, Some(untold)) => {
                    let (count, why) = (counted(untold.count, "package"), Reason::UntoldVersion.text());
                    format!("{source}: not proven: {count} {why}")
                }
                (0, None) if args.strict && !nothing => {
                    format!("{source}: not proven: --strict, and not everything was compared")
                }
                (0, None) => format!("{source}: not proven: there was nothing to compare"),
                (count, _) => {
                    let files = counted(count, "file");
                    format!("{source}: not proven: {files} could not be read; {findings}")
                }
            };
            Err(Failure::new(Outcome::Undecided, "SBOM_NOT_PROVEN", message)
                .hint("what was not checked is named above; --ignore /PATH passes over an unreadable file"))
        }
    }
}
