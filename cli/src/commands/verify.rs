//! `verify`

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use countersign_core::buildkit::{Authenticity, Index};
use countersign_core::decide;
use countersign_core::format::dsse::Envelope;
use countersign_core::image::Image;
use countersign_core::outcome::Outcome;
use countersign_core::source::SourceError;
use countersign_core::verify::{Accepted, ImagePolicy, Refusal, Verdict};
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};

use super::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::{RegistryArgs, VerifyCompat, VerifyImageCompat, go_bool, pair, pairs};
use crate::output::{Output, counted};
use crate::stores::{Stores, of_platform, of_this_platform};
use crate::{hints, keys, report};

/// Verify the signatures of images.
///
/// Both storage formats are looked at, for each image. The exit code is the answer: 0 proven, 1 refused, 2 wrong
/// usage, 3 could not be decided. With several images, a refusal outweighs what is undecided.
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    what: ImagesArgs,

    /// Require that this pair was signed; may be given several times
    #[arg(long, short, visible_alias = "a", value_name = "KEY=VALUE", value_parser = pair, value_delimiter = ',')]
    annotations: Vec<(String, String)>,
}

/// What verifying signatures and attestations has in common.
#[derive(Args, Debug)]
pub(super) struct ImagesArgs {
    /// Images: REGISTRY/REPOSITORY[:TAG|@DIGEST], oci:DIR[:TAG|@DIGEST], oci-archive:FILE, docker-archive:FILE
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,

    /// A public key: a file, env://NAME or https://...; may be given several times, and one of them is enough
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,

    /// So many distinct keys must have signed
    #[arg(long, value_name = "K", default_value_t = 1)]
    threshold: usize,

    /// Verify an index and every manifest in it
    #[arg(long, short, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    recursive: bool,

    /// Require that the signature is one of this image; =false accepts a trusted key's signature of any image
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true", value_parser = go_bool, hide_default_value = true)]
    check_claims: bool,

    /// What to print on standard output: cosign's JSON, text, or the whole report as one document
    #[arg(long, short, value_enum, default_value = "json")]
    output: VerifyOutput,

    /// The images are directories that 'save' wrote
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    local_image: bool,

    #[command(flatten)]
    registry: RegistryArgs,

    #[command(flatten)]
    compat: VerifyCompat,

    #[command(flatten)]
    image_compat: VerifyImageCompat,
}

/// See `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum VerifyOutput {
    Json,
    Text,
    Report,
}

/// What is verified of an index, and whether BuildKit's statements in it count.
#[derive(Clone, Debug, Default)]
pub(super) struct Platforms {
    /// The image of this platform alone.
    pub(super) platform: Option<String>,
    /// Count BuildKit's statements: then images are verified, not the index.
    pub(super) buildkit: bool,
}

/// The answer for one image: a verdict, or why there is none.
type Answer = std::result::Result<(Image, Verdict), Failure>;

pub(super) async fn run(args: &VerifyArgs, context: &Context) -> Result {
    let annotations = pairs(&args.annotations)?;
    verify(&args.what, context, &Platforms::default(), |policy| policy.annotations = annotations).await
}

/// Verifies all images against the keys that are given and what else is asked for.
pub(super) async fn verify(
    args: &ImagesArgs,
    context: &Context,
    platforms: &Platforms,
    ask: impl FnOnce(&mut ImagePolicy),
) -> Result {
    args.compat.check()?;
    args.image_compat.check()?;
    let keys = keys::all_public(context, &args.key).await.map_err(|failure| match args.key.is_empty() {
        true => hints::key_among(failure, &args.images),
        false => failure,
    })?;
    let mut policy = ImagePolicy::new(keys, args.threshold)?;
    policy.check_claims = args.check_claims;
    ask(&mut policy);
    if !args.check_claims {
        context
            .output
            .warning("--check-claims=false: a trusted key's signature of any other image is accepted");
    }
    let stores = Stores::new(context, &args.registry)?;
    let images: Vec<_> = args
        .images
        .iter()
        .map(|text| if args.local_image { format!("oci:{text}") } else { text.clone() })
        .collect();
    let (output, policy) = (&context.output, &policy);
    let asked = Asked { args, output, stores: &stores, policy, platforms };
    let steps: Vec<_> = images.iter().map(|text| asked.verify(text)).collect();
    let mut steps = stream::iter(steps).buffered(stores.jobs());
    let mut end = End::default();
    let mut text = images.iter();
    while let (Some(answers), Some(text)) = (steps.next().await, text.next()) {
        for answer in answers {
            end.add(args, context, text, answer)?;
        }
    }
    end.finish(args, context)
}

