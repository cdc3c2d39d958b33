//! `attach attestation`

use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::Args;
use countersign_core::digest::Digest;
use countersign_core::format::FormatError;
use countersign_core::format::bundle::Bundle;
use countersign_core::format::dsse::Envelope;
use countersign_core::format::statement::Statement;
use countersign_core::image::Image;
use countersign_core::oci::Descriptor;
use countersign_core::outcome::Outcome;
use countersign_core::sign;

use crate::commands::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::files;
use crate::options::RegistryArgs;
use crate::stores::Stores;

/// Attach attestations that were made elsewhere: DSSE envelopes or Sigstore bundles.
///
/// A file may hold several, one a line. Envelopes go behind cosign's older tag, bundles become referrers. Each must be
/// about the image; nothing is verified.
#[derive(Args, Debug)]
pub(crate) struct AttestationArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    image: String,

    /// A file with attestations; may be given several times
    #[arg(long, required = true, value_name = "FILE")]
    attestation: Vec<PathBuf>,

    #[command(flatten)]
    registry: RegistryArgs,
}

/// What is to be attached.
struct Made {
    document: Bytes,
    predicate_type: String,
    is_bundle: bool,
}

pub(super) async fn run(args: &AttestationArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?.for_writing();
    let image = stores.image(&args.image).await?.image;
    let subject = image.descriptor().await?;
    // All are read before the first is attached.
    let mut all = Vec::new();
    for path in &args.attestation {
        let content = files::content(path)?;
        all.extend(read(path, content, &image)?);
    }
    for made in all {
        let stored = attach(context, &image, subject.clone(), made).await?;
        context.output.status(format!("Attached to {} ({stored})", image.name()));
    }
    Ok(Outcome::Proven)
}

/// The documents of a file: one, or one a line.
fn read(path: &Path, content: Vec<u8>, image: &Image) -> std::result::Result<Vec<Made>, Failure> {
    let content = Bytes::from(content);
    let whole = document(content.clone());
    let documents = match whole {
        Ok(made) => vec![made],
        Err(whole) => {
            let lines: Vec<_> =
                files::lines(&content).map(|line| document(content.slice_ref(line))).collect();
            match lines.len() {
                0 | 1 => return Err(Failure::from(whole).at(path.display())),
                _ => lines
                    .into_iter()
                    .collect::<std::result::Result<_, _>>()
                    .map_err(|error| Failure::from(error).at(path.display()))?,
            }
        }
    };
    for (made, digests) in &documents {
        if !digests.contains(&image.digest.to_string()) {
            let message = format!(
                "{}: the {} statement is not about {}",
                path.display(),
                made.predicate_type,
                image.digest
            );
            return Err(Failure::usage(message).hint("name the image that was attested"));
        }
    }
    Ok(documents.into_iter().map(|(made, _)| made).collect())
}

/// A document, and the digests of its subjects.
fn document(document: Bytes) -> std::result::Result<(Made, Vec<String>), FormatError> {
    let (envelope, is_bundle) = match Bundle::parse(document.clone()) {
        Ok(bundle) => (bundle.dsse_envelope.ok_or(FormatError::Missing { field: "dsseEnvelope" })?, true),
        Err(as_bundle) => match Envelope::parse(document.clone()) {
            Ok(envelope) => (envelope, false),
            Err(_) => return Err(as_bundle),
        },
    };
    let statement = Statement::parse(&envelope.payload)?;
    let digests = statement.subject.iter().flat_map(|subject| &subject.digest);
    let digests = digests.map(|(algorithm, hex)| format!("{algorithm}:{hex}")).collect();
    let predicate_type = statement.predicate_type;
    Ok((Made { document, predicate_type, is_bundle }, digests))
}

async fn attach(
    context: &Context,
    image: &Image,
    subject: Descriptor,
    made: Made,
) -> std::result::Result<Digest, Failure> {
    let Made { document, predicate_type, is_bundle } = made;
    Ok(match is_bundle {
        true => sign::attach_bundle(image, subject, document, &predicate_type, context.now).await?,
        false => {
            sign::attach_envelope(image, document, &predicate_type, context.environment.manifest_type()?)
                .await?
        }
    })
}
