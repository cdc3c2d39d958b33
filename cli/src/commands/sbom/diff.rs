//! `sbom diff`

use clap::Args;
use countersign_core::outcome::Outcome;
use countersign_sbom::compare::diff::{self, Diff, Field};
use countersign_sbom::inventory::Incomplete;
use serde_json::{Value, json};

use super::contents::Contents;
use super::source::SourceArgs;
use crate::commands::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::TextOrJson;
use crate::report;

/// Show which packages two SBOMs, images or directories have in common, and which not.
///
/// Each of the two is a document (a file that is there, or - for standard input) or a source (whatever 'sbom generate' takes).
/// As with diff(1), the exit code is 0 where the components are the same and 1 where they are not; it is 3 where they seem to be
/// the same, and a file of a source could not be read. What the two are about is
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
    output: TextOrJson,
}

/// Colours of lines: ECMA-48, 8.3.117.
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";

pub(super) async fn run(args: &DiffArgs, context: &Context) -> Result {
    if args.from == "-" && args.to.name() == "-" {
        return Err(Failure::usage("A and B are both standard input").hint("write one of them to a file"));
    }
    let from = side(&args.to.of(&args.from), context).await?;
    let to = side(&args.to, context).await?;
    let diff = diff::diff(&from.inventory, &to.inventory);
    for field in &diff.subject {
        context.output.status(format!("about  {}", changed(field)));
    }
    let sides = [from, to];
    let outcome = outcome(&diff, &sides);
    match args.output {
        TextOrJson::Text => print(&diff, context)?,
        TextOrJson::Json => context.output.json(&report(&diff, &sides, outcome))?,
    }
    for Contents { name, inventory, .. } in &sides {
        for lacks in &inventory.incomplete {
            context.output.warning(format!("{name}: {}: could not be read: {}", lacks.path, lacks.why));
        }
    }
    match outcome {
        Outcome::Undecided => Err(Failure::new(
            Outcome::Undecided,
            "SBOM_NOT_PROVEN",
            "no difference was found, and not everything could be read",
        )
        .hint("what could not be read is named above")),
        decided => Ok(decided),
    }
}

/// A difference is one whatever else could not be read; that there is none needs all that is there.
fn outcome(diff: &Diff, sides: &[Contents]) -> Outcome {
    match (diff.is_empty(), sides.iter().all(|side| side.unread().is_empty())) {
        (false, _) => Outcome::Refused,
        (true, true) => Outcome::Proven,
        (true, false) => Outcome::Undecided,
    }
}

/// The report (docs/sbom-report.schema.json).
fn report(diff: &Diff, sides: &[Contents], outcome: Outcome) -> Value {
    let unread = sides.iter().flat_map(|side| {
        let entry = |lacks: &Incomplete| json!({"source": side.name, "path": lacks.path, "why": lacks.why});
        side.unread().iter().map(entry).collect::<Vec<_>>()
    });
    json!({
        "apiVersion": report::API_VERSION,
        "kind": "SbomDifference",
        "equal": (outcome != Outcome::Undecided).then_some(outcome == Outcome::Proven),
        "subject": diff.subject,
        "added": diff.added,
        "removed": diff.removed,
        "changed": diff.changed,
        "unread": unread.collect::<Vec<_>>(),
    })
}

/// What one of the two holds. Exit code 1 is that of a difference, and of nothing else.
async fn side(args: &SourceArgs, context: &Context) -> std::result::Result<Contents, Failure> {
    Contents::of(args, context).await.map_err(|failure| match failure.outcome {
        Outcome::Refused => Failure { outcome: Outcome::Undecided, ..failure },
        _ => failure,
    })
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

#[cfg(test)]
mod tests {
    use countersign_sbom::inventory::{Component, Inventory};

    use super::*;

    fn side(looked_at: bool, unread: bool, packages: usize) -> Contents {
        let lacks = Incomplete { path: "/opt/torn.jar".to_owned(), why: "torn".to_owned() };
        let inventory = Inventory {
            components: vec![Component { name: "x".to_owned(), ..Component::default() }; packages],
            incomplete: if unread { vec![lacks] } else { Vec::new() },
            ..Inventory::default()
        };
        Contents { name: "image".to_owned(), inventory, looked_at }
    }

    #[test]
    fn what_could_not_be_read_may_be_different() {
        for (looked_at, unread, packages, expected, equal, named) in [
            (true, false, 1, Outcome::Proven, json!(true), 0),
            (false, true, 1, Outcome::Proven, json!(true), 0),
            (true, true, 1, Outcome::Undecided, json!(null), 1),
            (true, true, 2, Outcome::Refused, json!(false), 1),
        ] {
            let sides = [side(false, false, 1), side(looked_at, unread, packages)];
            let diff = diff::diff(&sides[0].inventory, &sides[1].inventory);
            let outcome = outcome(&diff, &sides);
            let report = report(&diff, &sides, outcome);
            assert_eq!((outcome, &report["equal"]), (expected, &equal));
            assert_eq!(report["unread"].as_array().map(Vec::len), Some(named));
        }
    }
}
