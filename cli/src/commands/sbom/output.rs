//! Documents that a command makes, and where they go.

use std::path::PathBuf;

use clap::Args;
use countersign_core::file::{self, Mode, Overwrite};
use countersign_core::outcome::Outcome;
use countersign_sbom::format::{Format, WriteError};

use crate::context::Context;
use crate::failure::Failure;
use crate::files;

/// Flags of what is written.
#[derive(Args, Debug)]
pub(super) struct OutputArgs {
    /// A format, or FORMAT=FILE; may be given several times: cyclonedx-json[@1.4 to 1.7], cyclonedx-xml[@...],
    /// spdx-json[@2.3|@3.0], spdx-tag-value, swid
    #[arg(long, short, value_name = "FORMAT[=FILE]", value_parser = output, default_value = "cyclonedx-json")]
    output: Vec<Output>,
}

/// A document, and where it goes.
#[derive(Clone, Debug)]
struct Output {
    format: Format,
    file: Option<PathBuf>,
}

fn output(text: &str) -> Result<Output, String> {
    let (format, file) = match text.split_once('=') {
        Some((format, file)) => (format, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let format = format.parse::<Format>().map_err(|error| error.to_string())?;
    Ok(Output { format, file })
}

/// A document that was made.
pub(super) struct Made {
    pub(super) format: Format,
    pub(super) bytes: Vec<u8>,
}

impl OutputArgs {
    /// The formats, in the order of the flags.
    pub(super) fn formats(&self) -> impl Iterator<Item = Format> {
        self.output.iter().map(|output| output.format)
    }

    /// Refuses what cannot be written together, and what would be written over something that is read.
    pub(super) fn check(&self, read: &[files::Named<'_>]) -> Result<(), Failure> {
        if self.output.iter().filter(|output| output.file.is_none()).count() > 1 {
            return Err(Failure::usage("-o: only one format can go to standard output")
                .hint("write the others to files: -o spdx-json=FILE"));
        }
        let written: Vec<_> = self.output.iter().map(|output| ("-o", output.file.as_deref())).collect();
        files::apart(&written, read)
    }

    /// Makes every document.
    pub(super) fn make(
        &self,
        write: impl Fn(Format) -> Result<Vec<u8>, WriteError>,
    ) -> Result<Vec<Made>, Failure> {
        let made = |format| match write(format) {
            Ok(bytes) => Ok(Made { format, bytes }),
            Err(error) => Err(Failure::new(Outcome::Undecided, error.code(), error)),
        };
        self.formats().map(made).collect()
    }

    /// Writes the documents where their flags say: all of the files, or none.
    pub(super) fn write(&self, context: &Context, documents: &[Made]) -> Result<(), Failure> {
        let both = || self.output.iter().zip(documents);
        let files: Vec<_> = both()
            .filter_map(|(output, made)| {
                Some((output.file.as_deref()?, made.bytes.as_slice(), Mode::Default))
            })
            .collect();
        file::write_together(&files, Overwrite::Replace)?;
        for (path, ..) in &files {
            context.output.status(format!("Wrote {}", path.display()));
        }
        for (_, made) in both().filter(|(output, _)| output.file.is_none()) {
            context.output.bytes(&made.bytes)?;
        }
        Ok(())
    }
}
