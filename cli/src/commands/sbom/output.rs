//! Documents that a command makes, and where they go.

use std::path::PathBuf;

use clap::Args;
use countersign_core::file::{self, Mode, Overwrite};
use countersign_core::outcome::Outcome;
use countersign_sbom::format::{Format, WriteError};

use super::platforms::with_label;
use crate::context::Context;
use crate::failure::Failure;
use crate::files;

/// Flags of what is written.
#[derive(Args, Debug)]
pub(super) struct OutputArgs {
    // The formats are named as an unknown one's error names them.
    #[arg(long, short, value_name = "FORMAT[=FILE]", value_parser = output, default_value = "cyclonedx-json",
          help = format!("A format, or FORMAT=FILE; may be given several times: {}", Format::known()))]
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

/// What tells the documents of one thing from those of another: a platform. `None` where there is only one.
pub(super) type Label<'a> = Option<&'a str>;

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

    /// Whether a document goes to standard output.
    pub(super) fn has_stdout(&self) -> bool {
        self.output.iter().any(|output| output.file.is_none())
    }

    /// Refuses what cannot be written together, and what would be written over something that is read. There is a label
    /// for each thing that documents are made of, where there are several.
    pub(super) fn check(&self, labels: &[Label<'_>], read: &[files::Named<'_>]) -> Result<(), Failure> {
        if self.output.iter().filter(|output| output.file.is_none()).count() > 1 {
            return Err(Failure::usage("-o: only one format can go to standard output")
                .hint("write the others to files: -o spdx-json=FILE"));
        }
        let written: Vec<_> =
            labels.iter().flat_map(|label| self.output.iter().map(|output| output.path(*label))).collect();
        let written: Vec<_> = written.iter().map(|file| ("-o", file.as_deref())).collect();
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

    /// Writes the documents of each label where their flags say, and what belongs beside them: all of the files, or none.
    pub(super) fn write(
        &self,
        context: &Context,
        all: &[(Label<'_>, &[Made])],
        beside: Option<&(PathBuf, Vec<u8>)>,
    ) -> Result<(), Failure> {
        let placed = all.iter().flat_map(|(label, documents)| {
            self.output.iter().zip(*documents).map(move |(output, made)| (output.path(*label), &made.bytes))
        });
        let placed: Vec<_> = placed.collect();
        let files = placed.iter().filter_map(|(path, bytes)| Some((path.as_deref()?, bytes.as_slice())));
        let beside = beside.map(|(path, bytes)| (path.as_path(), bytes.as_slice()));
        let files: Vec<_> = files.chain(beside).map(|(path, bytes)| (path, bytes, Mode::Default)).collect();
        file::write_together(&files, Overwrite::Replace)?;
        for (path, ..) in &files {
            context.output.status(format!("Wrote {}", path.display()));
        }
        let printed = placed.iter().filter(|(path, _)| path.is_none());
        printed.into_iter().try_for_each(|(_, bytes)| context.output.bytes(bytes))
    }
}

impl Output {
    /// The file, with the label in its name.
    fn path(&self, label: Label<'_>) -> Option<PathBuf> {
        let file = self.file.as_ref()?;
        Some(label.map_or_else(|| file.clone(), |label| with_label(file, label)))
    }
}
