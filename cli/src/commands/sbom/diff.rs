//! `sbom diff`

use std::path::Path;

use clap::{Args, ValueEnum};
use countersign_core::outcome::Outcome;
use countersign_sbom::compare::diff::{self, Diff, Field};
use countersign_sbom::inventory::Inventory;
use serde_json::json;

use super::document;
use super::source::SourceArgs;
use crate::commands::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::report;

/// Show which packages two SBOMs, images or directories have in common, and which not.
///
/// Each of the two is a document (a file that is there, or - for standard input) or a source (whatever 'sbom generate' takes).
/// As with diff(1), the exit code is 0 where the components are the same and 1 where they are not; what the two are about is
/// told on standard error, and changes nothing. What only one of them tells of a component is no difference.
#[derive(Args, Debug)]
#[command(mut_arg("source", |arg| arg.value_name("B").help("The other: the same")))]
pub(crate) struct DiffArgs {
    /// The one: a document (a file, or - for standard input), or an image or a directory as 'sbom generate' takes it
    #[arg(value_name = "A")]
    from: String,

    #[command(flatten)]
    to: SourceArgs,

    /// What to print: a line for each component that was added (+), removed (-) or changed (~), or the whole report as JSON
    #[arg(long, short, value_enum, default_value = "text")]
    output: DiffOutput,
}

/// See `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DiffOutput {
    Text,
    Json,
}

/// Colours of lines: ECMA-48, 8.3.117.
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";

pub(super) async fn run(args: &DiffArgs, context: &Context) -> Result {
    if args.from == "-" && args.to.name() == "-" {
        return Err(Failure::usage("A and B are both standard input").hint("write one of them to a file"));
    }
    let from = inventory(&args.to.of(&args.from), context).await?;
    let to = inventory(&args.to, context).await?;
    let diff = diff::diff(&from, &to);
    for field in &diff.subject {
        context.output.status(format!("about  {}", changed(field)));
    }
    match args.output {
        DiffOutput::Text => print(&diff, context)?,
        DiffOutput::Json => context.output.json(&json!({
            "apiVersion": report::API_VERSION,
            "kind": "SbomDifference",
            "equal": diff.is_empty(),
            "subject": diff.subject,
            "added": diff.added,
            "removed": diff.removed,
            "changed": diff.changed,
        }))?,
    }
    for (name, inventory) in [(args.from.as_str(), &from), (args.to.name(), &to)] {
        for lacks in &inventory.incomplete {
            context.output.warning(format!("{name}: {}: could not be read: {}", lacks.path, lacks.why));
        }
    }
    Ok(if diff.is_empty() { Outcome::Proven } else { Outcome::Refused })
}

/// A file is a document, and everything else what `sbom generate` takes.
async fn inventory(args: &SourceArgs, context: &Context) -> std::result::Result<Inventory, Failure> {
    let (name, path) = (args.name(), Path::new(args.name()));
    if name == "-" || path.is_file() {
        return match document::read(context, path).await {
            Ok(read) => Ok(read.inventory),
            // Exit code 1 is that of a difference.
            Err(failure) => Err(Failure { outcome: Outcome::Undecided, ..failure }
                .hint("a file that is there is read as a document; name an archive oci-archive:FILE or docker-archive:FILE")),
        };
    }
    let named_as_document =
        [".json", ".xml", ".spdx", ".cdx", ".swidtag"].iter().any(|end| name.ends_with(end));
    if named_as_document && !path.exists() {
        let failure = Failure::io(path.display(), std::io::ErrorKind::NotFound.into());
        return Err(failure.hint("check the path; an image is named REGISTRY/REPOSITORY:TAG"));
    }
    Ok(args.look(context).await?.inventory)
}

fn print(diff: &Diff, context: &Context) -> std::result::Result<(), Failure> {
    let output = &context.output;
    for entry in &diff.removed {
        output.colored(RED, &format!("- {}", entry.component))?;
    }
    for entry in &diff.added {
        output.colored(GREEN, &format!("+ {}", entry.component))?;
    }
    for change in &diff.changed {
        let fields: Vec<_> = change.fields.iter().map(changed).collect();
        output.colored(YELLOW, &format!("~ {}  {}", change.from, fields.join("; ")))?;
    }
    Ok(())
}

fn changed(field: &Field) -> String {
    format!("{}: {} -> {}", field.name, field.from, field.to)
}