/// What is asked of every reference.
struct Asked<'a> {
    args: &'a ImagesArgs,
    output: &'a Output,
    stores: &'a Stores,
    policy: &'a ImagePolicy,
    platforms: &'a Platforms,
}

impl Asked<'_> {
    /// One reference: with `--recursive`, one answer for each manifest.
    async fn verify(&self, text: &str) -> Vec<Answer> {
        match self.parts(text).await {
            Err(failure) => vec![Err(failure.at(text))],
            Ok((index, parts)) => {
                let steps: Vec<_> =
                    parts.into_iter().map(|image| self.decide(index.as_ref(), image)).collect();
                stream::iter(steps).buffered(self.stores.jobs()).collect().await
            }
        }
    }

    /// What is verified of a reference, and the index that BuildKit's statements are looked for in.
    async fn parts(&self, text: &str) -> std::result::Result<(Option<Index>, Vec<Image>), Failure> {
        let Self { args, platforms, .. } = self;
        let image = self.stores.image(text).await?.image;
        let index = if platforms.buildkit { Index::of(&image).await? } else { None };
        if platforms.buildkit && index.is_none() {
            self.output.warning(format!(
                "'{text}' is no index, and what BuildKit says of an image is in the index that lists both"
            ));
        }
        let parts = match (&index, &platforms.platform) {
            (_, Some(platform)) => vec![of_platform(&image, platform).await?],
            (Some(index), None) if args.recursive => {
                index.images().map(|entry| image.with_digest(entry.digest)).collect()
            }
            (Some(_), None) => vec![of_this_platform(&image).await?],
            (None, None) if args.recursive => image.with_children().await?,
            (None, None) => vec![image],
        };
        Ok((index, parts))
    }

    async fn decide(&self, index: Option<&Index>, image: Image) -> Answer {
        let options = self.stores.gather_options();
        let verdict = match index {
            Some(index) => decide::with_buildkit(&image, index, self.policy, &options).await?,
            None => decide::image(&image, self.policy, &options).await?,
        };
        Ok((image, verdict))
    }
}

/// What is accepted about one image, explained on standard error.
///
/// # Errors
/// When nothing is accepted: why.
pub(super) async fn proven(
    context: &Context,
    stores: &Stores,
    policy: &ImagePolicy,
    image: &Image,
) -> std::result::Result<Verdict, Failure> {
    let verdict = decide::image(image, policy, &stores.gather_options()).await?;
    let name = image.name();
    report::explain(&context.output, &verdict, &name);
    match denied(&verdict, &name) {
        Some(failure) => Err(failure),
        None => Ok(verdict),
    }
}

/// What the command as a whole comes to.
#[derive(Default)]
struct End {
    worst: Option<Outcome>,
    report: Vec<Value>,
}

impl End {
    fn add(
        &mut self,
        args: &ImagesArgs,
        context: &Context,
        text: &str,
        answer: Answer,
    ) -> std::result::Result<(), Failure> {
        let (image, verdict) = match answer {
            Ok(answer) => answer,
            Err(failure) => {
                self.note(failure.outcome);
                self.report.push(json!({
                    "reference": text,
                    "outcome": report::outcome(failure.outcome),
                    "refusal": {"code": failure.code, "message": failure.message},
                }));
                context.output.failure(&failure);
                return Ok(());
            }
        };
        let name = image.name();
        self.note(verdict.outcome());
        self.report.push(report::image(&verdict, text, &name));
        report::explain(&context.output, &verdict, &name);
        if let Some(failure) = denied(&verdict, &name) {
            context.output.failure(&failure);
            return Ok(());
        }
        print(args, context, &name, &verdict.accepted)
    }

    /// A clear no outweighs what is undecided; either outweighs a yes.
    fn note(&mut self, outcome: Outcome) {
        let weight = |outcome: Outcome| match outcome {
            Outcome::Proven => 0,
            Outcome::Undecided => 1,
            Outcome::Refused => 2,
            Outcome::Usage => 3,
        };
        if self.worst.is_none_or(|worst| weight(outcome) > weight(worst)) {
            self.worst = Some(outcome);
        }
    }

    fn finish(self, args: &ImagesArgs, context: &Context) -> Result {
        // Nothing to check is never a success.
        let outcome = self.worst.unwrap_or(Outcome::Usage);
        if args.output == VerifyOutput::Report {
            context.output.json(&json!({
                "apiVersion": report::API_VERSION,
                "kind": "VerificationReport",
                "outcome": report::outcome(outcome),
                "checkClaims": args.check_claims,
                "images": self.report,
            }))?;
        }
        Ok(outcome)
    }
}

/// Prints what was accepted of one image.
fn print(
    args: &ImagesArgs,
    context: &Context,
    name: &str,
    accepted: &[Accepted],
) -> std::result::Result<(), Failure> {
    match args.output {
        VerifyOutput::Json if accepted.iter().any(|accepted| accepted.attestation.is_some()) => {
            // As cosign does: an envelope a line.
            envelopes(accepted).try_for_each(|document| context.output.pieces(&document.pieces()?))
        }
        VerifyOutput::Json => {
            let elements: Vec<_> =
                accepted.iter().map(|accepted| report::cosign_element(accepted, name)).collect();
            context.output.json(&elements)
        }
        VerifyOutput::Text => {
            let (count, noun) = match envelopes(accepted).count() {
                0 => (accepted.len(), "valid signature"),
                count => (count, "valid attestation"),
            };
            let states = buildkit_states(accepted);
            context.output.line(&format!("{name}: {}{states}", counted(count, noun)))
        }
        VerifyOutput::Report => Ok(()),
    }
}

/// The envelopes that were proven. A statement of BuildKit's that several keys cover is one.
fn envelopes(accepted: &[Accepted]) -> impl Iterator<Item = &Envelope> {
    let is_again = |position: usize| {
        let this = &accepted[position];
        this.buildkit.is_some() && accepted[..position].iter().any(|before| before.origin == this.origin)
    };
    let new = accepted.iter().enumerate().filter(move |(position, _)| !is_again(*position));
    new.filter_map(|(_, accepted)| accepted.attestation.as_ref())
}

/// Which of what was accepted is BuildKit's, and whose word that is.
fn buildkit_states(accepted: &[Accepted]) -> String {
    let states: Vec<_> =
        accepted.iter().filter_map(|accepted| accepted.buildkit.as_ref()).map(Authenticity::name).collect();
    if states.is_empty() { String::new() } else { format!(" (buildkit: {})", states.join(", ")) }
}

/// Why an image is not accepted, as the last line says it.
fn denied(verdict: &Verdict, name: &str) -> Option<Failure> {
    let refusal = verdict.refusal.as_ref()?;
    if let Some(unread) = verdict.unread.first() {
        let error: &SourceError = &unread.error;
        let message = format!(
            "{name}: not decided: {} of the signatures could not be read: {error}",
            verdict.unread.len()
        );
        return Some(Failure::new(Outcome::Undecided, error.code(), message).hint("run it again"));
    }
    let code = refusal.code().as_str();
    let failure = Failure::new(Outcome::Refused, code, format_args!("{name}: {refusal}"));
    Some(match refusal {
        Refusal::NoSignatures => failure.hint("sign it with 'countersign sign --key KEY IMAGE'"),
        Refusal::NoAttestations { .. } => {
            let there: BTreeSet<_> =
                verdict.ignored.iter().map(|ignored| ignored.reason.to_string()).collect();
            match there.is_empty() {
                false => {
                    let there: Vec<_> = there.into_iter().collect();
                    failure.hint(format!("--type says which are asked for; there is: {}", there.join(", ")))
                }
                true => failure
                    .hint("attest it with 'countersign attest --key KEY --type TYPE --predicate FILE IMAGE'"),
            }
        }
        Refusal::BuildkitUnsigned { index, .. } => {
            let repository = name.rsplit_once('@').map_or(name, |(repository, _)| repository);
            failure.hint(format!(
                "sign the index, and they count: 'countersign sign --key KEY {repository}@{index}'"
            ))
        }
        Refusal::NoneAccepted { .. } => match verdict.refused.first() {
            Some(first) => {
                failure.hint(format!("the first: {} [{}]", first.refusal, first.refusal.code().as_str()))
            }
            None => failure,
        },
        _ => failure,
    })
}
